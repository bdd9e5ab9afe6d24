import { attempts } from '../attempt.ts';

export const TRAPS = `
  let found;
  let looking = false;
  const look = (given) => {
    if (looking) return;
    looking = true;
    for (const each of given) { found ??= grab(each); if (Array.isArray(each)) for (const one of each) found ??= grab(one); }
    looking = false;
  };
  const handler = new Proxy({}, { get: (_, trap) => (...given) => {
    look(given);
    return Reflect[trap](...given);
  } });
  const trapped = (target) => new Proxy(target, handler);`;

export const PROXIES = attempts('proxies and Reflect', [
  {
    name: 'traps of an object that the host reads',
    code: `${TRAPS} await send(host).read(trapped({}), 'x'); return found;`,
  },
  {
    name: 'traps of an object that the host inspects',
    code: `${TRAPS} await send(host).inspect(trapped({})); return found;`,
  },
  {
    name: 'traps of an object that the host copies',
    code: `${TRAPS} await send(host).copy(trapped({ a: 1 })); return found;`,
  },
  {
    name: 'traps of an object that the host makes text of',
    code: `${TRAPS} await send(host).text(trapped({})); return found;`,
  },
  {
    name: 'traps of a function that the host calls',
    code: `${TRAPS} await send(host).call(trapped(() => 1), {}); return found;`,
    through: true,
  },
  {
    name: 'traps of a function that the host calls with a record',
    code: `${TRAPS} await send(host).callWithRecord(trapped(() => 1)); return found;`,
    through: true,
  },
  {
    name: 'traps of a class that the host constructs',
    code: `${TRAPS} await send(host).construct(trapped(class {}), {}); return found;`,
    through: true,
  },
  {
    name: 'traps of an object that the host waits for',
    code: `${TRAPS} await send(host).settle(trapped({ then(done) { done(1); } })); return found;`,
  },
  {
    name: 'traps of a list that the host spreads',
    code: `${TRAPS} await send(host).spread(trapped([1])); return found;`,
  },
  {
    name: 'traps of a list that the host makes JSON of',
    code: `${TRAPS} await send(host).json(trapped([{}])); return found;`,
  },
  {
    name: 'traps of an object that the host clones',
    code: `${TRAPS} try { await send(host).clone(trapped({})); } catch (error) { found ??= grab(error); } return found;`,
    through: true,
  },
  {
    name: 'the error of a revoked proxy that the host reads',
    code: `
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      try { await send(host).read(proxy, 'a'); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'the error of an invariant that the host breaks',
    code: `
      const target = Object.freeze({ a: 1 });
      try { await send(host).read(new Proxy(target, { get: () => 2 }), 'a'); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'the error of a list that claims to be too long',
    code: `
      const list = new Proxy([], { get: (t, key) => key === 'length' ? 2 ** 53 - 1 : t[key] });
      try { await send(host).concat(list); await send(host).callOn(Array.prototype.push, 'apply', list, [1]); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'a proxy as prototype of what the host reads',
    code: `${TRAPS} await send(host).read(Object.create(trapped({})), 'x'); return found;`,
  },
  {
    name: 'the receiver that a trap of a prototype is given',
    code: `
      let found;
      const up = new Proxy({}, { get: (_, key, receiver) => { if (key === 'nothing') found ??= grab(receiver); } });
      Object.setPrototypeOf(globalThis, up);
      globalThis.nothing;
      return found;`,
    through: true,
  },
  {
    name: 'Reflect.get with the global object as receiver',
    code: `return Reflect.get({ get all() { return grab(this); } }, 'all', globalThis);`,
    through: true,
  },
  {
    name: 'Reflect.ownKeys of the host',
    code: `for (const key of Reflect.ownKeys(host)) { const found = grab(host[key]); if (found) return found; }`,
    through: true,
  },
  {
    name: 'Reflect.getPrototypeOf up to the top',
    code: `
      let at = host.add;
      for (let n = 0; at && n < 9; n++) { const found = grab(at.constructor); if (found) return found; at = Reflect.getPrototypeOf(at); }`,
    through: true,
  },
  {
    name: 'Reflect.construct with a foreign newTarget',
    code: `return grab(Reflect.construct(Array, [], host.Counter));`,
    through: true,
  },
  {
    name: 'Reflect.construct of Error with a foreign newTarget',
    code: `return grab(Reflect.construct(Error, ['a'], host.Counter));`,
    through: true,
  },
  {
    name: 'the scope’s own proxy by with and has',
    code: `
      const seen = [];
      const scope = new Proxy({}, { has: (_, key) => { seen.push(key); return false; }, get: (t, key) => t[key] });
      const run = globalThis.Function('scope', 'with (scope) { return outsideWitness; }');
      return run(scope);`,
  },
]);
