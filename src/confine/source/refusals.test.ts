// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what stands here are programs.
import { describe, expect, it } from 'vitest';
import { makeRoom } from '../../../test/support/source-room.ts';
import type { Program } from '../contract.ts';

const said: unknown[] = [];
const { run } = makeRoom({ say: (word: unknown) => said.push(word) });

/** Nothing of a program that is refused may have run. */
async function refusal(program: string | Program): Promise<unknown> {
  said.length = 0;
  const words = typeof program === 'string' ? { code: program } : program;
  const failure = await run({ ...words, code: `say(1);${words.code}` }).then(
    () => 'it ran',
    (error: unknown) => error,
  );
  expect(said).toEqual([]);
  return failure;
}

describe('a program that cannot be read', () => {
  it.each([
    ['\nlet let = 1', "line 2, column 5: The keyword 'let' is reserved"],
    ['\r\n\u2028  foo bar', 'line 3, column 7: Unexpected token'],
    ['with (a) {}', "line 1, column 8: 'with' in strict mode"],
    ['"a', 'line 1, column 8: Unterminated string constant'],
    ['`a', 'line 1, column 9: Unterminated template'],
    ['/a', 'line 1, column 9: Unterminated regular expression'],
    ['/* a', 'line 1, column 8: Unterminated comment'],
    ['/(/', 'line 1, column 9: Invalid regular expression: /(/: Unterminated group'],
    ['a\0b', 'line 1, column 9: a NUL stands there'],
    ['})(); (async () => {', 'line 1, column 8: Unexpected token'],
    ['}); import("fs"); (function* () {', 'line 1, column 8: Unexpected token'],
    ['yield 1', "line 1, column 8: The keyword 'yield' is reserved"],
    [
      'new.target',
      "line 1, column 8: 'new.target' can only be used in functions and class static block",
    ],
    ['super.x', "line 1, column 8: 'super' keyword outside a method"],
    ['arguments', 'line 1, column 8: arguments stands outside a function'],
    ['typeof arguments', 'line 1, column 15: arguments stands outside a function'],
    ['(() => arguments)()', 'line 1, column 15: arguments stands outside a function'],
    ['let eval = 1', 'line 1, column 12: Binding eval in strict mode'],
    ['eval = 1', 'line 1, column 8: Assigning to eval in strict mode'],
    ['im\\u0070ort("fs")', 'line 1, column 8: Escape sequence in keyword import'],
    [
      'import.source("fs")',
      "line 1, column 15: The only valid meta property for import is 'import.meta'",
    ],
    ['import.meta = 1', 'line 1, column 8: Assigning to rvalue'],
    ['let a; let a', "line 1, column 19: Identifier 'a' has already been declared"],
    ['export { a }', "line 1, column 17: Export 'a' is not defined"],
    ['export default 1; export default 2', "line 1, column 33: Duplicate export 'default'"],
    [
      'if (1) { import "a" }',
      "line 1, column 17: 'import' and 'export' may only appear at the top level",
    ],
    [
      'class A { m() { this.#x } }',
      "line 1, column 29: Private field '#x' must be declared in an enclosing class",
    ],
    ['a <!-- b', null],
    ['delete say', 'line 1, column 8: Deleting local variable in strict mode'],
    ['010', 'line 1, column 8: Invalid number'],
    ['await: 1', 'line 1, column 13: Unexpected token'],
    ['<div/>', 'line 1, column 8: Unexpected token'],
    ['new (f`import(`)()', null],
    [
      'const f = String; new f`import(`',
      'a template in what `new` makes has the word import or eval',
    ],
  ])('%j says where', async (code, why) => {
    const failure = await refusal(code);
    if (why === null) expect(failure).toBeInstanceOf(Error);
    else {
      expect(failure).toMatchObject({ code: 'source-invalid' });
      expect(String(failure)).toContain(`Cannot read program: `);
      expect(String(failure)).toContain(`${why}.`);
    }
  });

  it.each([
    ['enum A { B }', 'line 1, column 8: TypeScript enum is not supported in strip-only mode'],
    ['namespace A { export let b = 1 }', 'TypeScript namespace declaration is not supported'],
    [
      'class A { constructor(private x: number) {} }',
      'line 1, column 38: TypeScript parameter property',
    ],
    ['let x: = 1', 'line 1, column 15: Unexpected token'],
    ['let a = <div>b</div>', 'line 1, column '],
    ['import a = require("fs")', 'TypeScript import equals declaration is not supported'],
  ])('%j is TypeScript that says where', async (code, why) => {
    const failure = await refusal({ code, file: 'a.ts' });
    expect(failure).toMatchObject({ code: 'source-invalid' });
    expect(String(failure)).toContain(`Cannot read a.ts: ${why.startsWith('line') ? why : ''}`);
    expect(String(failure)).toContain(why);
  });

  it('is named in one line that has an end', async () => {
    const failure = String(await refusal({ code: '%', file: `a\n\u001b[2J${'b'.repeat(500)}` }));
    expect(failure).toMatch(/Cannot read a \[2Jb+…: line 1, column 8: Unexpected token\.$/);
    expect(failure.length).toBeLessThan(400);
  });

  it('is not read when it is JSX', async () => {
    for (const file of ['a.tsx', 'a.jsx']) {
      expect(String(await refusal({ code: '1', file }))).toContain('JSX is not understood');
    }
  });

  it.each([
    ['(', ')'],
    ['[', ']'],
    ['{', '}'],
    ['!', ''],
    ['a=>', ''],
    ['`${', '}`'],
    ['if(1)', ';'],
    ['1+', ''],
    ['x.', ''],
    ['function f(){', '}'],
    ['class A{static{', '}}'],
    ['a?b:', ''],
  ])('is refused when it is nested too deeply: %j', async (open, close) => {
    const code = `${open.repeat(20_000)}1${close.repeat(20_000)}`;
    for (const language of ['js', 'ts'] as const) {
      expect(await refusal({ code, language })).toMatchObject({ code: 'source-invalid' });
    }
    // The reader of TypeScript is as good as before.
    expect((await run({ code: '1 as number', language: 'ts' })).value).toBe(1);
  });

  it('leaves the reader of TypeScript as it was, also where its memory grew', async () => {
    const long = `${'const a: number[] = [1, 2, 3]; '.replace('a', '_')}\n`;
    const lines = Array.from({ length: 6_000 }, (_, at) => long.replace('_', `a${at}`));
    expect((await run({ code: `${lines.join('')}a5999[2]`, language: 'ts' })).value).toBe(3);
    expect((await run({ code: '2 as number', language: 'ts' })).value).toBe(2);
  });

  it('may be nested a thousand deep', async () => {
    expect((await run(`1${'+1'.repeat(990)}`)).value).toBe(991);
    expect(await refusal(`1${'+1'.repeat(1010)}`)).toMatchObject({ code: 'source-invalid' });
  });

  it('may declare forty thousand names in one scope', async () => {
    const names = Array.from({ length: 40_000 }, (_, at) => `n${at}`);
    const before = process.cpuUsage();
    expect((await run(`let ${names.join(',')};`)).value).toBe(undefined);
    // By acorn's own way of looking for names it is half a minute.
    expect(process.cpuUsage(before).user).toBeLessThan(10_000_000);
  });
});

describe('a program that uses what it was not given', () => {
  it.each([
    ['\n\nrepo.list()', 'line 3 uses repo, which it was not given.', '--give repo=POWER'],
    [
      'const f = () => () => deep;',
      'line 1 uses deep, which it was not given.',
      '--give deep=POWER',
    ],
    [
      'process.exit()',
      'line 1 uses process, which it was not given; a compartment has none of the objects of Node.',
      'NAME=POWER',
    ],
    [
      'require("fs")',
      'uses require, which it was not given; a compartment has modules with import',
      'NAME=POWER',
    ],
    [
      'fetch("http://a")',
      'uses fetch, which it was not given; a compartment reaches no network',
      'NAME=POWER',
    ],
    ['({ missing })', 'uses missing,', 'missing=POWER'],
    ['missing++', 'uses missing,', 'missing=POWER'],
    ['missing += 1', 'uses missing,', 'missing=POWER'],
    ['missing`a`', 'uses missing,', 'missing=POWER'],
    ['class A extends missing {}', 'uses missing,', 'missing=POWER'],
    ['{ let inner; } inner', 'uses inner,', 'inner=POWER'],
    ['import("./no.js"); missing', 'uses missing,', 'missing=POWER'],
  ])('%j is told what to grant', async (code, why, hint) => {
    const failure = await refusal(code);
    expect(failure).toMatchObject({ code: 'endowment-missing' });
    expect(String(failure)).toContain(why);
    expect((failure as { hint: string }).hint).toContain(hint);
  });

  it('is told of a module of its own too, before anything runs', async () => {
    const modules = { './a.js': 'export const a = () => missing;' };
    const failure = String(await refusal({ code: "import './a.js'", modules }));
    expect(failure).toContain('Cannot evaluate a.js: line 1 uses missing, which it was not given.');
  });

  it('may look whether a name is there', async () => {
    expect((await run("typeof process === 'object' ? process.env : 'none'")).value).toBe('none');
  });

  it('fails as strict code does when it assigns what nobody declared', async () => {
    await expect(run('nobody = 1')).rejects.toThrow(ReferenceError);
    await expect(run('undefined = 1')).rejects.toThrow(TypeError);
  });
});
