import { attempts } from '../attempt.ts';

export const CALLBACKS = attempts('callbacks and coercions', [
  {
    name: 'the argument of a callback',
    code: `let found; await send(host).callWithRecord((own) => { found = grab(own); }); return found;`,
    through: true,
  },
  {
    name: 'arguments of a callback',
    code: `let found; await send(host).callWithRecord(function () { found = grab(arguments[0]) ?? grab(arguments); }); return found;`,
    through: true,
  },
  {
    name: 'this of a callback',
    code: `let found; await send(host).callWithRecord(function () { found = grab(this ?? {}); }); return found;`,
    through: true,
  },
  {
    name: 'this of a sloppy callback',
    code: `
      const work = globalThis.Function('return this');
      const found = await send(host).callOn({ work }, 'work');
      return grab(found) ?? witness((await send(host).call(work)) ?? {});`,
  },
  {
    name: 'this that a sloppy host function gives',
    code: `return grab((await send(host).sloppy(function () { return this; })) ?? {});`,
    through: true,
  },
  {
    name: 'a sloppy function of its own called without this',
    code: `
      const work = globalThis.Function('return this');
      return witness((await send(host).sloppy(work)) ?? {});`,
  },
  {
    name: 'this of a host method',
    code: `return grab(host.self.call(undefined) ?? {}) ?? grab((0, host.self)() ?? {});`,
  },
  {
    name: 'the list that map hands on',
    code: `let found; await send(host).map3((item, at, list) => { found = grab(list); return 1; }); return found;`,
    through: true,
  },
  {
    name: 'the items of a comparison',
    code: `let found; await send(host).sort((a) => { found = grab(a); return 0; }); return found;`,
    through: true,
  },
  {
    name: 'a comparison that gives an object',
    code: `let found; await send(host).sort(() => ({ valueOf() { found = grab(this); return 0; } })); return found;`,
  },
  {
    name: 'the reviver of JSON',
    code: `let found; await send(host).revive(function (key, value) { found ??= grab(this) ?? grab(value); return value; }); return found;`,
    through: true,
  },
  {
    name: 'its own reviver',
    code: `let found; JSON.parse('{"a":1}', function (key, value) { found ??= grab(this); return value; }); return found;`,
  },
  {
    name: 'its own replacer',
    code: `let found; JSON.stringify({ a: host.record() }, function (key, value) { found ??= grab(value); return value; }); return found;`,
    through: true,
  },
  {
    name: 'toJSON',
    code: `let found; await send(host).json({ toJSON() { found = grab(this.toJSON.caller) ?? grab(arguments); return 1; } }); return found;`,
  },
  {
    name: 'a getter that the host reads',
    code: `let found; await send(host).read({ get a() { found = grab(arguments); return 1; } }, 'a'); return found;`,
  },
  {
    name: 'a setter that Object.assign calls',
    code: `let found; Object.assign({ set deep(value) { found = grab(value); } }, host.record()); return found;`,
    through: true,
  },
  {
    name: 'a callback deep in the host',
    code: `let found; await send(host).deep((own) => { found = grab(own); }, 50); return found;`,
    through: true,
  },
  {
    name: 'an object that the host throws on',
    code: `let found; found = await send(host).callFailing(() => { throw { get message() { return grab(new Error()) ?? 'x'; } }; }); return found;`,
  },
  {
    name: 'an error of its own with a message that calls',
    code: `return send(host).callFailing(() => { throw { message: { toString() { host.tell(grab(this)); return 'x'; } } }; });`,
  },
  {
    name: 'a class that the host constructs',
    code: `let found; await send(host).construct(class { constructor(given) { found = grab(given) ?? grab(new.target); } }, 1); return found;`,
  },
  {
    name: 'a host Proxy constructor',
    code: `const made = await send(host).construct(host.proxy().constructor, {}); return grab(made);`,
  },
  {
    name: 'the host’s apply',
    code: `return grab(await send(host).callOn(host.add, 'constructor', 'return globalThis'));`,
    through: true,
  },
  {
    name: 'a method that is called on the host’s behalf',
    code: `return witness((await send(host).callOn(host.add, 'constructor', 'return globalThis'))());`,
    through: true,
  },
  {
    name: 'constructing Function on the host’s behalf',
    code: `return witness((await send(host).construct((() => {}).constructor, 'return globalThis'))());`,
  },
  {
    name: 'an index that is an object',
    code: `let found; await send(host).read({}, { toString() { found = grab(this.toString.caller ?? 1); return 'a'; } }); return found;`,
  },
  {
    name: 'what the host kept',
    code: `await send(host).keep({ a: 1 }); return grab(await send(host).kept());`,
  },
  {
    name: 'a buffer that the host shares',
    code: `const bytes = host.bytes(); return grab(bytes.subarray(0)) ?? grab(bytes.map((x) => x));`,
    through: true,
  },
  {
    name: 'a buffer that is detached',
    code: `const buffer = host.buffer(); const moved = structuredClone(buffer, { transfer: [buffer] }); return grab(moved) ?? grab(buffer);`,
    through: true,
  },
  {
    name: 'a buffer of its own that the host decodes',
    code: `try { await send(host).decode({ buffer: host.buffer() }); } catch (error) { return grab(error); }`,
    through: true,
  },
]);

