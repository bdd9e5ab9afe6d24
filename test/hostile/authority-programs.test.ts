import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BROKEN } from './support/authority/broken.ts';
import type { Break } from './support/authority/cast.ts';
import { BOUNDS, programs } from './support/authority/programs.ts';
import { type Finding, play } from './support/authority/runner.ts';

/** Programs that a broken kernel is tried with before it is held to be seen by nobody. */
const TRIES = 200;

/** Whether the property of this law fails, as it must where the law is broken. */
async function isSeen(law: Finding['law'], broken: Break): Promise<boolean> {
  for (const steps of fc.sample(programs, TRIES)) {
    const { findings } = await play(steps, broken);
    if (findings.some((finding) => finding.law === law)) return true;
  }
  return false;
}

/**
 * Random programs of a host, two agents and two tools that give, use, hand on, watch, stream,
 * revoke, remove, let time go by and begin anew, against the kernel, held against a ledger that
 * works out apart from it what each grant may.
 */
describe('authority, over random programs', () => {
  it('ends with its grant, reaches no further than what it hangs on, and leaves its row', async () => {
    const seen = { programs: 0, effects: 0, refused: 0, revoked: 0 };
    await fc.assert(
      fc.asyncProperty(programs, async (steps) => {
        const run = await play(steps);
        seen.programs += 1;
        seen.effects += run.seen.effects;
        seen.refused += run.seen.refused;
        seen.revoked += run.seen.revoked;
        expect(run.findings).toEqual([]);
      }),
      BOUNDS,
    );
    // Programs in which nothing is done, refused or revoked say nothing.
    expect(seen.effects).toBeGreaterThan(seen.programs);
    expect(seen.refused).toBeGreaterThan(seen.programs);
    expect(seen.revoked).toBeGreaterThan(seen.programs);
  }, 60_000);

  for (const [law, kernels] of Object.entries(BROKEN)) {
    it.each(Object.entries(kernels))(`sees ${law} broken by one that %s`, async (_, broken) => {
      expect(await isSeen(law as Finding['law'], broken)).toBe(true);
    });
  }
});
