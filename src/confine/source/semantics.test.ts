import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModuleProgram, modulePrograms } from '../../../test/support/module-programs.ts';
import { ROOT } from '../../../test/support/repository.ts';
import { makeRoom } from '../../../test/support/source-room.ts';

let reference: ChildProcess;

beforeAll(() => {
  reference = fork(join(ROOT, 'test/support/module-reference.mjs'));
});

afterAll(() => {
  // It takes its folder away then.
  reference.disconnect();
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
  const waits: Promise<unknown>[] = [];
  const room = makeRoom({
    log: (...values: unknown[]) => said.push(JSON.stringify(values)),
    late: (promise: Promise<unknown>) => waits.push(promise),
  });
  const settle = async (): Promise<void> => {
    for (const wait of waits) await wait;
    await new Promise((next) => setImmediate(next));
  };
  const { [entry]: code = '', ...others } = modules;
  try {
    const { exports } = await room.run({ code, file: entry, modules: others });
    await settle();
    return { said, exported: Object.entries(exports).map(([name, value]) => [name, typeof value]) };
  } catch (error) {
    await settle();
    const { name, code: kind } = error as { name?: string; code?: string };
    // What the language says of a name that is not exported, or is twice.
    return { said, error: kind === 'source-invalid' ? 'SyntaxError' : (name ?? String(error)) };
  }
}

/** When a late module comes from the disk is nobody's promise. */
function timeless({ said, ...rest }: Came, { modules }: ModuleProgram): Came {
  const hasLate = Object.values(modules).some((code) => code.includes('late('));
  return { said: hasLate ? said.toSorted() : said, ...rest };
}

describe('a program of modules', () => {
  it('does what the language says', async () => {
    let finished = 0;
    await fc.assert(
      fc.asyncProperty(modulePrograms, async (program) => {
        const right = await expected(program);
        if (right.exported) finished += 1;
        expect(timeless(await came(program), program)).toEqual(timeless(right, program));
      }),
      { numRuns: 200 },
    );
    // Not only programs that cannot be linked were compared.
    expect(finished).toBeGreaterThan(30);
  });
});
