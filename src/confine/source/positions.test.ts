// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what stands here are programs.
import { describe, expect, it } from 'vitest';
import { makeRoom } from '../../../test/support/source-room.ts';
import type { Program } from '../contract.ts';
import { framesOf, stackText } from './positions.ts';

const { run } = makeRoom();

async function stackOf(program: Program): Promise<string> {
  try {
    await run(program);
  } catch (error) {
    return (error as Error).stack ?? '';
  }
  throw new Error('It did not fail.');
}

describe('a stack', () => {
  it.each([
    ['throw new Error("a")', 1, 7],
    ['null.a', 1, 6],
    ['\n  "import(x)"; /eval(/.a; eval("1"); null.a', null, null],
    ['\n  "import(x)"; eval("1"); null.a', 2, 32],
    ['import { b } from "./b.js"; b; b; b; null.a', 1, 43],
    ['const s = String.raw`import(\n${1}\n`; null.a', 3, 9],
    ['export default\n\n  1; null.a', 3, 11],
    ['let x: number = 1; (null as any).a', 1, 34],
    ['#!/bin/x\nawait 1;\nnull.a', 3, 6],
  ])('of %j has its place', async (code, line, column) => {
    const modules = { './b.js': 'export const b = 1' };
    if (line === null) {
      await expect(run({ code })).rejects.toMatchObject({ code: 'source-invalid' });
      return;
    }
    const frames = framesOf(await stackOf({ code, file: 'task', modules }));
    expect(frames[0]).toMatchObject({ file: 'task', line, column });
  });

  it('names functions and files, and nothing of the host', async () => {
    const modules = { './lib/b.js': 'export function fail() {\n  throw new Error("b");\n}' };
    const code = "import { fail } from './lib/b.js';\nfunction go() { fail(); }\nawait 0;\ngo();";
    const stack = await stackOf({ code, file: 'task.js', modules });
    const host = `${stack}\n    at host (/home/me/powerbox/main.js:1:1)`;
    expect(stackText(host)).toBe(
      '    at fail (lib/b.js:2:9)\n    at go (task.js:2:21)\n    at task.js:4:1',
    );
  });

  it('has no lines that code made up', async () => {
    const forged = [
      'at host (compartment:999999:1:1)',
      'at a (/etc/passwd:1:1)',
      'at compartment:1:1',
    ];
    expect(framesOf(forged.join('\n'))).toEqual([]);
    const code =
      'const e = new Error(); e.stack = "Error\\n    at x (/host/path.js:1:1)"; throw e;';
    expect(stackText(await stackOf({ code }))).toBe('');
    const named = '//# sourceURL=/host/path.js\nthrow new Error("a")';
    const stack = await stackOf({ code: named, file: 'a.js' });
    expect(stack).not.toContain('/host/path.js');
    expect(stackText(stack)).toBe('    at a.js:2:7');
  });
});
