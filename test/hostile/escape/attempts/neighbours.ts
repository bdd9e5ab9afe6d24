import { attempts } from '../attempt.ts';

/**
 * Two compartments that their author keeps apart but gives the same objects. The first knows
 * `token`, the second `secret`; neither may learn the other's.
 */
export const NEIGHBOURS = attempts('side tables', [
  {
    name: 'an item in a shared list',
    code: `shared.list.push(token);`,
    neighbour: `return shared.list[0];`,
    through: true,
  },
  {
    name: 'a property of a shared record',
    code: `shared.record.note = token;`,
    neighbour: `return shared.record.note;`,
    through: true,
  },
  {
    name: 'a property of a nested record',
    code: `shared.record.deep.note = token;`,
    neighbour: `return shared.record.deep.note;`,
    through: true,
  },
  {
    name: 'a property of a shared function',
    code: `shared.work.note = token;`,
    neighbour: `return shared.work.note;`,
    through: true,
  },
  {
    name: 'the prototype of a shared function',
    code: `shared.work.__proto__.note = token;`,
    neighbour: `return shared.work.note;`,
    through: true,
  },
  {
    name: 'a static of a shared class',
    code: `shared.Kind.note = token;`,
    neighbour: `return shared.Kind.note;`,
    through: true,
  },
  {
    name: 'the prototype of a shared class',
    code: `shared.Kind.prototype.note = token;`,
    neighbour: `return new shared.Kind().note;`,
    through: true,
  },
  {
    name: 'a property of a shared error',
    code: `shared.error.message = token;`,
    neighbour: `return shared.error.message;`,
    through: true,
  },
  {
    name: 'the stack of a shared error',
    code: `shared.error.stack = token;`,
    neighbour: `return shared.error.stack;`,
    through: true,
  },
  {
    name: 'a property of a shared promise',
    code: `shared.promise.note = token;`,
    neighbour: `return shared.promise.note;`,
    through: true,
  },
  {
    name: 'the constructor of a shared promise',
    code: `shared.promise.constructor = { [Symbol.species]: Promise, note: token };`,
    neighbour: `return shared.promise.constructor.note;`,
    through: true,
  },
  {
    name: 'a property of a shared pattern',
    code: `shared.pattern.note = token;`,
    neighbour: `return shared.pattern.note;`,
    through: true,
  },
  {
    name: 'a property of its prototype',
    code: `Object.getPrototypeOf(shared.record).note = token;`,
    neighbour: `return shared.record.note;`,
    through: true,
  },
  {
    name: 'a getter that is replaced',
    code: `Object.defineProperty(shared.accessor, 'value', { get: () => token });`,
    neighbour: `return shared.accessor.value;`,
    through: true,
  },
  {
    name: 'a property of a getter',
    code: `Object.getOwnPropertyDescriptor(shared.accessor, 'value').get.note = token;`,
    neighbour: `return Object.getOwnPropertyDescriptor(shared.accessor, 'value').get.note;`,
    through: true,
  },
  {
    name: 'the order of keys',
    code: `const { deep } = shared.record; delete shared.record.deep; shared.record[token] = 1; shared.record.deep = deep;`,
    neighbour: `return Object.keys(shared.record)[0];`,
    through: true,
  },
  {
    name: 'a new prototype',
    code: `Object.setPrototypeOf(shared.record, { note: token });`,
    neighbour: `return shared.record.note;`,
    through: true,
  },
  {
    name: 'Symbol.for as a table',
    code: `globalThis.mark = Symbol.for('mark'); shared.record[Symbol.for('mark')] = token;`,
    neighbour: `return shared.record[Symbol.for('mark')];`,
    through: true,
  },
  {
    name: 'a property of a shared symbol',
    code: `Object(shared.symbol).note = token; Object.getPrototypeOf(shared.symbol).note = token;`,
    neighbour: `return shared.symbol.note;`,
  },
  {
    name: 'intrinsics as keys of its own WeakMap',
    code: `globalThis.table = new WeakMap([[Object, token], [Array.prototype, token]]);`,
    neighbour: `return globalThis.table?.get(Object) ?? new WeakMap().get(Object);`,
  },
  {
    name: 'a property of an intrinsic',
    code: `Object.note = token; Math.note = token; JSON.note = token;`,
    neighbour: `return Object.note ?? Math.note ?? JSON.note;`,
  },
  {
    name: 'a property of a hidden intrinsic',
    code: `
      const up = Object.getPrototypeOf;
      for (const each of [up([][Symbol.iterator]()), up(function* () {}), up(async () => {}), up(new Map().entries()), up(Uint8Array), up('a'.matchAll(/a/g))]) { try { each.note = token; } catch {} }`,
    neighbour: `
      const up = Object.getPrototypeOf;
      return [up([][Symbol.iterator]()), up(function* () {}), up(async () => {}), up(new Map().entries()), up(Uint8Array), up('a'.matchAll(/a/g))].map((each) => each.note).find(Boolean);`,
  },
  {
    name: 'the prototypes of what wraps values',
    code: `Number.prototype.note = token; (1n).__proto__.note = token; Symbol.prototype.note = token;`,
    neighbour: `return (1).note ?? (1n).note ?? Symbol().note;`,
  },
  {
    name: 'the limit of stacks',
    code: `Error.stackTraceLimit = token;`,
    neighbour: `return Error.stackTraceLimit;`,
  },
  {
    name: 'a static of Error',
    code: `Error.note = token; Error.prepareStackTrace = () => token;`,
    neighbour: `return Error.note ?? new Error().stack;`,
  },
  {
    name: 'a static of RegExp',
    code: `RegExp.input = token; /(.*)/.exec(token);`,
    neighbour: `return RegExp.input || RegExp.$1 || RegExp.lastMatch;`,
  },
  {
    name: 'the cache of a template',
    code: 'globalThis.tag = (parts) => parts; const parts = globalThis.tag`same`; parts.note = token; parts.raw.note = token;',
    neighbour: 'const tag = (parts) => parts; return tag`same`.note ?? tag`same`.raw.note;',
  },
  {
    name: 'the cache of a template in a host function',
    code: 'host.parts`same`.note = token;',
    neighbour: 'return host.parts`same`.note;',
  },
  {
    name: 'the cache of a template in eval',
    code: "(0, eval)('globalThis.parts = ((it) => it)`same`'); globalThis.parts.note = token;",
    neighbour: "return (0, eval)('((it) => it)`same`').note;",
  },
  {
    name: 'a property of the console',
    code: `console.note = token; console.log.note = token;`,
    neighbour: `return console.note ?? console.log.note;`,
    through: true,
  },
  {
    name: 'the counters of the console',
    code: `for (let n = 0; n < 3; n++) console.count(token);`,
    neighbour: `return console.note ?? String(console.count(token));`,
  },
  {
    name: 'a static of URL',
    code: `URL.note = token;`,
    neighbour: `return URL.note;`,
    through: true,
  },
  {
    name: 'the prototype of URL',
    code: `URL.prototype.note = token;`,
    neighbour: `return new URL('a:b').note;`,
    through: true,
  },
  {
    name: 'the prototype of URLSearchParams',
    code: `Object.getPrototypeOf(new URL('a:b').searchParams).note = token;`,
    neighbour: `return new URL('a:b').searchParams.note;`,
    through: true,
  },
  {
    name: 'the prototype of TextEncoder',
    code: `TextEncoder.prototype.note = token;`,
    neighbour: `return new TextEncoder().note;`,
    through: true,
  },
  {
    name: 'the prototype of TextDecoder',
    code: `TextDecoder.prototype.note = token;`,
    neighbour: `return new TextDecoder().note;`,
    through: true,
  },
  {
    name: 'a property of setTimeout',
    code: `setTimeout.note = token;`,
    neighbour: `return setTimeout.note;`,
    through: true,
  },
  {
    name: 'a property of structuredClone',
    code: `structuredClone.note = token;`,
    neighbour: `return structuredClone.note;`,
    through: true,
  },
  {
    name: 'a static of Date',
    code: `Date.note = token; Date.prototype.note = token; Date.now = () => token;`,
    neighbour: `return Date.note ?? Date.prototype.note ?? Date.now();`,
  },
  { name: 'Math.random', code: `Math.random = () => token;`, neighbour: `return Math.random();` },
  {
    name: 'a property of Function',
    code: `Function.note = token; Function.prototype.note = token; eval.note = token;`,
    neighbour: `return Function.note ?? (() => {}).note ?? eval.note;`,
  },
  {
    name: 'a property of Compartment and harden',
    code: `for (const name of ['Compartment', 'harden', 'assert', 'lockdown', 'E', 'Far']) { try { globalThis[name].note = token; } catch {} try { globalThis[name].prototype.note = token; } catch {} }`,
    neighbour: `for (const name of ['Compartment', 'harden', 'assert', 'lockdown', 'E', 'Far']) { const found = globalThis[name]?.note ?? globalThis[name]?.prototype?.note; if (found) return found; }`,
  },
  {
    name: 'the global object',
    code: `globalThis.note = token; var note2 = token;`,
    neighbour: `return globalThis.note ?? globalThis.note2;`,
  },
  {
    name: 'the prototype of the global object',
    code: `Object.getPrototypeOf(globalThis).note = token;`,
    neighbour: `return globalThis.note;`,
  },
  {
    name: 'bits of a number that is none',
    code: `
      const bits = new BigUint64Array([0x7ff8000000001234n]);
      shared.list.push?.(new Float64Array(bits.buffer)[0]);`,
    neighbour: `
      const made = new Float64Array([shared.list[0]]);
      return new BigUint64Array(made.buffer)[0] === 0x7ff8000000001234n ? shared.list : 'no';`,
  },
  {
    name: 'what a shared function calls itself with',
    code: `globalThis.work = shared.work; Object.defineProperty(shared.work, 'name', { value: token });`,
    neighbour: `return shared.work.name;`,
    through: true,
  },
  {
    name: 'a property of the host’s tell',
    code: `host.tell.note = token; host.add.note = token;`,
    neighbour: `return host.add.note;`,
    through: true,
  },
  {
    name: 'a prototype that both functions have',
    code: `Object.getPrototypeOf(host.later).note = token;`,
    neighbour: `return host.later.note;`,
    through: true,
  },
]);
