import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/repository.ts';
import { ATTEMPTS } from './all-attempts.ts';
import { CONTROLS } from './attempts/controls.ts';
import { type Outcome, runBattery } from './support/battery.ts';

const LIBRARY = join(ROOT, 'dist/confine/library.js');

const told = ({ attempt, evidence }: Outcome): string =>
  `${attempt.category}: ${attempt.name} (${evidence.join(', ')})`;

describe('the battery', () => {
  it('has at least 180 attempts, each with a name of its own', () => {
    expect(ATTEMPTS.length).toBeGreaterThanOrEqual(180);
    const names = ATTEMPTS.map(({ category, name }) => `${category}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a compartment in the process of its author', () => {
  it('lets none of the battery through', async () => {
    const outcomes = await runBattery(ATTEMPTS, 'confined', [LIBRARY]);
    expect(outcomes.filter(({ evidence }) => evidence.length > 0).map(told)).toEqual([]);
    expect(outcomes.filter(({ finished }) => !finished).map(told)).toEqual([]);
    // What is refused unread shows little: nearly all of it is run.
    const refused = outcomes.filter(({ refusal }) => refusal !== null);
    expect(refused.length).toBeLessThan(ATTEMPTS.length / 8);
  }, 120_000);

  it('would be seen to let something through', async () => {
    const outcomes = await runBattery(CONTROLS, 'confined', [LIBRARY]);
    expect(outcomes.filter(({ evidence }) => evidence.length === 0).map(told)).toEqual([]);
  });
});
