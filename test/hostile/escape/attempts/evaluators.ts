import { attempts } from '../attempt.ts';

const LOOK = `'typeof outsideWitness === "string" ? outsideWitness : process.version'`;

export const EVALUATORS = attempts('evaluators', [
  { name: 'Function', code: `return witness(globalThis.Function('return globalThis')());` },
  { name: 'new Function', code: `return witness(new globalThis.Function('return this')());` },
  { name: 'direct eval', code: `return eval(${LOOK});` },
  { name: 'indirect eval', code: `return (0, eval)(${LOOK});` },
  { name: 'eval of globalThis', code: `return globalThis.eval(${LOOK});` },
  { name: 'eval by optional call', code: `return eval?.(${LOOK});` },
  { name: 'eval with a comment before its parenthesis', code: `return eval/**/(${LOOK});` },
  { name: 'eval on two lines', code: `return eval\n(${LOOK});` },
  { name: 'eval in another writing', code: `return \\u0065val(${LOOK});` },
  { name: 'eval in braces', code: `return \\u{65}v\\u{61}l(${LOOK});` },
  { name: 'eval under another name', code: `const run = eval; return run(${LOOK});` },
  { name: 'eval as a tag', code: `return eval\`outsideWitness\`;` },
  { name: 'eval through call', code: `return eval.call(null, ${LOOK});` },
  { name: 'eval through Reflect', code: `return Reflect.apply(eval, undefined, [${LOOK}]);` },
  { name: 'eval through a callback', code: `return [${LOOK}].map(eval)[0];` },
  { name: 'eval through JSON', code: `return JSON.parse('[1]', () => (0, eval)(${LOOK}));` },
  {
    name: 'eval that declares var eval',
    code: `
      const run = (0, eval)('var hidden = 1; (function () { return this; })');
      return witness(run.call(undefined) ?? {});`,
  },
  {
    name: 'a sloppy function made by Function',
    code: `return witness(globalThis.Function('return (function () { return this; })()')() ?? {});`,
  },
  {
    name: 'the body of Function that closes its own brace',
    code: `return witness(globalThis.Function('}); return globalThis; (function () {')());`,
  },
  {
    name: 'the parameters of Function that close their parenthesis',
    code: `return globalThis.Function('a = outsideWitness', 'return a')();`,
  },
  {
    name: 'the parameters of Function with a comment that runs on',
    code: `return globalThis.Function('/*', '*/){ return outsideWitness; } //')();`,
  },
  {
    name: 'Function of a host function',
    code: `return host.add.constructor(${LOOK.replace("'", "'return ")})();`,
    through: true,
  },
  {
    name: 'host Function through Reflect.construct',
    code: `return Reflect.construct(host.add.constructor, ['return outsideWitness'])();`,
    through: true,
  },
  {
    name: 'host Function through bind',
    code: `return host.add.constructor.bind(null, 'return outsideWitness')()();`,
    through: true,
  },
  {
    name: 'host eval through host Function',
    code: `return host.add.constructor('return eval')()('outsideWitness');`,
    through: true,
  },
  {
    name: 'the Function of the intrinsics called as a method',
    code: `
      const inert = Object.getPrototypeOf(() => {}).constructor;
      return grab({ constructor: { constructor: inert } }) ?? witness(Reflect.construct(inert, ['return this'])());`,
  },
  {
    name: 'Function with a new.target from outside',
    code: `
      const made = Reflect.construct(globalThis.Function, ['return globalThis'], host.add.constructor);
      return grab(made) ?? witness(made());`,
    through: true,
  },
  {
    name: 'a timer that is given text',
    code: `
      globalThis.setTimeout('globalThis.host?.tell(outsideWitness)', 0);
      await null;`,
  },
  {
    name: 'a compartment made of the global Compartment',
    code: `
      const inner = new globalThis.Compartment({ globals: {}, __options__: true });
      return witness(inner.globalThis) ?? inner.evaluate('outsideWitness');`,
  },
  {
    name: 'a compartment told to let import through',
    code: `
      const inner = new globalThis.Compartment({ globals: {}, __options__: true });
      const found = inner.evaluate('imp' + 'ort("node:process")', { __evadeImportExpressionTest__: true });
      return witness({ process: (await found).default });`,
  },
  {
    name: 'eval told to let import through',
    code: `
      const found = eval('imp' + 'ort("node:process")');
      return witness({ process: (await found).default });`,
  },
  {
    name: 'lockdown and its options again',
    code: `
      globalThis.lockdown?.({ evalTaming: 'unsafe-eval', errorTaming: 'unsafe' });
      return witness((0, eval)('globalThis'));`,
  },
]);
