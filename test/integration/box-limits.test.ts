import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, runBox, STARTERS } from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const MEBIBYTE = 2 ** 20;
const ALLOCATE = ['/usr/bin/python3', '-c', 'x = bytearray(300 << 20); print(len(x))'];
const FORK = `
import os, sys, time
n = 0
try:
    while n < 200:
        if os.fork() == 0: time.sleep(5); os._exit(0)
        n += 1
except OSError: pass
print(n)
sys.stdout.flush()
os.kill(os.getpid(), 9)
`;

describe.each(STARTERS)('the limits of a box started by %s', (starter) => {
  test('memory', async () => {
    const room = bench.room(starter);
    const bound = await runBox(bench, room, {
      program: ALLOCATE,
      limits: { memoryBytes: 128 * MEBIBYTE },
    });
    expect(bound.status).not.toBe(0);
    expect(bound.stdout).toBe('');
    expect(bound.started?.limits.memory).toMatch(
      /^134217728 bytes \((cgroup v[12]|rlimit data, each process)\)$/,
    );
    const control = await runBox(bench, room, { program: ALLOCATE });
    expect(control.stdout).toBe(`${300 * MEBIBYTE}\n`);
  });

  test('processes', async () => {
    const room = bench.room(starter);
    const program = ['/usr/bin/python3', '-c', FORK];
    const bound = await runBox(bench, room, { program, limits: { pids: 40 } });
    expect(Number(bound.stdout)).toBeLessThan(40);
    const control = await runBox(bench, room, { program });
    expect(Number(control.stdout)).toBe(200);
  });

  test('processors', async () => {
    const spin =
      'import time, threading, os; t = time.process_time(); e = time.time() + 1\nwhile time.time() < e: pass\nprint(time.process_time() - t, len(os.sched_getaffinity(0)))';
    const bound = await runBox(bench, bench.room(starter), {
      program: ['/usr/bin/python3', '-c', spin],
      limits: { cpus: 0.2 },
    });
    const [seconds = 9, processors = 0] = bound.stdout.split(' ').map(Number);
    // Without control groups only whole processors can be kept.
    if (bound.started?.limits.cpus?.includes('cgroup')) expect(seconds).toBeLessThan(0.5);
    else expect(processors).toBe(1);
  });

  test.each(['/tmp', '/home/box', '/var/tmp', '/run', '/dev/shm'])(
    'space in %s',
    async (folder) => {
      const program = ['sh', '-c', `head -c 8M /dev/zero > ${folder}/f; stat -c %s ${folder}/f`];
      const bound = await runBox(bench, bench.room(starter), {
        program,
        limits: { diskBytes: 2 * MEBIBYTE },
      });
      expect(bound.stderr).toMatch(/No space left/);
      expect(Number(bound.stdout)).toBeLessThanOrEqual(2 * MEBIBYTE);
    },
  );

  test.each(['/', '/etc', '/dev', '/usr', '/home', '/var'])(
    'nothing is written to %s',
    async (folder) => {
      const ended = await runBox(bench, bench.room(starter), {
        program: ['sh', '-c', `echo x > ${folder}/f`],
      });
      expect(ended.stderr).toMatch(/Read-only|denied/);
    },
  );

  test('leave no control group behind', async () => {
    const id = `left-${process.pid}-${starter}`;
    const limits = { memoryBytes: 64 * MEBIBYTE, pids: 50, cpus: 1 };
    await runBox(bench, bench.room(starter), { id, program: ['sh', '-c', 'sleep 100 &'], limits });
    const root = '/sys/fs/cgroup';
    const left = ['memory', 'pids', 'cpu', '.']
      .map((name) => `${root}/${name}`)
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path).filter((name) => name.includes(id)));
    expect(left).toEqual([]);
  });
});
