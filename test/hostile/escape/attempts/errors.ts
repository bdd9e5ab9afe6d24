import { attempts } from '../attempt.ts';

const SITES = `
  let found;
  const look = (sites) => { for (const site of sites) for (const ask of ['getThis', 'getFunction', 'getEvalOrigin', 'getTypeName']) { try { const it = site[ask]?.(); if (typeof it === 'object' || typeof it === 'function') found ??= grab(it); } catch {} found ??= grab(site); } return 'x'; };`;

const OVERFLOW = (work: string): string => `
  let found;
  const down = () => { try { down(); } catch (error) { found ??= grab(error); try { ${work}; } catch (other) { found ??= grab(other); } } };
  down();
  return found;`;

export const ERRORS = attempts('errors and stacks', [
  {
    name: 'an error that the host throws',
    code: `try { await send(host).fail('x'); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'the cause of an error that the host throws',
    code: `try { await send(host).failWithCause(); } catch (error) { return grab(error.cause) ?? grab(error.cause.host); }`,
    through: true,
  },
  {
    name: 'an error of an argument',
    code: `try { await send(host).open('no URL'); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'an error of a conversion',
    code: `try { await send(host).text(Symbol()); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'an error of a null prototype',
    code: `try { await send(host).number(Object.create(null)); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'an error of a class called as a function',
    code: `try { host.Counter(); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'an error of a private field',
    code: `try { host.Counter.prototype.next.call({}); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'an error of a big number',
    code: `try { await send(host).number(1n ** 1n + Symbol); } catch (error) { try { host.number(2n ** 10n); host.text(Symbol()); } catch (other) { return grab(other); } }`,
  },
  {
    name: 'an error of a stack in the host',
    code: `try { host.deep(() => host.deep(() => 1, 1e5), 1e5); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'prepareStackTrace',
    code: `${SITES} Error.prepareStackTrace = (error, sites) => look(sites); new Error().stack; return found;`,
    through: true,
  },
  {
    name: 'prepareStackTrace on globalThis.Error',
    code: `${SITES} globalThis.Error = class extends Error { static prepareStackTrace(error, sites) { return look(sites); } }; new globalThis.Error().stack; return found;`,
    through: true,
  },
  {
    name: 'prepareStackTrace of the host’s Error',
    code: `${SITES}
      const { constructor: Outer } = Object.getPrototypeOf(Object.getPrototypeOf(host.error()));
      Outer.prepareStackTrace = (error, sites) => look(sites);
      try { host.error().stack; } finally { delete Outer.prepareStackTrace; }
      return found;`,
    through: true,
  },
  {
    name: 'prepareStackTrace while the host calls back',
    code: `${SITES} Error.prepareStackTrace = (error, sites) => look(sites); await send(host).call(() => new Error().stack); return found;`,
    through: true,
  },
  {
    name: 'prepareStackTrace as an accessor',
    code: `${SITES} Object.defineProperty(Error, 'prepareStackTrace', { get: () => (error, sites) => look(sites) }); new Error().stack; return found;`,
    through: true,
  },
  {
    name: 'prepareStackTrace on Function.prototype',
    code: `${SITES} Object.getPrototypeOf(Error).prepareStackTrace = (error, sites) => look(sites); new Error().stack; return found;`,
    through: true,
  },
  {
    name: 'captureStackTrace of a host function',
    code: `${SITES} Error.prepareStackTrace = (error, sites) => look(sites); const it = {}; await send(host).call(() => Error.captureStackTrace(it)); it.stack; return found;`,
    through: true,
  },
  {
    name: 'captureStackTrace on the global object',
    code: `Error.captureStackTrace(globalThis); return grab(globalThis.stack);`,
  },
  {
    name: 'captureStackTrace on a host object',
    code: `Error.captureStackTrace(host); return host.stack.includes('/') && grab(host.add);`,
    through: true,
  },
  {
    name: 'stackTraceLimit as an object',
    code: `${SITES} Error.stackTraceLimit = { valueOf() { found ??= grab(this); return 10; } }; new Error().stack; return found;`,
  },
  {
    name: 'a name that is a symbol',
    code: `const error = new Error(); error.name = Symbol(); try { error.stack; } catch (other) { return grab(other); }`,
    through: true,
  },
  {
    name: 'a name that is a symbol, before the host describes it',
    code: `const error = new Error(); error.name = Symbol(); try { await send(host).describe(error); } catch (other) { return grab(other); }`,
    through: true,
  },
  {
    name: 'a stack that is asked for without a preparer',
    code: `Error.prepareStackTrace = undefined; const error = new Error(); error.name = Symbol(); try { error.stack; } catch (other) { return grab(other); }`,
    through: true,
  },
  {
    name: 'the getter of the stack',
    code: `const own = Object.getOwnPropertyDescriptor(new Error(), 'stack'); return grab(own?.get) ?? grab(own);`,
  },
  {
    name: 'the stack getter on a host error',
    code: `const read = Object.getOwnPropertyDescriptor(host.error(), 'stack'); return grab(read);`,
  },
  { name: 'exhaustion, then a host call', code: OVERFLOW('host.add(1, 2)') },
  { name: 'exhaustion, then a host callback', code: OVERFLOW('host.call(() => 1)') },
  { name: 'exhaustion, then host JSON', code: OVERFLOW('host.json({ a: [{}] })') },
  { name: 'exhaustion, then a host error', code: OVERFLOW("host.fail('x')") },
  { name: 'exhaustion, then the console', code: OVERFLOW("console.log('x')") },
  { name: 'exhaustion, then URL', code: OVERFLOW("new URL('a:b')") },
  { name: 'exhaustion, then eval', code: OVERFLOW("(0, eval)('outsideWitness')") },
  { name: 'exhaustion, then an endowment by name', code: OVERFLOW('typeof outsideWitness') },
  {
    name: 'exhaustion at every depth of a host call',
    code: `
      let found;
      const at = (depth) => depth === 0 ? host.text({ toString: () => 'x' }) : at(depth - 1);
      for (let depth = 6000; depth < 14000 && !found; depth += 97) { try { at(depth); } catch (error) { found = grab(error); } }
      return found;`,
  },
  {
    name: 'SuppressedError',
    code: `
      const stack = new globalThis.DisposableStack();
      stack.defer(() => { throw null; });
      stack.defer(() => { const error = new Error(); error.name = Symbol(); error.stack; });
      try { stack.dispose(); } catch (error) { return grab(error.suppressed) ?? grab(error); }`,
  },
  {
    name: 'AggregateError of host errors',
    code: `return Promise.any([host.failLater('x')]).catch((error) => grab(error.errors[0]) ?? grab(error));`,
    through: true,
  },
  {
    name: 'an error as a cause',
    code: `try { throw new Error('x', { cause: host.error() }); } catch (error) { return grab(error.cause); }`,
    through: true,
  },
  {
    name: 'the message of an error with the path of the host',
    code: `try { null.x; } catch (error) { return /outside/.test(error.stack) ? grab(error) : undefined; }`,
  },
]);
