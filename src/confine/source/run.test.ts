import { describe, expect, it } from 'vitest';
import { makeRoom } from '../../../test/support/source-room.ts';

const { run } = makeRoom({ give: 7 });

describe('the value of a program', () => {
  it.each([
    ['1 + 1', 2],
    ['give * 6;', 42],
    ['', undefined],
    ['let a = 1;', undefined],
    ['let a = 1; a; let b = 2;', 1],
    ['if (give > 3) { "much"; } else "little"', 'much'],
    ['try { 1; } finally { 2; }', 1],
    ['try { throw 3; } catch (e) { e + 1; }', 4],
    ['for (const x of [1, 2, 3]) x * 2;', 6],
    ['switch (give) { case 7: "seven"; break; default: "other" }', 'seven'],
    ['1, 2', 2],
    ['({ a: 1 }).a', 1],
    ["'use strict'", 'use strict'],
    ['return 5', 5],
    ['if (give) return 6; 7', 6],
    ['1; return', undefined],
    ['await 3', 3],
    ['await Promise.resolve(4) + 1 // end', 5],
    ['Promise.resolve(9)', 9],
    ['return Promise.resolve(9)', 9],
    ['for await (const x of [Promise.resolve(1)]) x', 1],
    ['f(); function f() { return 8; }', 8],
    ['function f() {} 5; class A {}', 5],
    ['const a = 1\n;[2, 3].length', 2],
    ['#!/usr/bin/env node\n3', 3],
    ['\uFEFF4', 4],
    ['typeof this', 'undefined'],
    ['typeof nothing', 'undefined'],
    ['typeof nothing === "undefined" ? 1 : nothing', 1],
    ['a: for (;;) { 5; break a; }', 5],
    ['const x: number = 3; x as unknown', 3],
    ['type A = number; return 4 as A', 4],
    ['export const a = 1; a', 1],
  ])('%j gives %j', async (code, value) => {
    expect((await run(code)).value).toEqual(value);
  });

  it('comes with the exports', async () => {
    const { exports } = await run(
      'export let a = 1; export default () => 2; a = 3; export { a as b };',
    );
    expect(exports).toMatchObject({ a: 3, b: 3 });
    expect((exports.default as () => number)()).toBe(2);
    expect((exports.default as () => number).name).toBe('default');
  });
});

describe('a program cannot reach what links it', () => {
  it.each([
    ['typeof $p + typeof $pd', 'undefinedundefined'],
    ["eval('typeof $p + typeof $pd')", 'undefinedundefined'],
    ["new Function('return typeof $p')()", 'undefined'],
    ["let $p = 1; const $p1_ = 2; import('./a.js').then((m) => m.default + $p + $p1_)", 6],
    ['const \\u0024p = 5; $p + typeof /import()/', '5object'],
    ['const f = () => `import(`; f.caller', null],
    ['(function () { return arguments.callee; })()', null],
    ['(function f() { return f.caller; })()', null],
  ])('%j gives %j', async (code, value) => {
    const modules = { './a.js': 'export default 3' };
    const running = run({ code, modules });
    if (value === null) await expect(running).rejects.toThrow(TypeError);
    else expect((await running).value).toEqual(value);
  });
});
