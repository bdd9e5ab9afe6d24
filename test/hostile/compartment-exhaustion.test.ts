import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerEnd } from '../../src/boxes/compartment/start.ts';
import { type Rooms, type WorkerBench, workerBench } from '../support/worker.ts';

/**
 * What a program can use up. Each ends its own worker, with the reason, and holds no more memory
 * than it was given; a neighbour answers as before.
 */

const MEMORY_BYTES = 192 * 1024 ** 2;
const LIMITS = { turnMs: 500, cpuMs: 1_500, lifeMs: 60_000 };
/** Generous: what is measured here shares its processors with other tests. */
const ENDS_WITHIN_MS = 40_000;

let bench: WorkerBench;
let neighbour: Rooms;

beforeAll(async () => {
  bench = workerBench();
  neighbour = await bench.start();
});
afterAll(() => bench.close());

/** What holds the thread may be ended for that before the memory is used up, where that is slow. */
const BOMBS: readonly [string, readonly WorkerEnd['why'][], string][] = [
  ['a loop', ['turn'], 'for (;;);'],
  ['a loop that waits', ['turn'], 'for (;;) await null;'],
  ['a console', ['turn'], 'for (;;) console.log("x".repeat(1000));'],
  ['a regular expression', ['turn'], '/^(a+)+$/.test("a".repeat(40) + "b")'],
  ['a heap of objects', ['memory', 'turn'], 'const a = []; for (;;) a.push({ a: [1, 2, 3] });'],
  ['a heap of closures', ['memory', 'turn'], 'const a = []; for (;;) a.push(() => a);'],
  ['buffers', ['memory'], 'const a = []; for (;;) a.push(new Uint8Array(32 * 2 ** 20).fill(1));'],
  ['a buffer of 2 GiB', ['memory'], 'new Uint8Array(2 ** 31 - 1).fill(1).length'],
  [
    'texts',
    ['memory', 'turn'],
    'const a = []; for (;;) a.push(JSON.stringify("x".repeat(2 ** 22)));',
  ],
  [
    'a sparse list that is filled',
    ['memory', 'turn'],
    'const a = []; a[2 ** 32 - 2] = 1; a.fill(0)',
  ],
  ['a number', ['memory', 'turn'], 'let x = 3n; for (;;) x *= x;'],
  [
    'promises that fork',
    ['memory', 'turn', 'processor'],
    'const f = () => Promise.all([Promise.resolve().then(f), Promise.resolve().then(f)]); await f()',
  ],
  [
    'promises in a row',
    ['memory', 'turn', 'processor'],
    'const f = () => Promise.resolve().then(f); await f()',
  ],
  [
    'timers that fork',
    ['processor', 'memory', 'turn'],
    'const f = () => { for (;;) { try { setTimeout(f, 0); } catch { break; } } }; f(); await new Promise(() => {})',
  ],
];

/** A neighbour of the program, in another process, is used all the time. */
async function keepAsking(slowest: { ms: number }): Promise<never> {
  for (let n = 0; ; n += 1) {
    const asked = performance.now();
    const other = await neighbour.open();
    expect(await other.evaluate(`${n} + 1`)).toBe(n + 1);
    await other.close();
    slowest.ms = Math.max(slowest.ms, performance.now() - asked);
    await sleep(50);
  }
}

test.each(BOMBS)('%s', { timeout: 60_000 }, async (_, reasons, code) => {
  const rooms = await bench.start({ memoryBytes: MEMORY_BYTES });
  const { box } = rooms;
  const room = await rooms.open();
  await room.evaluate('1');
  const began = performance.now();
  box.watch(LIMITS);
  const watch = { most: 0 };
  const timer = setInterval(() => {
    watch.most = Math.max(watch.most, box.stats().memoryBytes);
  }, 20);
  const answer = room.evaluate(code).then(
    () => 'a value',
    () => 'nothing',
  );
  const slowest = { ms: 0 };
  const ended = await Promise.race([box.ended, keepAsking(slowest)]);
  clearInterval(timer);
  expect(reasons).toContain(ended.why);
  expect(performance.now() - began).toBeLessThan(ENDS_WITHIN_MS);
  expect(watch.most).toBeLessThanOrEqual(MEMORY_BYTES);
  expect(await answer).toBe('nothing');
  expect(slowest.ms).toBeLessThan(5_000);
});

test.each([
  ['a stack', 'const f = () => f() + 1; f()', /RangeError/],
  ['a text that doubles', 'let s = "x"; for (;;) s += s;', /RangeError/],
  ['memory that the engine refuses', 'new Array(2 ** 32)', /RangeError/],
])('%s is an error of the code, which goes on', async (_, code, message) => {
  const rooms = await bench.start({ memoryBytes: MEMORY_BYTES });
  rooms.box.watch(LIMITS);
  const room = await rooms.open();
  const answer = await room.evaluate(code).then(String, (error: Error) => error.message);
  expect(answer).toMatch(message);
  await rooms.box.kill();
});

describe('what the host does about a worker', () => {
  test('ends a loop at once, and nothing of it is left', async () => {
    const took: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const rooms = await bench.start();
      const room = await rooms.open();
      room.evaluate('for (;;);').catch(() => undefined);
      await sleep(30);
      const { pid } = rooms.box;
      expect(pid).toBeGreaterThan(0);
      const began = performance.now();
      expect(await rooms.box.kill()).toEqual({ why: 'killed', status: 137 });
      took.push(performance.now() - began);
      expect(() => readFileSync(`/proc/${pid}/stat`)).toThrow(/ENOENT|ESRCH/);
    }
    // Under the load of other tests; bench/compartments.mjs has the number.
    expect(Math.min(...took)).toBeLessThan(200);
  });

  test('lets a worker be that computes in short turns, and one that sleeps', async () => {
    const rooms = await bench.start();
    rooms.box.watch({ turnMs: 200 });
    const room = await rooms.open();
    const short =
      'for (let n = 0; n < 20; n++) { let x = 0; for (let i = 0; i < 1e6; i++) x += i; await new Promise((r) => setTimeout(r, 1)); } "done"';
    expect(await room.evaluate(short)).toBe('done');
    expect(await room.evaluate('await new Promise((r) => setTimeout(r, 1200)); "awake"')).toBe(
      'awake',
    );
    expect(await room.evaluate('1')).toBe(1);
  });

  test('notices a loop that begins when nobody waits', async () => {
    const rooms = await bench.start();
    rooms.box.watch({ turnMs: 300 });
    const room = await rooms.open();
    await room.evaluate('setTimeout(() => { for (;;); }, 1000)');
    expect(await rooms.box.ended).toMatchObject({ why: 'turn' });
  });

  test('ends its life, whatever it does', async () => {
    const rooms = await bench.start();
    rooms.box.watch({ lifeMs: 300 });
    expect(await rooms.box.ended).toMatchObject({ why: 'time' });
  });

  test('spends nothing on one that does nothing', async () => {
    const rooms = await bench.start();
    const room = await rooms.open();
    await room.evaluate('1');
    rooms.box.watch(LIMITS);
    await sleep(1_000);
    const before = rooms.box.stats().cpuMs;
    await sleep(1_500);
    expect(rooms.box.stats().cpuMs - before).toBeLessThanOrEqual(20);
  });
});
