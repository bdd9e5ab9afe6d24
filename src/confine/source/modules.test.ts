// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what stands here are programs.
import { describe, expect, it } from 'vitest';
import { makeRoom } from '../../../test/support/source-room.ts';
import type { Program } from '../contract.ts';

async function ran(code: string, rest: Partial<Program> = {}): Promise<unknown> {
  return (await makeRoom().run({ code, file: 'task.js', ...rest })).value;
}

describe('modules', () => {
  it('are found by path from the file that names them', async () => {
    const modules = {
      './lib/a.js': "export { b } from '../b.js'; export { default as d } from './d.js';",
      './b.js': 'export const b = 1;',
      './lib/d.js': 'export default 2;',
    };
    expect(await ran("import { b, d } from './lib/a.js'; b + d", { modules })).toBe(3);
    const deep = { './src/b.js': 'export const b = 3;' };
    expect(await ran("import { b } from './b.js'; b", { file: 'src/task.js', modules: deep })).toBe(
      3,
    );
    const rooted = { '/home/a/b.js': 'export const b = 4;' };
    expect(
      await ran("import { b } from '../b.js'; b", { file: '/home/a/c/t.js', modules: rooted }),
    ).toBe(4);
    const up = { '../b.js': 'export const b = 5;' };
    expect(await ran("import { b } from '../b.js'; b", { modules: up })).toBe(5);
    const types = { './b.ts': 'export const b: number = 6;' };
    expect(await ran("import { b } from './b.js'; b", { modules: types })).toBe(6);
  });

  it('are packages only where these are allowed', async () => {
    const modules = {
      left: "export * from './pad.js';",
      'left/pad.js': "export const pad = 1; import '@a/b/c';",
      '@a/b/c': 'export default 1',
      right: 'export default 2',
    };
    const code = "import { pad } from 'left'; pad";
    expect(await ran(code, { modules, packages: ['left', '@a/b'] })).toBe(1);
    await expect(ran(code, { modules, packages: ['left'] })).rejects.toThrow(
      'Cannot evaluate left/pad.js: line 1 imports @a/b/c, which is not among its packages.',
    );
    await expect(ran(code, { modules })).rejects.toMatchObject({ code: 'module-missing' });
    const out = { ...modules, left: "import '../right'" };
    await expect(ran(code, { modules: out, packages: ['left', 'right'] })).rejects.toThrow(
      'Cannot evaluate left: line 1 imports ../right, which was not given with it.',
    );
  });

  it.each([
    ["import './no.js'", 'line 1 imports ./no.js, which was not given with it'],
    [
      "\nimport fs from 'node:fs'",
      'line 2 imports node:fs, and a compartment has no modules of a platform',
    ],
    [
      "import 'fs/promises'",
      'line 1 imports fs/promises, and a compartment has no modules of a platform',
    ],
    [
      "import 'https://a.b/c.js'",
      'line 1 imports https://a.b/c.js, and a compartment loads nothing',
    ],
    ["import 'lodash'", 'line 1 imports lodash, which is not among its packages'],
    ["import '__proto__'", 'line 1 imports __proto__, which is not among its packages'],
    ["import './a.js'", 'line 1 imports ./b.js, which was not given with it'],
    ["await import('./no.js')", 'it imports ./no.js, which was not given with it'],
    ["await import(`${'fs'}`)", 'it imports fs, and a compartment has no modules of a platform'],
    [`import '${'a'.repeat(600)}'`, `line 1 imports ${'a'.repeat(200)}…, a name that is too long`],
  ])('%j names what is missing', async (code, why) => {
    const failing = ran(code, { modules: { './a.js': "import './b.js'" } });
    await expect(failing).rejects.toMatchObject({ code: 'module-missing' });
    await expect(failing).rejects.toThrow(`${why}.`);
  });

  it.each([
    ["import { b } from './a.js'", 'line 1, column 10: ./a.js has no export named b'],
    ["import b from './a.js'", 'line 1, column 8: ./a.js has no export named default'],
    ["export { b } from './a.js'", 'line 1, column 10: ./a.js has no export named b'],
    [
      "import { t } from './two.js'",
      'line 1, column 10: ./two.js has more than one export named t',
    ],
    [
      "import './a.js' with { type: 'css' }",
      'line 1, column 8: ./a.js cannot be imported with these attributes',
    ],
    ["import './bad.json'", 'Cannot read bad.json: it is not JSON.'],
    ["import './bad.js'", 'Cannot read bad.js: line 2, column 1: Unexpected token.'],
  ])('%j is refused before anything runs', async (code, why) => {
    const said: unknown[] = [];
    const room = makeRoom({ log: (word: unknown) => said.push(word) });
    const modules = {
      './a.js': 'log(1); export const a = 1',
      './one.js': 'export const t = 1',
      './other.js': 'export const t = 2',
      './two.js': "export * from './one.js'; export * from './other.js'",
      './bad.json': '{',
      './bad.js': '\n%',
    };
    const failing = room.run({ code: `${code}; log(2);`, modules });
    await expect(failing).rejects.toMatchObject({ code: 'source-invalid' });
    await expect(failing).rejects.toThrow(why);
    expect(said).toEqual([]);
  });

  it('tell code of a missing one by an error of its own, which it may catch', async () => {
    const code =
      "await import('./no.js').catch((e) => [e instanceof Error, e.constructor === Error, e.code])";
    expect(await ran(code)).toEqual([true, true, 'module-missing']);
  });

  it('are evaluated once, and keep their error', async () => {
    const said: unknown[] = [];
    const room = makeRoom({ log: (word: unknown) => said.push(word) });
    const modules = {
      './a.js': "log('a'); export default await import('./b.js');",
      './b.js': "log('b'); throw new Error('b fails');",
      './c.js': "import './b.js'; log('c');",
    };
    const code = `for (const name of ['a', 'b', 'c', 'b'])
  await import('./' + name + '.js').catch((e) => log(e.message));`;
    await room.run({ code, modules });
    expect(said).toEqual(['a', 'b', ...Array(4).fill('b fails')]);
    await expect(room.run({ code: "import './c.js'; log('d')", modules })).rejects.toThrow(
      'b fails',
    );
    expect(said).toEqual(['a', 'b', ...Array(4).fill('b fails'), 'b']);
  });

  it('have a namespace that nobody can change, and a url that says nothing', async () => {
    const modules = { './a.js': 'export let a = 1; export const up = () => { a += 1; };' };
    const code = `import * as ns from './a.js';
const failed = [];
for (const change of [() => { ns.a = 5; }, () => { ns.b = 5; }, () => { ns = 5; }, () => { delete ns.a; }]) {
  try { change(); } catch (e) { failed.push(e.name); }
}
ns.up();
[failed.length, ns.a, Object.keys(ns), Object.getPrototypeOf(ns), String(ns[Symbol.toStringTag]), import.meta.url]`;
    expect(await ran(code, { modules })).toEqual([
      ...[4, 2, ['a', 'up'], null, 'Module', 'compartment:./task.js'],
    ]);
  });

  it('may be JSON', async () => {
    const modules = { './a.json': '{"b": [1, "import(x)"]}' };
    const code =
      "import a from './a.json' with { type: 'json' }; import b from './a.json'; [a.b[1], a === b]";
    expect(await ran(code, { modules })).toEqual(['import(x)', true]);
  });

  it('are at most as many and as long as the limits say', async () => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`./m${at}.js`, '']));
    await expect(ran('', { modules: many })).rejects.toThrow('more than 1000 modules');
    const long = { './a.js': ' '.repeat(16 * 1024 * 1024) };
    await expect(ran(' ', { modules: long })).rejects.toThrow('more than 16777216 characters');
    await expect(ran(' '.repeat(2 * 1024 * 1024 + 1))).rejects.toThrow(
      'more than 2097152 characters',
    );
    await expect(ran('', { modules: { './a.js': '', './b/../a.js': '' } })).rejects.toThrow(
      'the module ./a.js is there twice',
    );
  });
});
