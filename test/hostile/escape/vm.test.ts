import { expect, it } from 'vitest';
import { ATTEMPTS } from './all-attempts.ts';
import { CONTROLS } from './attempts/controls.ts';
import { type Outcome, runBattery } from './support/battery.ts';

const MAJOR = Number(process.versions.node.split('.')[0]);

/** Of the pinned set, how many may differ on a version of Node on which it was not taken. */
const OTHERS_MAX = 40;

const nameOf = ({ attempt }: Outcome): string => `${attempt.category}: ${attempt.name}`;
const isThrough = ({ evidence }: Outcome): boolean => evidence.length > 0;

/**
 * The positive control of the battery: where nothing is confined well, it must get through, or it
 * would say nothing where nothing gets through.
 */
it('gets through node:vm in many ways', async () => {
  const outcomes = await runBattery(ATTEMPTS, 'vm');
  const through = outcomes.filter(isThrough).map(nameOf);
  const expected = outcomes.filter(({ attempt }) => attempt.through === true).map(nameOf);
  expect(through.length).toBeGreaterThanOrEqual(150);
  const others = [
    ...through.filter((name) => !expected.includes(name)),
    ...expected.filter((name) => !through.includes(name)),
  ];
  if (MAJOR === 20) expect(others).toEqual([]);
  else expect(others.length, others.join('\n')).toBeLessThanOrEqual(OTHERS_MAX);
}, 120_000);

it('gets through where nothing is confined, with what node:vm happens to refuse', async () => {
  const hidden = ATTEMPTS.filter(({ category }) =>
    /^(?:imports|syntax|evaluators)$/.test(category),
  );
  const outcomes = await runBattery(hidden, 'open');
  const counts = (category: string): number =>
    outcomes.filter((outcome) => outcome.attempt.category === category && isThrough(outcome))
      .length;
  expect(counts('imports')).toBeGreaterThanOrEqual(10);
  expect(counts('syntax')).toBeGreaterThanOrEqual(20);
  expect(counts('evaluators')).toBeGreaterThanOrEqual(20);
}, 120_000);

it('sees through in node:vm what is handed out', async () => {
  const outcomes = await runBattery(CONTROLS, 'vm');
  expect(outcomes.filter((outcome) => !isThrough(outcome)).map(nameOf)).toEqual([]);
});
