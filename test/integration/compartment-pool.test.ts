import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPool, type Pool, type PoolOptions } from '../../src/boxes/compartment/pool.ts';
import type { WorkerBox } from '../../src/boxes/compartment/start.ts';
import { sweepWorkers } from '../../src/boxes/compartment/sweep.ts';
import { listControlGroups, makeControlGroups } from '../../src/boxes/process/cgroup.ts';
import { speakTo, WORKER_MAIN } from '../support/worker.ts';

let boxes: string;
const pools: Pool[] = [];
const taken: WorkerBox[] = [];

beforeEach(() => {
  boxes = mkdtempSync(join(tmpdir(), 'powerbox-pool-'));
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  await Promise.all(taken.splice(0).map((worker) => worker.kill()));
  rmSync(boxes, { recursive: true, force: true });
});

function open(options: Partial<PoolOptions> = {}): Pool {
  const pool = openPool({ boxes, main: WORKER_MAIN, ...options });
  pools.push(pool);
  return pool;
}

async function take(pool: Pool, memoryBytes?: number): Promise<WorkerBox> {
  const worker = await pool.take({
    turnMs: 5_000,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  });
  taken.push(worker);
  await worker.ready;
  return worker;
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds() && Date.now() < end) await sleep(10);
  expect(holds()).toBe(true);
}

test('begins with none, then keeps some ready, and gives each out once', async () => {
  const pool = open();
  await sleep(100);
  expect(pool.warm()).toBe(0);
  const first = await take(pool);
  await until(() => pool.warm() === 2);
  const next = [await take(pool), await take(pool)];
  expect(new Set([first, ...next].map(({ pid }) => pid)).size).toBe(3);
  for (const worker of next) {
    const room = await speakTo(worker).open();
    expect(await room.evaluate('1 + 1')).toBe(2);
  }
  await until(() => pool.warm() === 2);
});

test('gives many at once', async () => {
  const pool = open();
  const workers = await Promise.all([take(pool), take(pool), take(pool), take(pool)]);
  expect(new Set(workers.map(({ pid }) => pid)).size).toBe(4);
});

test('holds a worker to less memory, and starts another for more', async () => {
  const pool = open({ warm: 1 });
  await take(pool);
  await until(() => pool.warm() === 1);
  const small = await take(pool, 128 * 1024 ** 2);
  const room = await speakTo(small).open();
  const bomb = 'const a = []; for (;;) a.push(new Uint8Array(2 ** 20).fill(1));';
  const answer = await room.evaluate(bomb).then(
    () => 'a value',
    (error: Error) => error.message,
  );
  // Where the system refuses instead of ending, the code is told.
  if (!/RangeError/.test(answer)) expect(await small.ended).toMatchObject({ why: 'memory' });
  const large = await take(pool, 512 * 1024 ** 2);
  const wide = await speakTo(large).open();
  expect(await wide.evaluate('new Uint8Array(300 * 2 ** 20).fill(1).length')).toBe(300 * 2 ** 20);
});

test('replaces one that ends, and ends those that nobody takes', async () => {
  const pool = open({ warm: 1, idleMs: 4_000 });
  await take(pool);
  await until(() => pool.warm() === 1);
  await until(() => pool.warm() === 0);
  const worker = await take(pool);
  expect(await (await speakTo(worker).open()).evaluate('1')).toBe(1);
});

test('starts none after its end', async () => {
  const pool = open();
  await take(pool);
  await pool.close();
  await sleep(300);
  expect(pool.warm()).toBe(0);
});

test('says why when none can be started', async () => {
  const pool = open({ main: join(boxes, 'missing/main.cjs') });
  await expect(pool.take({})).rejects.toThrow(/missing/);
  expect(pool.warm()).toBe(0);
});

test('removes what a killed starter left, and nothing of one that lives', async () => {
  const worker = await take(open());
  // No process has a number so high (proc(5), pid_max).
  const left = 'worker-4194305-1-1';
  const groups = makeControlGroups(left, { memoryBytes: 2 ** 28 });
  expect(listControlGroups(left)).toEqual(groups.keeps.has('memory') ? [left] : []);
  sweepWorkers();
  expect(listControlGroups(left)).toEqual([]);
  expect(await (await speakTo(worker).open()).evaluate('1')).toBe(1);
});
