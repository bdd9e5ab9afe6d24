import { attempts } from '../attempt.ts';
import { TRAPS } from './proxies.ts';

/** Hands a thing whose every trap looks at what it is given to a global, and looks at the answer. */
const hand = (use: string): string => `${TRAPS}
  const thing = () => trapped({ a: 1, length: 1, toString: () => 'a:b' });
  const call = trapped((...given) => { look(given); return thing(); });
  try { const answer = await (async () => ${use})(); found ??= grab(answer); } catch (error) { found ??= grab(error); }
  return found;`;

/** What a compartment has besides the language, and `node:vm` as its author's own. */
export const GLOBALS = attempts('globals', [
  { name: 'console.log of traps', code: hand('console.log(thing(), call)') },
  {
    name: 'console.log of an error with traps',
    code: hand('console.log(Object.assign(new Error("x"), { cause: thing(), stack: thing() }))'),
  },
  { name: 'console.table of traps', code: hand('console.table(thing())') },
  {
    name: 'console.error of a class with traps',
    code: hand('console.error(new (trapped(class {}))())'),
  },
  { name: 'structuredClone of traps', code: hand('structuredClone(thing())'), through: true },
  {
    name: 'structuredClone with options of traps',
    code: hand('structuredClone({}, thing())'),
    through: true,
  },
  {
    name: 'structuredClone of a map of itself',
    code: hand('(() => { const it = new Map(); it.set(it, it); return structuredClone(it); })()'),
    through: true,
  },
  { name: 'URL of traps', code: hand('new URL(thing(), thing())'), through: true },
  {
    name: 'URL with another receiver',
    code: hand("Reflect.get(URL.prototype, 'href', thing())"),
    through: true,
  },
  {
    name: 'a subclass of URL',
    code: hand(
      "new (class extends URL { constructor() { super('a:b'); look([this, super.constructor, new.target]); } })()",
    ),
    through: true,
  },
  {
    name: 'URLSearchParams of traps',
    code: hand('new URL("a:b").searchParams.append(thing(), thing())'),
  },
  {
    name: 'URLSearchParams of an iterator',
    code: hand(
      'new globalThis.URLSearchParams({ [Symbol.iterator]() { let n = 0; return { next: () => ({ done: ++n > 3, value: thing() }) }; } })',
    ),
    through: true,
  },
  { name: 'TextEncoder of traps', code: hand('new TextEncoder().encode(thing())'), through: true },
  {
    name: 'TextEncoder into traps',
    code: hand("new TextEncoder().encodeInto('abc', thing())"),
    through: true,
  },
  { name: 'TextDecoder of traps', code: hand('new TextDecoder(thing(), thing())'), through: true },
  {
    name: 'TextDecoder of a grown buffer',
    code: hand(
      'new TextDecoder().decode(new Uint8Array(new ArrayBuffer(1, { maxByteLength: 9 })), thing())',
    ),
  },
  { name: 'atob of traps', code: hand('globalThis.atob(thing())') },
  { name: 'atob of what is none', code: hand("globalThis.atob('*')") },
  {
    name: 'setTimeout of traps',
    code: hand(
      'new Promise((done) => { setTimeout(call, thing(), thing()); setTimeout(done, 5); })',
    ),
    through: true,
  },
  { name: 'clearTimeout of traps', code: hand('globalThis.clearTimeout(thing())') },
  {
    name: 'setInterval that clears itself',
    code: hand(
      'new Promise((done) => { const it = globalThis.setInterval(function () { look([this ?? {}, it]); globalThis.clearInterval(it); done(it); }, 1); })',
    ),
  },
  {
    name: 'queueMicrotask of traps',
    code: hand('new Promise((done) => { globalThis.queueMicrotask(call); setTimeout(done, 3); })'),
  },
  {
    name: 'queueMicrotask that fails',
    code: hand(
      'new Promise((done) => { globalThis.queueMicrotask(() => { throw thing(); }); setTimeout(done, 3); })',
    ),
  },
  {
    name: 'a timer that fails',
    code: hand(
      'new Promise((done) => { setTimeout(() => { throw thing(); }, 1); setTimeout(done, 5); })',
    ),
  },
  {
    name: 'a rejection with traps',
    code: hand('new Promise((done) => { Promise.reject(thing()); setTimeout(done, 3); })'),
  },
  { name: 'harden of traps', code: hand('globalThis.harden(thing())') },
  { name: 'harden of the host', code: hand('globalThis.harden(host)') },
  { name: 'E of traps', code: hand('globalThis.E(thing()).draw(thing(), call)') },
  { name: 'E of a function with traps', code: hand('globalThis.E(call)(thing())') },
  {
    name: 'E with a method that is no text',
    code: hand('globalThis.E(host)[Symbol.iterator](thing())'),
  },
  { name: 'E of E', code: hand('globalThis.E(globalThis.E).constructor("return globalThis")') },
  {
    name: 'E with the names of its own parts',
    code: hand(
      "(async () => { for (const name of ['then', 'send', 'constructor', '__proto__', 'call', 'apply', 'dup', 'onRpcBroken', 'map', 'getTarget', 'handler']) { try { look([await globalThis.E(host)[name]('return globalThis')]); } catch (error) { look([error]); } try { look([host[name]]); } catch (error) { look([error]); } } })()",
    ),
    through: true,
  },
  { name: 'E.when of traps', code: hand('globalThis.E.when(thing(), call, call)') },
  { name: 'E.sendOnly of traps', code: hand('globalThis.E.sendOnly(thing()).a(thing())') },
  { name: 'Far of traps', code: hand("globalThis.Far('it', thing())") },
  { name: 'Far of a name with traps', code: hand('globalThis.Far(thing(), {})') },
  {
    name: 'Far with methods of the language',
    code: hand("globalThis.Far('it', { constructor: call, then: call, toString: call })"),
  },
  {
    name: 'a Far that is handed to the host',
    code: hand("send(host).callOn(globalThis.Far('it', { a: call }), 'a', {})"),
  },
  {
    name: 'a Far among results',
    code: hand("globalThis.Far('it', { a: call, then: call, toJSON: call })"),
  },
  { name: 'arguments of the host with traps', code: hand('send(host).keep(thing())') },
  {
    name: 'a promise as an argument of the host',
    code: hand('send(host).settle(Promise.resolve(thing()))'),
  },
  {
    name: 'a thenable with traps as an argument of the host',
    code: hand('send(host).settle(trapped({ then: call }))'),
  },
  {
    name: 'a list without end as an argument of the host',
    code: hand('send(host).spread({ length: 2 ** 32, [Symbol.iterator]: call })'),
    through: true,
  },
  {
    name: 'a key named __proto__ as an argument of the host',
    code: hand(
      `send(host).copy(JSON.parse('{"__proto__":{"escaped":1},"constructor":{"prototype":{"escaped":1}}}'))`,
    ),
  },
  {
    name: 'a Date that lies as an argument of the host',
    code: hand('send(host).text(Object.assign(new Date(), { getTime: call, toString: call }))'),
  },
  {
    name: 'bytes that lie as an argument of the host',
    code: hand(
      "send(host).decode(Object.defineProperty(new Uint8Array(3), 'slice', { value: call }))",
    ),
  },
  {
    name: 'an error that lies as an argument of the host',
    code: hand(
      "send(host).describe(Object.assign(new Error('x'), { name: thing(), message: thing(), stack: thing() }))",
    ),
  },
]);
