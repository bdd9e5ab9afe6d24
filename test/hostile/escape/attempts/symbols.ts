import { attempts } from '../attempt.ts';

export const SYMBOLS = attempts('symbols', [
  {
    name: 'species of a host list',
    code: `
      const list = host.list();
      let found;
      list.constructor = { [Symbol.species]: function (length) { found = grab(this) ?? grab(new.target); return []; } };
      list.map((x) => x);
      return found ?? grab(Object.getPrototypeOf(list).map.call([1], (x) => x));`,
    through: true,
  },
  {
    name: 'species of a list that the host concatenates',
    code: `
      class Made extends Array { static get [Symbol.species]() { return host.Counter; } }
      return grab(new Made(1, 2).map((x) => x));`,
    through: true,
  },
  {
    name: 'species that gives the list itself',
    code: `
      const list = [1, 2];
      list.constructor = { [Symbol.species]: function () { return list; } };
      return grab(await send(host).concat(list)) ?? grab(list.concat(host.list())[2]);`,
  },
  {
    name: 'toPrimitive when the host makes text',
    code: `
      let found;
      await send(host).text({ [Symbol.toPrimitive](hint) { found = grab(arguments) ?? grab(this); return 'x'; } });
      return found;`,
  },
  {
    name: 'toPrimitive of the wrong kind',
    code: `try { await send(host).text({ [Symbol.toPrimitive]: () => ({}) }); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'valueOf when the host makes a number',
    code: `let found; await send(host).number({ valueOf() { throw host.error(); } }).catch?.(() => {}); return found;`,
  },
  {
    name: 'valueOf when the host compares',
    code: `let found; await send(host).compare({ valueOf() { found = grab(this.valueOf.caller); return 1; } }, 2); return found;`,
  },
  {
    name: 'hasInstance when the host asks',
    code: `
      let found;
      await send(host).isInstance(host.record(), { [Symbol.hasInstance](value) { found = grab(value); return true; } });
      return found;`,
    through: true,
  },
  {
    name: 'hasInstance on Function.prototype',
    code: `Object.defineProperty(Object.getPrototypeOf(host.add), Symbol.hasInstance, { value: () => true });`,
  },
  {
    name: 'hasInstance of a host class',
    code: `Object.defineProperty(host.Counter, Symbol.hasInstance, { value: () => token });`,
    through: true,
  },
  {
    name: 'toStringTag of a host prototype',
    code: `Object.getPrototypeOf(host.list())[Symbol.toStringTag] = token;`,
    through: true,
  },
  {
    name: 'isConcatSpreadable of a host list',
    code: `Object.getPrototypeOf(host.record())[Symbol.isConcatSpreadable] = true;`,
    through: true,
  },
  {
    name: 'unscopables and with',
    code: `
      const scope = { get [Symbol.unscopables]() { return { outsideWitness: true }; }, outsideWitness: 'no' };
      return globalThis.Function('scope', 'with (scope) { return outsideWitness; }')(scope);`,
  },
  {
    name: 'unscopables on the global object',
    code: `globalThis[Symbol.unscopables] = { host: true, token: true, globalThis: true, outsideWitness: true }; return (0, eval)('globalThis.outsideWitness ?? outsideWitness');`,
  },
  {
    name: 'unscopables on Object.prototype',
    code: `Object.prototype[Symbol.unscopables] = { process: true, globalThis: true }; return witness((0, eval)('globalThis')) ?? (0, eval)('process').version;`,
  },
  {
    name: 'the inspector’s hook, in a value that the host inspects',
    code: `
      let found;
      await send(host).inspect({ [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { found = grab(inspect) ?? grab(options); return 'x'; } });
      return found;`,
    through: true,
  },
  {
    name: 'the inspector’s hook, in what the console is given',
    code: `
      let found;
      console.log({ [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { found = grab(inspect) ?? grab(options); return 'x'; } });
      return found;`,
    through: true,
  },
  {
    name: 'the inspector’s hook, in an error',
    code: `
      const error = new Error('x');
      let found;
      error[Symbol.for('nodejs.util.inspect.custom')] = (depth, options, inspect) => { found = grab(inspect); return 'x'; };
      console.error(error);
      return found;`,
    through: true,
  },
  {
    name: 'the promisify hook on a host function',
    code: `host.add[Symbol.for('nodejs.util.promisify.custom')] = () => token;`,
    through: true,
  },
  {
    name: 'symbols of host prototypes',
    code: `for (const key of Object.getOwnPropertySymbols(Object.getPrototypeOf(host.url()))) { const found = grab(host.url()[key]); if (found) return found; }`,
    through: true,
  },
  {
    name: 'toStringTag that changes with each reading',
    code: `let found; await send(host).inspect({ get [Symbol.toStringTag]() { found ??= grab(new Error()); return {}; } }); return found;`,
  },
  {
    name: 'dispose of a host object',
    code: `return grab(host[Symbol.dispose ?? 'add'] ?? host.add);`,
    through: true,
  },
]);
