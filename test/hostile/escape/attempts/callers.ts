import { attempts } from '../attempt.ts';

export const CALLERS = attempts('callers and this', [
  {
    name: 'arguments.callee.caller',
    code: `let found; await send(host).call(function () { found = grab(arguments.callee.caller); }); return found;`,
  },
  {
    name: 'caller of a function',
    code: `let found; function work() { found = grab(work.caller); } await send(host).call(work); return found;`,
  },
  {
    name: 'arguments of a function',
    code: `let found; function work() { found = grab(work.arguments[0]); } await send(host).callWithRecord(work); return found;`,
    through: true,
  },
  {
    name: 'caller of a sloppy function',
    code: `
      const work = globalThis.Function('return arguments.callee.caller');
      return grab(await send(host).callOn({ work }, 'work'));`,
  },
  {
    name: 'the getter of caller on Function.prototype',
    code: `
      const read = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(() => {}), 'caller').get;
      return grab(read) ?? grab(read.call(host.sloppy));`,
  },
  {
    name: 'arguments of a host function',
    code: `return grab(host.sloppy.arguments) ?? grab(host.sloppy.caller);`,
  },
  {
    name: 'this in a function',
    code: `return grab((function () { return this; })() ?? {});`,
    through: true,
  },
  { name: 'this in an arrow function', code: `return grab((() => this)() ?? {});`, through: true },
  {
    name: 'this in a method of null',
    code: `return grab(Reflect.apply(function () { return this; }, null, []) ?? {});`,
    through: true,
  },
  {
    name: 'this in a timer',
    code: `
      let found;
      await new Promise((done) => setTimeout(function () { found = grab(this ?? {}); done(); }, 1));
      return found;`,
    through: true,
  },
  {
    name: 'arguments of a timer',
    code: `
      let found;
      await new Promise((done) => setTimeout(function (...given) { found = given.map(grab).find(Boolean) ?? grab(arguments); done(); }, 1, done));
      return found;`,
  },
  {
    name: 'this in a class field',
    code: `class Made { found = grab(this); } return new Made().found;`,
  },
  {
    name: 'this in a getter on the global object',
    code: `
      Object.defineProperty(globalThis, 'mine', { configurable: true, get() { return this; } });
      return grab(globalThis.mine) ?? grab((0, eval)('mine'));`,
    through: true,
  },
  {
    name: 'this in a setter on the global object',
    code: `
      let found;
      Object.defineProperty(globalThis, 'mine', { configurable: true, set(value) { found = grab(this); } });
      globalThis.mine = 1;
      return found;`,
    through: true,
  },
  {
    name: 'this of an endowment that is called by name',
    code: `return grab((0, host.self)()) ?? grab([host.self][0]());`,
  },
  {
    name: 'this of an endowment that is called as a global',
    code: `globalThis.self2 = host.self; return grab((0, eval)('self2()') ?? {});`,
  },
  {
    name: 'the source of a host function',
    code: `return host.sloppy.toString().includes('call') ? grab(host.sloppy) : undefined;`,
    through: true,
  },
  {
    name: 'the source of the evaluator',
    code: `return grab(eval.toString()) ?? grab(globalThis.Function.prototype.toString.call(eval));`,
  },
  {
    name: 'bind of a host function',
    code: `return grab(Function.prototype.bind.call(host.add, null)) ?? grab(host.add.bind());`,
    through: true,
  },
  {
    name: 'call of a call',
    code: `const call = Function.prototype.call; return witness(call.call(call, host.self, undefined) ?? {});`,
  },
  {
    name: 'the name of a host function as a getter',
    code: `Object.defineProperty(host.add, 'name', { get() { return token; } });`,
    through: true,
  },
]);
