import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { PowerboxError } from '../../wire/errors.ts';
import type { ExitStatus, LimitsInForce } from '../contract.ts';
import type { ControlGroups } from './cgroup.ts';
import { END_MS_MAX, STOP_GRACE_MS } from './limits.ts';
import { processStartTime, processState } from './proc.ts';

/** A box whose program runs. */
export interface RunningBox {
  /** The outermost process of the box; with it all the others end. */
  readonly pid: number;
  /** The box's process 1, by its id on the host. */
  readonly childPid: number;
  /** Clock ticks after the machine's start; with `childPid` it names one process for ever. */
  readonly childStartTime: string;
  readonly limits: LimitsInForce;
  /** The other ends where a stream was asked for as `pipe`. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when nothing of the box is left; rejects with `box-failed` if no program ever ran. */
  wait(): Promise<ExitStatus>;
  /** Sends a signal to the program, as if it were the caller's own child. */
  signal(name: NodeJS.Signals): void;
  /** Ends the whole box at once, whatever state it is in. */
  kill(): void;
  /** Asks the program to end (SIGTERM), and kills the whole box after `graceMs`. */
  stop(graceMs?: number): Promise<ExitStatus>;
  /** Its memory is kept by a control group, which ends what uses more; else an rlimit refuses it. */
  readonly memoryInGroup: boolean;
  /** Whether the kernel ended a process of it for want of memory; to be asked before `cleanUp`. */
  memoryRanOut(): boolean;
  /** Lowers the limit of its memory while it runs; false where that cannot be. */
  lowerMemory(bytes: number): boolean;
  /** Removes control groups and stand-ins; call it after the end, and again after a failure. */
  cleanUp(): Promise<void>;
}

export interface RunningParts {
  readonly limits: LimitsInForce;
  readonly groups: ControlGroups;
  release(): Promise<void>;
}

/** Resolves when bubblewrap names the box's process 1. */
export function runningBox(
  child: ChildProcess,
  status: Readable,
  parts: RunningParts,
): Promise<RunningBox> {
  const told = { text: '' };
  status.setEncoding('utf8');
  const closed = new Promise<void>((resolve) => {
    status.once('close', resolve).once('error', () => resolve());
  });
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({ status: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) }),
    );
  });
  const inside: { pid: number | undefined } = { pid: undefined };
  let failure = '';
  child.on('message', (message) => {
    const { error, step } = message as { error?: string; step?: string };
    if (error !== undefined) failure = `cannot ${step}: ${error}`;
  });
  const wait = exited.then(async (exit) => {
    await closed;
    await gone(inside.pid);
    if (/"exit-code"/.test(told.text) || child.signalCode !== null) return exit;
    throw new PowerboxError(
      'box-failed',
      `Cannot set up the box: ${failure || 'bubblewrap refused, as its line above says'}.`,
    );
  });
  wait.catch(() => undefined);
  return new Promise((resolve, reject) => {
    status.on('data', (data: string) => {
      told.text += data;
      if (inside.pid !== undefined || !/"child-pid"/.test(told.text)) return;
      // bubblewrap counts by the ids of its own namespace; the host's are asked of the kernel.
      inside.pid = firstChild(firstChild(child.pid));
      if (inside.pid !== undefined) resolve(box(child, inside.pid, parts, wait));
    });
    wait.catch(reject);
    closed.then(() => {
      if (inside.pid !== undefined) return;
      // A short program has ended before the kernel was asked for its id.
      if (/"exit-code"/.test(told.text)) resolve(box(child, 0, parts, wait));
      else wait.then(() => reject(early()), reject);
    });
  });
}

function early(): PowerboxError {
  return new PowerboxError('box-failed', 'Cannot start the box: it was killed.');
}

function box(
  child: ChildProcess,
  childPid: number,
  { limits, groups, release }: RunningParts,
  wait: Promise<ExitStatus>,
): RunningBox {
  const signal = (name: NodeJS.Signals): void => {
    // Process 1 of a pid namespace is deaf to signals; the program is its first child.
    const program = firstChild(childPid);
    if (program !== undefined) kill(program, name);
    else if (name === 'SIGKILL') child.kill('SIGKILL');
  };
  return {
    pid: child.pid ?? 0,
    childPid,
    childStartTime: processStartTime(childPid) ?? '',
    limits,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    wait: () => wait,
    signal,
    kill: () => {
      child.kill('SIGKILL');
    },
    stop: async (graceMs = STOP_GRACE_MS) => {
      signal('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      try {
        return await wait;
      } finally {
        clearTimeout(timer);
      }
    },
    memoryInGroup: groups.keeps.has('memory'),
    memoryRanOut: () => groups.memoryRanOut(),
    lowerMemory: (bytes) => groups.lowerMemory(bytes),
    cleanUp: release,
  };
}

/** Resolves when a process is no more, or only its exit status is. */
async function gone(pid: number | undefined): Promise<void> {
  const end = Date.now() + END_MS_MAX;
  while (pid !== undefined && Date.now() < end && processState(pid) !== undefined) await sleep(2);
}

export function firstChild(pid: number | undefined): number | undefined {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return list[0] ? Number(list[0]) : undefined;
  } catch {
    return undefined;
  }
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}
