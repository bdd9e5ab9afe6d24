import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { connectionsMax, descriptorsOf } from './descriptors.ts';
import { CONNECTIONS_MAX, CONNECTIONS_MIN } from './limits.ts';

const LINE = 'Max open files            1024                 4096                 files     \n';

it('reads how many descriptors there may be', () => {
  expect(descriptorsOf(`Max processes  5 5 processes\n${LINE}`)).toBe(1024);
  expect(descriptorsOf(LINE.replace('1024', 'unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(descriptorsOf(readFileSync('/proc/self/limits', 'latin1'))).toBeGreaterThan(100);
});

it('shares descriptors between boxes, and leaves each a few', () => {
  expect(connectionsMax(1, Number.POSITIVE_INFINITY)).toBe(CONNECTIONS_MAX);
  expect(connectionsMax(1, 1 << 20)).toBe(CONNECTIONS_MAX);
  const one = connectionsMax(1, 1024);
  expect(one).toBeLessThan(512);
  expect(connectionsMax(2, 1024)).toBe(Math.floor(one / 2));
  expect(connectionsMax(1000, 1024)).toBe(CONNECTIONS_MIN);
});
