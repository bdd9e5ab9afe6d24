import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { fuzz } from './run.ts';
import { TARGETS } from './targets.ts';

/** What `fuzz/main.mjs` asks for. */
const {
  seed,
  seconds,
  targets,
  outcomes: report,
} = JSON.parse(process.env.FUZZ ?? '{}') as {
  readonly seed: number;
  readonly seconds: number;
  readonly targets: readonly string[];
  /** A file that gets a line of JSON for each target. */
  readonly outcomes: string;
};

describe('fuzzing', () => {
  const chosen = TARGETS.filter(({ name }) => targets.length === 0 || targets.includes(name));
  it.each(chosen.map((target) => [target.name, target] as const))('%s', async (name, target) => {
    const { inputs, outcomes, fault } = await fuzz(target, seed, seconds * 1000);
    process.stdout.write(`${name}: ${inputs} inputs, ${outcomes} outcomes, seed ${seed}\n`);
    const line = { target: name, inputs, outcomes, held: fault === null };
    appendFileSync(report, `${JSON.stringify(line)}\n`);
    if (fault === null) return;
    const folder = join(import.meta.dirname, 'repros', name);
    const file = `${createHash('sha256').update(fault.input).digest('hex').slice(0, 12)}.txt`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), fault.input);
    throw new Error(`${name}: fuzz/repros/${name}/${file} breaks a promise`, {
      cause: fault.error,
    });
  });
});
