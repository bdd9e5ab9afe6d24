import { attempts } from '../attempt.ts';

export const PLATFORM = attempts('the platform', [
  { name: 'process', code: `return witness({ process: globalThis.process });` },
  { name: 'process by name', code: `return process.version;` },
  { name: 'require', code: `return globalThis.require('node:process').version;` },
  { name: 'require by name', code: `return require('node:process').version;` },
  {
    name: 'module and its parent',
    code: `return module.constructor._load('node:process').version;`,
  },
  {
    name: 'global and its relatives',
    code: `for (const name of ['global', 'root', 'self', 'window', 'GLOBAL', 'top', 'parent', 'frames']) { const found = grab(globalThis[name] ?? (() => { throw 0; })); if (found) return found; }`,
  },
  {
    name: 'every name of the global object',
    code: `
      const names = new Set();
      for (let at = globalThis; at; at = Object.getPrototypeOf(at)) for (const name of Reflect.ownKeys(at)) names.add(name);
      for (const name of names) { try { const found = grab(globalThis[name]) ?? grab(globalThis[name]?.prototype); if (found && name !== 'host') return found; } catch {} }`,
    through: true,
  },
  {
    name: 'WebAssembly with a host import',
    code: `
      const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0, 7, 5, 1, 1, 99, 0, 0);
      const { exports } = new globalThis.WebAssembly.Instance(new globalThis.WebAssembly.Module(bytes), { a: { b: () => {} } });
      return grab(exports.c) ?? grab(exports);`,
  },
  {
    name: 'WebAssembly.compileStreaming',
    code: `
      let found;
      await globalThis.WebAssembly.compileStreaming({ then(done) { found = grab(done); done(1); } }).catch((error) => { found ??= grab(error); });
      return found;`,
    through: true,
  },
  { name: 'WebAssembly.JSTag', code: `return grab(globalThis.WebAssembly.JSTag);` },
  { name: 'SharedArrayBuffer', code: `return grab(new globalThis.SharedArrayBuffer(8));` },
  {
    name: 'Atomics that wait',
    code: `
      const cells = new Int32Array(new globalThis.SharedArrayBuffer(4));
      return grab(globalThis.Atomics.waitAsync(cells, 0, 0, 1));`,
  },
  {
    name: 'FinalizationRegistry',
    code: `return grab(new globalThis.FinalizationRegistry((held) => host.tell(grab(held))));`,
  },
  {
    name: 'WeakRef of a host object',
    code: `return grab(new globalThis.WeakRef(host.record()).deref());`,
    through: true,
  },
  {
    name: 'the console inspects an object with getters',
    code: `
      let found;
      console.log('%o %j %s', { get a() { found = grab(new Error()); return 1; } }, { toJSON() { found ??= grab(this.toJSON.caller); return 1; } }, { toString() { found ??= grab(arguments); return 'x'; } });
      return found;`,
  },
  {
    name: 'the console’s own streams',
    code: `return grab(console._stdout ?? console._stdoutErrorHandler) ?? grab(console.Console);`,
    through: true,
  },
  {
    name: 'a console of its own',
    code: `return grab(new console.Console({ write: () => {} }));`,
    through: true,
  },
  {
    name: 'the context of the console',
    code: `return grab(console.context?.()) ?? grab(console.table([{ a: 1 }]) ?? console.group);`,
    through: true,
  },
  {
    name: 'structuredClone of a host object',
    code: `return grab(structuredClone(host.record()));`,
    through: true,
  },
  {
    name: 'structuredClone of its own error',
    code: `return grab(structuredClone(new RangeError('x')));`,
    through: true,
  },
  {
    name: 'the error of structuredClone',
    code: `try { structuredClone(() => {}); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'structuredClone with getters',
    code: `let found; structuredClone({ get a() { found = grab(new Error()); return 1; } }); return found;`,
  },
  {
    name: 'the error of URL',
    code: `try { new URL('no URL'); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'URL of an object',
    code: `let found; new URL({ toString() { found = grab(this.toString.caller ?? arguments); return 'a:b'; } }); return found;`,
  },
  { name: 'URL.createObjectURL', code: `return grab(URL.createObjectURL);`, through: true },
  {
    name: 'entries of URLSearchParams',
    code: `return grab(new URL('a:b?c=d').searchParams.entries().next().value);`,
    through: true,
  },
  {
    name: 'forEach of URLSearchParams',
    code: `let found; new URL('a:b?c=d').searchParams.forEach(function (value, key, all) { found = grab(all) ?? grab(this ?? {}); }); return found;`,
    through: true,
  },
  {
    name: 'TextDecoder and its error',
    code: `try { new TextDecoder('nothing'); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'TextEncoder.encodeInto',
    code: `return grab(new TextEncoder().encodeInto('a', new Uint8Array(1)));`,
    through: true,
  },
  {
    name: 'setTimeout and its object',
    code: `const timer = setTimeout(() => {}, 1); return grab(timer) ?? grab(timer?.[Symbol.toPrimitive]);`,
    through: true,
  },
  {
    name: 'setTimeout with a delay that calls',
    code: `let found; setTimeout(() => {}, { valueOf() { found = grab(this.valueOf.caller ?? arguments); return 1; } }); return found;`,
  },
  {
    name: 'the error of setTimeout',
    code: `try { setTimeout(1); } catch (error) { return grab(error); }`,
    through: true,
  },
  {
    name: 'Intl',
    code: `return grab(new globalThis.Intl.NumberFormat()) ?? grab(globalThis.Intl);`,
  },
  { name: 'crypto', code: `return grab(globalThis.crypto) ?? grab(globalThis.crypto.subtle);` },
  {
    name: 'performance and navigator',
    code: `return grab(globalThis.performance) ?? grab(globalThis.navigator);`,
  },
  {
    name: 'AbortController and its signal',
    code: `return grab(new globalThis.AbortController().signal);`,
  },
  {
    name: 'ShadowRealm',
    code: `return new globalThis.ShadowRealm().evaluate('globalThis.process.version');`,
  },
  {
    name: 'assert of the shim',
    code: `try { globalThis.assert.fail('x'); } catch (error) { return grab(error); }`,
  },
  {
    name: 'harden of the host',
    code: `globalThis.harden?.(host); return grab(globalThis.harden);`,
  },
]);
