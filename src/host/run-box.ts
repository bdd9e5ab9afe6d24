import { writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Journal, openJournal } from '../journal/journal.ts';
import type { RunningBox } from '../boxes/process/running.ts';
import { startBox } from '../boxes/process/start.ts';
import { claimEnd } from '../store/end-mark.ts';
import type { Home } from '../store/home.ts';
import { withholdMemory } from '../store/withhold-memory.ts';
import { deriveKey, loadKey } from '../vault/key.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { BoxEndEntry, BoxStartEntry } from '../wire/journal-entry.ts';
import { type BoxRecord, processId, removeBox, writeRecord } from './box-record.ts';
import { followSecrets } from './secret-refresh.ts';
import { isStopping } from './stop-box.ts';
import { settle, sweep } from './sweep.ts';
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
  withholdMemory();
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
  let record = recordOf(options, prepared, started);
  let journal: Journal | undefined;
  let box: RunningBox;
  writeRecord(home, record);
  const walls = startBox({ ...spec, stdio });
  try {
    // Opened while another process builds the walls.
    journal = openJournal(home, key);
    const starting = await walls;
    void egress.listen(spec.id, starting.listeners).then(starting.handedOver);
    writeFileSync(prepared.egress.endMark, '', { mode: 0o600 });
    journal.append(startEntry(options, prepared));
    box = await starting.go();
    record = { ...record, running: runningOf(box, starting.transparent) };
    writeRecord(home, record);
  } catch (error) {
    await walls.then((starting) => starting.abort(), () => {});
    if (claimEnd(prepared.egress.endMark)) {
      const durationMs = Date.now() - started;
      journal?.append({ kind: 'box-end', box: spec.id, status: null, reason: 'failed', durationMs });
    }
    journal?.close();
    removeBox(home, spec.id);
    throw error;
  }
  sweep(home, journal);
  return attend({ home, journal, prepared, record, box, egress, events });
}

interface Attended {
  readonly home: Home;
  readonly journal: Journal;
  readonly prepared: Prepared;
  readonly record: BoxRecord;
  readonly box: RunningBox;
  readonly egress: EgressProcess;
  readonly events: RunEvents;
}

/** Stays with a running box: its time, its egress, its end. */
function attend({ home, journal, prepared, record, box, egress, events }: Attended): RunHandle {
  const { id } = record;
  let reason = 'exited' as BoxEndEntry['reason'];
  const end = (why: BoxEndEntry['reason']) => {
    reason = why;
    void box.stop(STOP_GRACE_MS).catch(() => {});
  };
  const { timeoutMs } = prepared;
  const timer = timeoutMs === null ? null : setTimeout(() => end('timeout'), timeoutMs);
  egress.lost.catch(() => {
    events.failed('the egress ended, so the box is stopped');
    end('egress-lost');
  });
  const secrets = followSecrets(home, prepared.vaultSecrets, (values) =>
    egress.replaceValues(id, values),
  );
  const done = (async (): Promise<RunResult> => {
    const exit = await box.wait();
    secrets.close();
    if (timer !== null) clearTimeout(timer);
    await egress.close(id);
    const status = reason === 'timeout' ? TIMEOUT_STATUS : exit.status;
    const time = Date.now();
    if (claimEnd(prepared.egress.endMark)) {
      const durationMs = time - record.started;
      journal.append({ kind: 'box-end', box: id, status, reason, durationMs });
    }
    journal.close();
    egress.end();
    await box.cleanUp();
    settle(home, { ...record, ended: { time, status, reason } });
    return { id, status, reason };
  })();
  const signal = (name: NodeJS.Signals) => {
    if (name === 'SIGTERM' && isStopping(home, id)) end('stopped');
    else box.signal(name);
  };
  return { record, signal, stdout: box.stdout, stderr: box.stderr, done };
}

/** The status that timeout(1) has, too. */
const TIMEOUT_STATUS = 124;

function startEntry(options: RunOptions, prepared: Prepared): BoxStartEntry {
  return {
    kind: 'box-start',
    box: prepared.spec.id,
    program: prepared.spec.program,
    workspace: `${options.cwd} (${prepared.workspaceAccess})`,
    rules: prepared.rules,
    secrets: prepared.secretNames,
  };
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
    starter: processId(process.pid),
    running: null,
    ended: null,
  };
}

function runningOf(box: RunningBox, transparent: boolean): NonNullable<BoxRecord['running']> {
  if (box.childStartTime === '') throw new PowerboxError('box-failed', 'Cannot start the box: it ended at once.');
  return {
    inside: { pid: box.childPid, start: box.childStartTime },
    limits: box.limits,
    network: transparent ? 'every port' : 'listed ports',
  };
}
