import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Confined, openConfined } from '../support/confined.ts';

let confined: Confined;

beforeAll(async () => {
  confined = await openConfined();
});
afterAll(() => confined.close());

/** How the outside gets an object of another, as test/support/membrane-world.mjs has them. */
const WAYS = [
  'property',
  'getter',
  'give',
  'later',
  'list',
  'nested',
  'generator',
  'map',
  'bound',
  'self',
  'stream',
  'callback',
  'thrown',
  'keep',
];

const step = fc.record({
  way: fc.constantFrom(...WAYS),
  from: fc.nat({ max: 20 }),
  to: fc.nat({ max: 4 }),
});

interface Totals {
  readonly faults: readonly string[];
  readonly reached: number;
  readonly calls: number;
  readonly refused: number;
}

it('gives nobody the other side itself, and ends all that it gave, along any way', async () => {
  const programs = fc.sample(fc.array(step, { minLength: 5, maxLength: 25 }), 150);
  const run = (walled: boolean): Promise<Totals> =>
    confined.runFile<Totals>('test/support/membrane-world.mjs', { programs, walled });
  const walled = await run(true);
  expect(walled.faults).toEqual([]);
  expect(walled.reached).toBeGreaterThan(1000);
  expect(walled.refused).toBeGreaterThan(walled.calls);
  // The control: with nothing between the two, every way gives what it should not.
  const open = await run(false);
  for (const way of WAYS.filter((one) => one !== 'keep')) {
    expect(open.faults).toContain(`${way} gave the inside itself`);
  }
  expect(open.faults).toContain('the inside got the outside');
  expect(open.faults).toContain('a call after the end');
  expect(open.faults).toContain('a callback after the end');
});
