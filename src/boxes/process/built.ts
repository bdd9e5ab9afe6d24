import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PowerboxError } from '../../wire/errors.ts';
import { START_MS_MAX } from './limits.ts';
import { processStartTime } from './proc.ts';

/** Process 1 of a box as seen from the host; the start time tells it from a later one. */
export interface EnterTarget {
  readonly childPid: number;
  readonly startTime: string;
}

const POLL_MS = 2;

/**
 * Waits until the walls of a box stand. Process 1 is known while bubblewrap still builds them, and
 * who entered then would see the host's files; the system call filter is the last that it takes on.
 * Throws `box-ended` when the box is gone, `box-failed` when it takes longer than a start may.
 */
export async function whenBuilt({ childPid, startTime }: EnterTarget): Promise<void> {
  const before = filters('self') ?? 0;
  for (const end = Date.now() + START_MS_MAX; Date.now() < end; await sleep(POLL_MS)) {
    const now = filters(childPid);
    if (now === undefined || processStartTime(childPid) !== startTime) throw gone();
    if (now > before) return;
  }
  throw new PowerboxError('box-failed', 'Cannot enter the box: its walls are not up yet.');
}

export function gone(): PowerboxError {
  return new PowerboxError('box-ended', 'Cannot enter the box: it has ended.');
}

/** How many system call filters a process has (proc(5)); undefined when it is gone. */
function filters(pid: number | 'self'): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const count = /^Seccomp_filters:\s+(\d+)$/m.exec(status)?.[1];
    // Before Linux 5.9 only whether there is one is told.
    return count === undefined ? Number(/^Seccomp:\s+2$/m.test(status)) : Number(count);
  } catch {
    return undefined;
  }
}
