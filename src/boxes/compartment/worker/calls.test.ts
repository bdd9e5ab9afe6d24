import { expect, test } from 'vitest';
import { Calls } from './calls.ts';
import { CALLS_MAX, CALLS_OF_ALL_MAX } from './limits.ts';

/** Starts so many calls; gives the numbers of those that were sent, in order. */
function send(calls: Calls, count: number): number[] {
  const sent: number[] = [];
  for (let n = 0; n < count; n += 1) calls.begin(() => sent.push(n));
  return sent;
}

/** Its compartment ends, then the answers to so many calls come. */
function finish(calls: Calls, going: number): void {
  calls.close();
  for (let n = 0; n < going; n += 1) calls.end();
}

test('one alone has most places, and the rest follow in order', () => {
  const calls = new Calls();
  const sent = send(calls, 500);
  expect(sent.length).toBe(CALLS_MAX);
  for (let n = 0; n < 500; n += 1) calls.end();
  expect(sent).toEqual(Array.from({ length: 500 }, (_, n) => n));
  calls.close();
});

test('of those that share a process none can have the places of all', () => {
  const many = Array.from({ length: 10 }, () => new Calls());
  const [hog, ...others] = many as [Calls, ...Calls[]];
  expect(send(hog, 1_000).length).toBe(CALLS_OF_ALL_MAX / 10);
  for (const calls of others) expect(send(calls, 5).length).toBe(5);
  for (const calls of many) finish(calls, calls === hog ? CALLS_OF_ALL_MAX / 10 : 5);
});

test('places that come free are taken in turn', () => {
  const many = Array.from({ length: 100 }, () => new Calls());
  const sent = many.map((calls) => send(calls, 20));
  expect(sent.flat().length).toBe(CALLS_OF_ALL_MAX);
  const last = sent.at(-1) as number[];
  expect(last).toEqual([]);
  const first = many[0] as Calls;
  for (let n = 0; n < 4; n += 1) first.end();
  expect(sent.flat().length).toBe(CALLS_OF_ALL_MAX + 4);
  // The first one has waited longest, and so has one of its own places.
  expect(sent.slice(60).flat().length).toBe(3);
  many.forEach((calls, n) => {
    finish(calls, (sent[n] as number[]).length - (n === 0 ? 4 : 0));
  });
});

test('what waits when a compartment ends is never sent', () => {
  const calls = new Calls();
  const sent = send(calls, 300);
  finish(calls, CALLS_MAX);
  expect(sent.length).toBe(CALLS_MAX);
  expect(() => send(calls, 300)).toThrow(/ended/);
  for (let n = 0; n < CALLS_MAX; n += 1) calls.end();
});
