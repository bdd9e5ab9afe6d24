import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { whenBuilt } from './built.ts';
import { processStartTime } from './proc.ts';

test('a process without the filter is not entered, and one that ends is gone', async () => {
  const child = spawn('sleep', ['30'], { stdio: 'ignore' });
  const childPid = child.pid as number;
  const waiting = whenBuilt({ childPid, startTime: processStartTime(childPid) ?? '' });
  const settled = waiting.then(
    () => 'built',
    (error: { code: string }) => error.code,
  );
  expect(await Promise.race([settled, sleep(100, 'waits')])).toBe('waits');
  child.kill('SIGKILL');
  expect(await settled).toBe('box-ended');
});

test('a process that has another start time is another', async () => {
  const other = whenBuilt({ childPid: process.pid, startTime: '1' });
  await expect(other).rejects.toMatchObject({ code: 'box-ended' });
});
