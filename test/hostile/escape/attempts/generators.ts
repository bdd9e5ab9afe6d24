import { attempts } from '../attempt.ts';

export const GENERATORS = attempts('generators and iterators', [
  {
    name: 'a host iterator',
    code: `return grab((await send(host).iterator()).next());`,
    through: true,
  },
  { name: 'a host generator', code: `return grab(host.steps().next().value);`, through: true },
  {
    name: 'a host stream',
    code: `for await (const item of host.stream()) return grab(item);`,
    through: true,
  },
  {
    name: 'the promise of a host stream',
    code: `return grab(host.stream().next());`,
    through: true,
  },
  {
    name: 'return of a host stream with a thenable',
    code: `
      let found;
      await host.stream().return({ then(done, fail) { found = grab(done) ?? grab(fail); done(1); } });
      return found;`,
  },
  {
    name: 'throw into a host generator',
    code: `try { host.steps().throw(host.error()); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'the arguments of next when the host iterates',
    code: `
      let found;
      await send(host).spread({ [Symbol.iterator]: () => ({ next(...given) { found = grab(this.next.caller ?? given); return { done: true }; } }) });
      return found;`,
  },
  {
    name: 'return of an iterator that the host leaves early',
    code: `
      let found;
      const list = { [Symbol.iterator]: () => ({ next: () => ({ done: false, get value() { throw token; } }), return(...given) { found = grab(given); return {}; } }) };
      try { await send(host).spread(list); } catch (error) { found ??= grab(error); }
      return found;`,
  },
  {
    name: 'an iterator that gives no object',
    code: `
      try { await send(host).spread({ [Symbol.iterator]: () => ({ next: () => 1 }) }); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'what is no iterator',
    code: `try { await send(host).spread({ [Symbol.iterator]: () => 1 }); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'a stream of its own that the host drains',
    code: `
      let found;
      await send(host).drain({ [Symbol.asyncIterator]: () => ({ next: () => ({ then(done) { found = grab(done); done({ done: true }); } }) }) });
      return found;`,
  },
  {
    name: 'a stream of its own that fails for the host',
    code: `
      try { await send(host).drain({ [Symbol.asyncIterator]: () => ({ next: () => 1 }) }); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'yield* of a thenable in an asynchronous generator',
    code: `
      let found;
      const steps = (async function* () { yield* { [Symbol.asyncIterator]: () => ({ next: () => ({ get then() { return (done, fail) => { found = grab(fail) ?? grab(done); done({ done: true }); }; } }) }) }; })();
      await steps.next();
      return found;`,
  },
  {
    name: 'return of its own generator with a getter',
    code: `
      let found;
      const steps = (async function* () { yield 1; })();
      await steps.return({ get then() { return (done, fail) => { found = grab(done) ?? grab(fail); done(); }; } }).catch(() => {});
      return found;`,
  },
  {
    name: 'Array.from with a host class',
    code: `return grab(Array.from.call(host.Counter, [1])) ?? grab(Array.from.call(host.pairs().constructor, []));`,
    through: true,
  },
  {
    name: 'Array.fromAsync of a host stream',
    code: `return grab((await Array.fromAsync(host.stream()))[0]);`,
  },
  {
    name: 'helpers of a host iterator',
    code: `return grab(Iterator.from(host.iterator())) ?? grab(host.iterator().map((x) => x));`,
  },
]);
