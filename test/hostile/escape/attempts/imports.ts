import { attempts } from '../attempt.ts';

const TAKEN = `.then((it) => witness({ process: it.default }))`;

export const IMPORTS = attempts('imports', [
  { name: 'import()', code: `return import('node:process')${TAKEN};` },
  { name: 'import () with a space', code: `return import ('node:process')${TAKEN};` },
  { name: 'import() with a comment', code: `return import/* x */('node:' + 'process')${TAKEN};` },
  {
    name: 'import() with a line between',
    code: `return import // x\n('node:' + 'process')${TAKEN};`,
  },
  {
    name: 'import() with strange space',
    code: `return import\u2029\u00a0\ufeff('node:' + 'process')${TAKEN};`,
  },
  { name: 'import() in eval', code: `return (0, eval)("import('node:' + 'process')")${TAKEN};` },
  {
    name: 'import() in eval, put together',
    code: `return (0, eval)("im" + "port('node:' + 'process')")${TAKEN};`,
  },
  {
    name: 'import() in eval, in another writing',
    code: `return (0, eval)("im\\x70ort/**/('node:' + 'process')")${TAKEN};`,
  },
  {
    name: 'import() in Function, put together',
    code: `return globalThis.Function("return im" + "port('node:' + 'process')")()${TAKEN};`,
  },
  {
    name: 'import() in a template',
    code: `return \`\${await import("node:process")${TAKEN}}\`;`,
  },
  {
    name: 'import() in a template in a template',
    code: `return \`a\${\`b\${await import("node:process")${TAKEN}}\`}\`.slice(2);`,
  },
  {
    name: 'import() in a default of a parameter',
    code: `return (async (it = import('node:' + 'process')) => witness({ process: (await it).default }))();`,
  },
  {
    name: 'import() in a computed key',
    code: `const it = { [await import('node:' + 'process')${TAKEN}]: 1 }; return Object.keys(it)[0];`,
  },
  {
    name: 'import() in a class field',
    code: `class Made { found = import('node:' + 'process'); } return new Made().found${TAKEN};`,
  },
  {
    name: 'import() in a static block',
    code: `let found; class Made { static { found = import('node:' + 'process'); } } return found${TAKEN};`,
  },
  {
    name: 'import() with attributes',
    code: `return import('node:' + 'process', { with: {} })${TAKEN};`,
  },
  { name: 'import() in parentheses', code: `return (import)('node:' + 'process')${TAKEN};` },
  { name: 'import() by optional call', code: `return import?.('node:' + 'process')${TAKEN};` },
  { name: 'import with an escape', code: `return imp\\u006frt('node:' + 'process')${TAKEN};` },
  { name: 'import.meta', code: `return grab(import.meta) ?? grab(import.meta.url);` },
  { name: 'import.meta in eval', code: `return grab((0, eval)('import.meta'));` },
  { name: 'import.source()', code: `return import.source('node:' + 'process')${TAKEN};` },
  { name: 'import.defer()', code: `return import.defer('node:' + 'process')${TAKEN};` },
  {
    name: 'import of a data URL',
    code: `return import('data:text/javascript,export default process').then((it) => witness({ process: it.default }));`,
  },
  {
    name: 'a static import',
    raw: true,
    code: `import it from 'node:process'; host.tell(it.version);`,
  },
  {
    name: 'a static import without a prefix',
    raw: true,
    code: `import * as it from 'process'; host.tell(it.version);`,
  },
  {
    name: 'a static import of a file',
    raw: true,
    code: `import * as it from '/proc/self/environ' with { type: 'json' }; host.tell(String(it));`,
  },
  {
    name: 'a static import of what everybody inherits',
    raw: true,
    code: `import * as it from 'constructor'; host.tell(it.constructor('return outsideWitness')());`,
  },
  {
    name: 'a static import of __proto__',
    raw: true,
    code: `import * as it from '__proto__'; host.tell(it.constructor.constructor('return outsideWitness')());`,
  },
  {
    name: 'an export from elsewhere',
    raw: true,
    code: `export * from 'node:process'; export { env } from 'node:process';`,
  },
  {
    name: 'a default export that is named then',
    raw: true,
    code: `export const then = (done) => { host.tell(done.constructor('return outsideWitness')()); done(1); };`,
  },
  {
    name: 'an export with a name of the linker',
    raw: true,
    code: `export const __proto__ = { escaped: 1 }; export { __proto__ as constructor, __proto__ as default };`,
  },
  {
    name: 'the names that a linker may use',
    code: `
      for (const name of ['$h_imports', '$h_live', '$h_once', '$h\u200d_imports', '$c\u200d_x', 'imports', 'importMeta', '__import', '$powerbox', 'scopeProxy', 'optimizer', 'evalScope', 'scopeTerminator', 'moduleLexicals', 'globalLexicals']) {
        try { const found = (0, eval)(name); if (found !== undefined) { const it = grab(found); if (it) return it; } } catch {}
      }`,
  },
]);