/** What the host is given back, and then does what hosts do with values. */
export const RESULTS = attempts('results', [
  {
    name: 'a thenable',
    raw: true,
    code: `({ then(done) { host.tell(done.constructor('return outsideWitness')()); done(1); } })`,
  },
  {
    name: 'a thenable in a proxy',
    raw: true,
    code: `new Proxy({}, { get: (t, key) => key === 'then' ? (done) => { host.tell(done.constructor('return outsideWitness')()); done(1); } : undefined })`,
  },
  {
    name: 'a thenable by a getter',
    raw: true,
    code: `({ get then() { return (done, fail) => { host.tell(fail.constructor('return outsideWitness')()); done(1); }; } })`,
  },
  {
    name: 'the inspector’s hook',
    raw: true,
    code: `({ [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { host.tell(inspect.constructor('return outsideWitness')()); return 'x'; } })`,
    through: true,
  },
  {
    name: 'the options of the inspector',
    raw: true,
    code: `({ [Symbol.for('nodejs.util.inspect.custom')](depth, options) { host.tell(options.stylize.constructor('return outsideWitness')()); return 'x'; } })`,
  },
  {
    name: 'toString with arguments of the host',
    raw: true,
    code: `({ toString() { host.tell(arguments.callee?.caller?.constructor('return outsideWitness')()); return 'x'; } })`,
  },
  {
    name: 'a getter that reads the caller',
    raw: true,
    code: `({ get message() { const read = Object.getOwnPropertyDescriptor(this, 'message').get; host.tell(read.caller.constructor('return outsideWitness')()); return 'x'; } })`,
  },
  {
    name: 'a proxy whose traps are given the host’s objects',
    raw: true,
    code: `new Proxy(() => {}, new Proxy({}, { get: () => (...given) => { for (const each of given) { try { host.tell(each.constructor.constructor('return outsideWitness')()); } catch {} } } }))`,
  },
  {
    name: 'an iterator',
    raw: true,
    code: `({ [Symbol.iterator]: () => ({ next: (...given) => { host.tell(given.constructor.constructor('return outsideWitness')()); return { done: true }; } }) })`,
  },
  {
    name: 'toJSON',
    raw: true,
    code: `({ toJSON(...given) { host.tell(given.constructor.constructor('return outsideWitness')()); return { __proto__: null }; } })`,
  },
  {
    name: 'an error',
    raw: true,
    code: `const made = new Error('x'); made.constructor = { name: 'x' }; Object.defineProperty(made, 'stack', { get() { host.tell(new Error().stack); } }); made`,
  },
  {
    name: 'a subclass of Promise',
    raw: true,
    code: `
      class Mine extends Promise { then(done, fail) { host.tell(done.constructor('return outsideWitness')()); return super.then(done, fail); } }
      Mine.resolve(1)`,
  },
  {
    name: 'a promise whose then is its own',
    raw: true,
    code: `const made = Promise.resolve(1); made.then = (done) => { host.tell(done.constructor('return outsideWitness')()); done(1); }; made`,
  },
  {
    name: 'a thrown thenable',
    raw: true,
    code: `throw { then(done) { host.tell(done.constructor('return outsideWitness')()); } }`,
  },
  {
    name: 'a thrown object with an inspector’s hook',
    raw: true,
    code: `throw { [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { host.tell(inspect.constructor('return outsideWitness')()); } }`,
    through: true,
  },
  {
    name: 'a thrown object whose message calls',
    raw: true,
    code: `throw { get message() { host.tell(arguments.callee.caller.constructor('return outsideWitness')()); return 'x'; } }`,
  },
]);
