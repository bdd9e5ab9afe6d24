import { attempts } from '../attempt.ts';

export const CONSTRUCTORS = attempts('constructor walks', [
  { name: 'a function of its own', code: `return grab(() => {});` },
  { name: 'an object of its own', code: `return grab({});` },
  { name: 'the global object', code: `return grab(globalThis);`, through: true },
  { name: 'this at the top', code: `return grab(this);`, through: true },
  { name: 'a host function', code: `return grab(host.add);`, through: true },
  { name: 'the host object', code: `return grab(host);`, through: true },
  { name: 'a host list', code: `return grab(await send(host).list());`, through: true },
  {
    name: 'a host record',
    code: `return grab((await send(host).record()).deep.b);`,
    through: true,
  },
  { name: 'a host typed array', code: `return grab(await send(host).bytes());`, through: true },
  {
    name: 'the buffer of a host typed array',
    code: `return grab((await send(host).bytes()).buffer);`,
    through: true,
  },
  { name: 'a host map', code: `return grab((await send(host).pairs()).get('a'));`, through: true },
  {
    name: 'a host date',
    code: `const date = await send(host).date(); return grab(date.getTime) ?? grab(date);`,
    through: true,
  },
  { name: 'a host error', code: `return grab(await send(host).error());`, through: true },
  {
    name: 'a host URL',
    code: `return grab((await send(host).url()).searchParams);`,
    through: true,
  },
  { name: 'a boxed host string', code: `return grab(await send(host).boxed());`, through: true },
  {
    name: 'a host class',
    code: `return grab(host.Counter) ?? grab(host.Counter.of());`,
    through: true,
  },
  {
    name: 'an instance of a host class',
    code: `return grab(await send(host).counter());`,
    through: true,
  },
  { name: 'a bound host function', code: `return grab(host.bound);`, through: true },
  {
    name: 'a host proxy',
    code: `return grab(host.proxy) ?? grab(await send(host).proxy());`,
    through: true,
  },
  {
    name: 'an asynchronous function',
    code: `
      const Maker = (async () => {}).constructor;
      const found = await Maker('return globalThis')();
      return witness(found);`,
  },
  {
    name: 'a generator function',
    code: `
      const Maker = (function* () {}).constructor;
      return witness(Maker('yield globalThis')().next().value);`,
  },
  {
    name: 'an asynchronous generator function',
    code: `
      const Maker = (async function* () {}).constructor;
      return witness((await Maker('yield globalThis')().next()).value);`,
  },
  {
    name: 'a host asynchronous function',
    code: `
      const Maker = host.later.constructor;
      return witness(await Maker('return globalThis')());`,
    through: true,
  },
  {
    name: 'a host generator function',
    code: `
      const Maker = host.steps.constructor;
      return witness(Maker('yield globalThis')().next().value);`,
    through: true,
  },
  {
    name: 'a host asynchronous generator function',
    code: `
      const Maker = host.stream.constructor;
      return witness((await Maker('yield globalThis')().next()).value);`,
    through: true,
  },
  {
    name: 'this in a static block',
    code: `
      let found;
      class Made { static { found = grab(this) ?? grab(this.constructor); } }
      return found;`,
  },
  {
    name: 'super in a method of a literal',
    code: `
      const made = { walk() { return super.constructor; } };
      return grab(made.walk()) ?? grab(made.walk().constructor);`,
  },
  {
    name: 'super that is a host object',
    code: `
      const made = { __proto__: host.record(), walk() { return super.constructor; } };
      return grab(made.walk());`,
    through: true,
  },
  {
    name: 'a class that extends a host class',
    code: `
      class Made extends host.Counter { constructor() { super(); this.up = super.constructor; } }
      return grab(new Made().up);`,
    through: true,
  },
  {
    name: 'new.target handed on by Reflect.construct',
    code: `
      let target;
      function Made() { target = new.target; }
      Reflect.construct(Made, [], host.add.constructor ?? Made);
      return grab(target) ?? witness(target('return globalThis')());`,
    through: true,
  },
  {
    name: 'the getter of __proto__ on host objects',
    code: `
      const up = Object.prototype.__lookupGetter__('__proto__');
      return grab(up.call(up.call(host.add)).constructor) ?? grab(up.call(host.list()));`,
    through: true,
  },
  {
    name: 'the console',
    code: `return grab(console) ?? grab(console.log);`,
    through: true,
  },
  {
    name: 'a timer',
    code: `return grab(setTimeout) ?? grab(setTimeout(() => {}, 1));`,
    through: true,
  },
  {
    name: 'TextEncoder and what it makes',
    code: `return grab(TextEncoder) ?? grab(new TextEncoder().encode('a'));`,
    through: true,
  },
  {
    name: 'URL and its parts',
    code: `return grab(URL) ?? grab(new URL('a:b').searchParams);`,
    through: true,
  },
]);
