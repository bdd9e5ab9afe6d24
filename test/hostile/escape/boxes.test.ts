import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DaemonPlace, makeDaemonPlace } from '../../support/daemon.ts';
import { ROOT } from '../../support/repository.ts';
import { ATTEMPTS } from './all-attempts.ts';
import { CONTROLS } from './attempts/controls.ts';
import { type Outcome, runBattery } from './support/battery.ts';

const SDK = join(ROOT, 'dist/sdk/index.js');

const told = ({ attempt, evidence }: Outcome): string =>
  `${attempt.category}: ${attempt.name} (${evidence.join(', ')})`;

let place: DaemonPlace;
beforeAll(() => {
  place = makeDaemonPlace();
  const kinds = ['careless-kind.mjs', 'auditor-kind.mjs'].map((file) =>
    join(import.meta.dirname, 'support', file),
  );
  writeFileSync(join(place.home, 'config.json'), JSON.stringify({ kinds }));
});
afterAll(() => place.close());

/**
 * The same in boxes: the code uses a careless power in the daemon, and its maker does with results
 * what hosts do. Most are tried where compartments share a process, which is the weaker way.
 */
describe('a compartment in a box', () => {
  it('lets none of the battery through', async () => {
    const outcomes = await runBattery(ATTEMPTS, 'daemon', [SDK, place.home, 'shared']);
    expect(outcomes.filter(({ evidence }) => evidence.length > 0).map(told)).toEqual([]);
    expect(outcomes.filter(({ finished }) => !finished).map(told)).toEqual([]);
    const refused = outcomes.filter(({ refusal }) => refusal !== null);
    expect(refused.length).toBeLessThan(ATTEMPTS.length / 8);
  }, 120_000);

  it('lets none through where each has a process of its own', async () => {
    const some = ATTEMPTS.filter((_, at) => at % 60 === 0);
    const outcomes = await runBattery(some, 'daemon', [SDK, place.home, 'own']);
    expect(outcomes.filter(({ evidence }) => evidence.length > 0).map(told)).toEqual([]);
    expect(outcomes.filter(({ finished }) => !finished).map(told)).toEqual([]);
  }, 120_000);

  it('would be seen to let something through', async () => {
    const outcomes = await runBattery(CONTROLS, 'daemon', [SDK, place.home, 'shared']);
    expect(outcomes.filter(({ evidence }) => evidence.length === 0).map(told)).toEqual([]);
  });
});
