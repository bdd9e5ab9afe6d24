import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { type BoxRecord, boxFolder, isAlive, isRunning } from './box-record.ts';
import { STOP_GRACE_MS } from './limits.ts';

/**
 * Ends a box of another process: its starter is asked, and killed when it does not answer. A box
 * never outlives its starter. Throws `box-ended`.
 */
export async function stopBox(home: Home, record: BoxRecord): Promise<void> {
  const { starter } = record;
  if (!isRunning(record)) {
    throw new PowerboxError('box-ended', `Cannot stop ${record.id}: it has ended.`);
  }
  writeFileSync(join(boxFolder(home, record.id), 'stopping'), '');
  process.kill(starter.pid, 'SIGTERM');
  const until = Date.now() + STOP_GRACE_MS + 3_000;
  while (isAlive(starter)) {
    if (Date.now() > until) {
      process.kill(starter.pid, 'SIGKILL');
      return;
    }
    await sleep(20);
  }
}

export function isStopping(home: Home, id: string): boolean {
  return existsSync(join(boxFolder(home, id), 'stopping'));
}
