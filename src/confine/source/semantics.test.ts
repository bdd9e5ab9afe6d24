import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModuleProgram, modulePrograms } from '../../../test/support/module-programs.ts';
import { ROOT } from '../../../test/support/repository.ts';
import { makeRoom } from '../../../test/support/source-room.ts';

let reference: ChildProcess;

beforeAll(() => {
  reference = fork(join(ROOT, 'test/support/module-reference.mjs'), [], {
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
  });
});

afterAll(() => {
  reference.kill();
});

interface Came {
  readonly said: readonly string[];
  readonly exported?: readonly (readonly [string, string])[];
  readonly error?: string;
}

/** As the language itself runs it. */
function expected(program: ModuleProgram): Promise<Came> {
  return new Promise((resolve, reject) => {
    reference.once('message', (came) => resolve(came as Came));
    reference.send(program, (error) => {
      if (error) reject(error);
    });
  });
}

async function came({ entry, modules }: ModuleProgram): Promise<Came> {
  const said: string[] = [];
  const room = makeRoom({ log: (...values: unknown[]) => said.push(JSON.stringify(values)) });
  const { [entry]: code = '', ...others } = modules;
  try {
    const { exports } = await room.run({ code, file: entry, modules: others });
    const namespace = Object.entries(exports).map(([name, value]) => [name, typeof value] as const);
    await new Promise((next) => setImmediate(next));
    return { said, exported: namespace };
  } catch (error) {
    await new Promise((next) => setImmediate(next));
    const { name, code: kind } = error as { name?: string; code?: string };
    // What the language says of a name that is not exported, or is twice.
    return { said, error: kind === 'source-invalid' ? 'SyntaxError' : (name ?? String(error)) };
  }
}

describe('a program of modules', () => {
  it('does what the language says', async () => {
    let finished = 0;
    await fc.assert(
      fc.asyncProperty(modulePrograms, async (program) => {
        const right = await expected(program);
        if (right.exported) finished += 1;
        expect(await came(program)).toEqual(right);
      }),
      { numRuns: 300 },
    );
    // Not only programs that cannot be linked were compared.
    expect(finished).toBeGreaterThan(30);
  });
});
