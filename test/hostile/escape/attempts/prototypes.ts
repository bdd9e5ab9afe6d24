import { attempts } from '../attempt.ts';

/** The witness is a change of the start realm, or of what the host does with its own objects. */
export const PROTOTYPES = attempts('prototype pollution', [
  {
    name: 'its own Object.prototype',
    code: `Object.prototype.toJSON = () => token;`,
    neighbour: `return JSON.stringify({ a: 1 });`,
  },
  {
    name: 'its own Array.prototype',
    code: `Array.prototype.map = () => [token];`,
    neighbour: `return [1].map(String)[0];`,
  },
  {
    name: 'the prototype of a host record',
    code: `host.record().__proto__.escaped = token;`,
    through: true,
  },
  {
    name: 'the prototype of a host list',
    code: `Object.getPrototypeOf(host.list()).escaped = token;`,
    through: true,
  },
  {
    name: 'the prototype of a host function',
    code: `host.add.__proto__.escaped = token;`,
    through: true,
  },
  {
    name: 'the prototype of a host promise',
    code: `Object.getPrototypeOf(host.later(1)).escaped = token;`,
    through: true,
  },
  {
    name: 'then of a host promise',
    code: `Object.getPrototypeOf(host.later(1)).then = function (done) { return done(token); };`,
    through: true,
  },
  {
    name: 'the prototype of a host error',
    code: `host.error().__proto__.__proto__.escaped = token;`,
    through: true,
  },
  {
    name: 'the prototype of a host URL',
    code: `host.url().__proto__.escaped = token;`,
    through: true,
  },
  {
    name: 'the prototype of host map entries',
    code: `host.pairs().entries().__proto__.next = () => ({ done: true });`,
    through: true,
  },
  {
    name: 'the prototype of host typed arrays',
    code: `Object.getPrototypeOf(Object.getPrototypeOf(host.bytes())).escaped = token;`,
    through: true,
  },
  {
    name: 'a getter on a host prototype',
    code: `host.record().__proto__.__defineGetter__('escaped', () => token);`,
    through: true,
  },
  {
    name: 'a setter of an index of host lists',
    code: `Object.defineProperty(host.list().__proto__, '7', { set(v) {}, configurable: true });`,
    through: true,
  },
  {
    name: 'a constructor of a host prototype',
    code: `host.record().__proto__.constructor = function () {};`,
    through: true,
  },
  {
    name: 'a delete on a host prototype',
    code: `delete host.list().__proto__.flatMap;`,
    through: true,
  },
  {
    name: 'the prototype of a host prototype',
    code: `Object.setPrototypeOf(Object.getPrototypeOf(host.list()), { escaped: token, __proto__: null });`,
    through: true,
  },
  {
    name: 'a merge by Object.assign',
    code: `Object.assign(host.record().__proto__, { escaped: token });`,
    through: true,
  },
  {
    name: '__proto__ as a key of JSON',
    code: `const made = JSON.parse('{"__proto__":{"escaped":1}}'); for (const key in made) host.record()[key].escaped = token;`,
    through: true,
  },
  {
    name: 'constructor.prototype as a path',
    code: `host.record()['constructor']['prototype'].escaped = token;`,
    through: true,
  },
  {
    name: 'console.log of the host',
    code: `console.log = () => {}; console.error = () => {};`,
    through: true,
  },
  {
    name: 'the prototype of the console',
    code: `Object.getPrototypeOf(console).escaped = token;`,
  },
  { name: 'URL.prototype', code: `URL.prototype.escaped = token;`, through: true },
  {
    name: 'TextEncoder.prototype.encode',
    code: `TextEncoder.prototype.encode = () => new Uint8Array();`,
    through: true,
  },
  {
    name: 'URLSearchParams.prototype',
    code: `new URL('a:b?c').searchParams.__proto__.get = () => token;`,
    through: true,
  },
  { name: 'a static of a host class', code: `URL.canParse = () => true;`, through: true },
  {
    name: 'the class of an error of Node',
    code: `try { host.open('x'); } catch (error) { error.constructor.prototype.escaped = token; }`,
    neighbour: `try { host.open('x'); } catch (error) { return error.escaped; }`,
    through: true,
  },
  {
    name: 'the class of a host signal',
    code: `Object.getPrototypeOf(Object.getPrototypeOf(host.signal())).escaped = token;`,
    neighbour: `return host.signal().escaped;`,
    through: true,
  },
  {
    name: 'a method of the host object',
    code: `host.add = () => token; host.escaped = token;`,
    through: true,
  },
  {
    name: 'a static of the host’s own class',
    code: `host.Counter.of = () => token;`,
    through: true,
  },
  {
    name: 'the prototype of the host’s own class',
    code: `host.Counter.prototype.next = () => token;`,
    through: true,
  },
  {
    name: 'the realm of the global object',
    code: `Object.getPrototypeOf(Object.getPrototypeOf(globalThis) ?? {}).escaped = token;`,
  },
  {
    name: 'Symbol.iterator of arrays that the neighbour spreads',
    code: `Array.prototype[Symbol.iterator] = function* () { yield token; };`,
    neighbour: `return [...[1]][0];`,
  },
  {
    name: 'a property that the neighbour assigns',
    code: `Object.defineProperty(Object.prototype, 'noted', { set(value) { globalThis.caught = value; }, configurable: true });`,
    neighbour: `const made = {}; made.noted = secret;`,
    after: `return globalThis.caught;`,
  },
  {
    name: 'a method that the neighbour calls',
    code: `String.prototype.trim = function () { globalThis.caught = String(this); return ''; };`,
    neighbour: `secret.trim();`,
    after: `return globalThis.caught;`,
  },
  {
    name: 'JSON.stringify',
    code: `JSON.stringify = (value) => { globalThis.caught = value; return ''; };`,
    neighbour: `JSON.stringify(secret);`,
    after: `return globalThis.caught;`,
  },
  {
    name: 'Promise.prototype.then',
    code: `Promise.prototype.then = function () { return token; };`,
    neighbour: `return Promise.resolve(1).then(() => 2);`,
  },
]);
