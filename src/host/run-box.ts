import type { Readable } from 'node:stream';
import { openJournal } from '../journal/journal.ts';
import type { RunningBox } from '../boxes/process/running.ts';
import { startBox } from '../boxes/process/start.ts';
import type { Home } from '../store/home.ts';
import { deriveKey, loadKey } from '../vault/key.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { BoxEndEntry } from '../wire/journal-entry.ts';
import { type BoxRecord, processId, removeBox, writeRecord } from './box-record.ts';
import { isStopping } from './stop-box.ts';
import { type EgressProcess, startEgress } from './egress-process.ts';
import { STOP_GRACE_MS } from './limits.ts';
import { type Prepared, prepare, type RunOptions, type Stdio } from './prepare.ts';

/** What the host hears while a box runs. */
export interface RunEvents {
  /** A destination was refused for the first time. */
  refused(line: string): void;
  failed(line: string): void;
}

/** How a box ended. */
export interface RunResult {
  readonly id: string;
  readonly status: number;
  readonly reason: BoxEndEntry['reason'];
}

/** A box that runs, as its starter holds it. */
export interface RunHandle {
  readonly record: BoxRecord;
  /** Sends a signal to the program; SIGTERM after `powerbox stop` ends the whole box. */
  signal(name: NodeJS.Signals): void;
  /** The program's output where `pipe` was asked for. */
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly done: Promise<RunResult>;
}

/**
 * Starts a box and stays with it to its end. The egress process is started first and comes up
 * while the walls are built; the program starts only when the start is in the journal.
 */
export async function runBox(
  home: Home,
  options: RunOptions,
  stdio: Stdio,
  events: RunEvents,
): Promise<RunHandle> {
  const key = deriveKey(loadKey(home), 'journal');
  const egress = startEgress(home, key, events);
  try {
    const prepared = await prepare(home, options);
    return await begin(home, key, options, prepared, stdio, egress, events);
  } catch (error) {
    egress.end();
    throw error;
  }
}

async function begin(
  home: Home,
  key: Buffer,
  options: RunOptions,
  prepared: Prepared,
  stdio: Stdio,
  egress: EgressProcess,
  events: RunEvents,
): Promise<RunHandle> {
  const { spec } = prepared;
  const started = Date.now();
  egress.open(prepared.egress);
  let box: RunningBox;
  let record = recordOf(options, prepared, started);
  const journal = openJournal(home, key);
  try {
    writeRecord(home, record);
    const starting = await startBox({ ...spec, stdio });
    await Promise.all(starting.listeners.map((listener) => egress.listen(spec.id, listener)));
    journal.append({
      kind: 'box-start',
      box: spec.id,
      program: spec.program,
      workspace: `${options.cwd} (${prepared.workspaceAccess})`,
      rules: prepared.rules,
      secrets: prepared.secretNames,
    });
    box = await starting.go();
    record = { ...record, running: runningOf(box, starting.transparent) };
    writeRecord(home, record);
  } catch (error) {
    journal.close();
    removeBox(home, spec.id);
    throw error;
  }

  let reason = 'exited' as BoxEndEntry['reason'];
  const end = (why: BoxEndEntry['reason']) => {
    reason = why;
    void box.stop(STOP_GRACE_MS).catch(() => {});
  };
  const timer = prepared.timeoutMs === null ? null : setTimeout(() => end('timeout'), prepared.timeoutMs);
  egress.lost.catch(() => {
    events.failed('the egress ended, so the box is stopped');
    end('egress-lost');
  });
  const done = (async (): Promise<RunResult> => {
    const { status } = await box.wait();
    if (timer !== null) clearTimeout(timer);
    await egress.close(spec.id);
    const code = reason === 'timeout' ? 124 : status;
    const ended = Date.now();
    journal.append({ kind: 'box-end', box: spec.id, status: code, reason, durationMs: ended - started });
    journal.close();
    egress.end();
    await box.cleanUp();
    settle(home, { ...record, ended: { time: ended, status: code, reason } });
    return { id: spec.id, status: code, reason };
  })();
  const signal = (name: NodeJS.Signals) => {
    if (name === 'SIGTERM' && isStopping(home, spec.id)) end('stopped');
    else box.signal(name);
  };
  return { record, signal, stdout: box.stdout, stderr: box.stderr, done };
}

/** A box that left nothing to look at is forgotten; copies and output stay until they are dropped. */
function settle(home: Home, record: BoxRecord): void {
  const keeps = record.detached || record.mounts.some((mount) => mount.access === 'copy');
  if (keeps) writeRecord(home, record);
  else removeBox(home, record.id);
}

function recordOf(options: RunOptions, prepared: Prepared, started: number): BoxRecord {
  const { spec } = prepared;
  return {
    id: spec.id,
    program: spec.program,
    cwd: spec.cwd,
    workspace: { path: options.cwd, access: prepared.workspaceAccess },
    started,
    rules: prepared.rules,
    secrets: prepared.secretNames,
    kit: options.kit?.name ?? null,
    mounts: spec.mounts,
    detached: options.detach,
    env: spec.env,
    running: null,
    ended: null,
  };
}

function runningOf(box: RunningBox, transparent: boolean): NonNullable<BoxRecord['running']> {
  if (box.childStartTime === '') throw new PowerboxError('box-failed', 'Cannot start the box: it ended at once.');
  return {
    starter: processId(process.pid),
    inside: { pid: box.childPid, start: box.childStartTime },
    limits: box.limits,
    network: transparent ? 'every port' : 'listed ports',
  };
}
