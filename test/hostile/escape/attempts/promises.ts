import { attempts } from '../attempt.ts';

const ROOM = `
  let found;
  class Room { constructor(run) { run((value) => { found ??= grab(value); }, (error) => { found ??= grab(error); }); } static get [Symbol.species]() { return Room; } static resolve(value) { return value; } then() {} }`;

export const PROMISES = attempts('promises and thenables', [
  { name: 'a host promise', code: `return grab(host.later(1));`, through: true },
  {
    name: 'the function that a host hands a thenable',
    code: `
      let found;
      await send(host).settle({ then(done) { found = grab(done); done(1); } });
      return found;`,
  },
  {
    name: 'the function that refuses a thenable',
    code: `
      let found;
      await send(host).settle({ then(done, fail) { found = grab(fail); done(1); } });
      return found;`,
  },
  {
    name: 'a thenable among others',
    code: `
      let found;
      await send(host).all([{ then(done) { found = grab(done); done(1); } }]);
      return found;`,
  },
  {
    name: 'the error of a host promise',
    code: `try { await send(host).failLater('x'); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'the error of a host promise, by catch',
    code: `return send(host).failLater('x').catch(grab);`,
    through: true,
  },
  {
    name: 'finally of a host promise',
    code: `return host.later(1).finally(() => { throw host.error(); }).catch(grab);`,
    through: true,
  },
  {
    name: 'the constructor of a host promise',
    code: `return witness(host.later(1).constructor.constructor('return globalThis')());`,
    through: true,
  },
  {
    name: 'species of a host promise',
    code: `${ROOM}
      const promise = host.failLater('x');
      promise.constructor = { [Symbol.species]: Room };
      promise.then();
      await host.later(1); await null;
      return found;`,
    through: true,
  },
  {
    name: 'species of its own promise of a host error',
    code: `${ROOM}
      const promise = (async () => { throw host.error(); })();
      promise.constructor = { [Symbol.species]: Room };
      promise.then(); promise.catch?.(() => {});
      for (let n = 0; n < 5; n++) await null;
      return found;`,
    through: true,
  },
  {
    name: 'a constructor that changes its mind',
    code: `${ROOM}
      let first = true;
      const promise = (async () => { const error = new Error(); error.name = Symbol(); return error.stack; })();
      Object.defineProperty(promise, 'constructor', { get() { if (first) { first = false; return Promise; } return { [Symbol.species]: Room }; } });
      promise.then(); promise.catch(() => {});
      for (let n = 0; n < 5; n++) await null;
      return found;`,
  },
  {
    name: 'Promise.all with another receiver',
    code: `${ROOM}
      Promise.all.call(Room, { [Symbol.iterator]() { throw host.error(); } });
      return found;`,
    through: true,
  },
  {
    name: 'Promise.all of an iteration that breaks',
    code: `${ROOM}
      Room.all = Promise.all;
      try { Room.all({ [Symbol.iterator]: () => { const error = new Error(); error.name = Symbol(); return error.stack; } }); } catch {}
      return found;`,
    through: true,
  },
  {
    name: 'Promise.try with another receiver',
    code: `${ROOM} Promise.try?.call(Room, () => { throw host.error(); }); return found;`,
  },
  {
    name: 'Promise.withResolvers of the host’s Promise',
    code: `return grab(host.later(1).constructor.resolve.call(Promise, 1)) ?? grab(host.later(1).constructor.resolve(1));`,
    through: true,
  },
  {
    name: 'Promise.prototype.then on a host promise',
    code: `return grab(Promise.prototype.then.call(host.later(1), () => {}));`,
    through: true,
  },
  {
    name: 'Reflect.construct of Promise with a foreign newTarget',
    code: `return grab(Reflect.construct(Promise, [(done, fail) => {}], host.add.constructor));`,
    through: true,
  },
  {
    name: 'await that reads a constructor',
    code: `
      let found;
      const promise = Promise.resolve(1);
      Object.defineProperty(promise, 'constructor', { get() { found = grab(new Error().stack ?? 1); return Promise; } });
      await promise;
      return found;`,
  },
  {
    name: 'a callback that is called later',
    code: `let found; await send(host).callLater((own) => { found = grab(own); }); return found;`,
    through: true,
  },
  { name: 'a microtask', code: `return grab(queueMicrotask);` },
  {
    name: 'this of a microtask',
    code: `
      let found;
      await Promise.resolve().then(function () { found = grab(this ?? {}); });
      return found;`,
    through: true,
  },
  {
    name: 'a refusal that nobody handles',
    code: `Promise.reject({ get stack() { globalThis.found = grab(new Error()); return token; }, [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { host.tell(grab(inspect) ?? grab(options)); } }).catch(() => {}); await null;`,
  },
]);
