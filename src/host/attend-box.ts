import type { Readable } from 'node:stream';
import type { RunningBox } from '../boxes/process/running.ts';
import type { StartingBox } from '../boxes/process/start.ts';
import type { Journal } from '../journal/journal.ts';
import { claimEnd } from '../store/end-mark.ts';
import type { Home } from '../store/home.ts';
import type { Watched } from '../vault/fingerprint.ts';
import type { BoxEndEntry } from '../wire/journal-entry.ts';
import type { BoxRecord } from './box-record.ts';
import type { LinkedBox } from './daemon-link.ts';
import type { EgressProcess } from './egress-process.ts';
import { type Covered, coveredBy, keepCovered } from './keep-covered.ts';
import { REPOSITORIES_TOLD_MAX, STOP_GRACE_MS } from './limits.ts';
import type { Prepared } from './prepare.ts';
import { followSecrets } from './secret-refresh.ts';
import { isStopping } from './stop-box.ts';
import { settle, sweep } from './sweep.ts';

/** What the host hears while a box runs. */
export interface RunEvents {
  /** A destination was refused for the first time, or a covered file was replaced. */
  refused(line: string): void;
  failed(line: string): void;
  /** Something that the box left needs the person's eyes. */
  noticed(line: string): void;
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

/** A running box and everything that its starter holds for it. */
export interface Attended {
  readonly home: Home;
  readonly key: Buffer;
  readonly journal: Journal;
  readonly prepared: Prepared;
  /** What its requests are searched for. */
  readonly watched: Watched;
  /** Of the vault before that was read. */
  readonly version: bigint | null;
  readonly record: BoxRecord;
  readonly starting: StartingBox;
  readonly box: RunningBox;
  readonly egress: EgressProcess;
  readonly linked: LinkedBox;
  readonly events: RunEvents;
}

/** The status that timeout(1) has, too. */
const TIMEOUT_STATUS = 124;

/** Stays with a running box: its time, its secrets, its egress, its end. */
export function attend(attended: Attended): RunHandle {
  const { home, prepared, watched, version, record, box, egress, events } = attended;
  let reason = 'exited' as BoxEndEntry['reason'];
  const end = (why: BoxEndEntry['reason']) => {
    reason = why;
    void box.stop(STOP_GRACE_MS).catch(() => {});
  };
  const { timeoutMs } = prepared;
  const timer = timeoutMs === null ? null : setTimeout(() => end('timeout'), timeoutMs);
  egress.lost.catch(() => {
    events.failed('the egress ended again and again, so the box is stopped');
    end('egress-lost');
  });
  const { vaultSecrets, masked } = prepared;
  const followed = { secrets: vaultSecrets, watched, version, masked };
  const secrets = followSecrets(home, followed, (change) =>
    egress.changeSecrets(record.id, change),
  );
  const covers = keepCovered(
    { childPid: box.childPid, startTime: box.childStartTime },
    coveredFiles(attended),
    {
      covered: events.refused,
      failed(line) {
        events.failed(line);
        end('failed');
      },
    },
  );
  const exited = box.wait().finally(() => {
    secrets.close();
    covers.close();
    if (timer !== null) clearTimeout(timer);
  });
  return {
    record,
    signal(name) {
      if (name === 'SIGTERM' && isStopping(home, record.id)) end('stopped');
      else box.signal(name);
    },
    stdout: box.stdout,
    stderr: box.stderr,
    done: exited.then(
      ({ status }) => finish(attended, reason === 'timeout' ? TIMEOUT_STATUS : status, reason),
      async (error: unknown) => {
        await finish(attended, null, 'failed');
        throw error;
      },
    ),
  };
}

/** A masked file that was replaced is shown empty: its placeholders were for the old values. */
function coveredFiles({ prepared, record, starting }: Attended): Covered[] {
  const masked = prepared.spec.files.map(({ target }) => target);
  return [
    ...coveredBy(masked, 'empty', record.mounts),
    ...coveredBy(starting.guarded, 'read-only', record.mounts),
  ];
}

async function finish(
  { home, key, journal, prepared, record, starting, box, egress, linked, events }: Attended,
  status: number | null,
  reason: BoxEndEntry['reason'],
): Promise<RunResult> {
  const { id } = record;
  let closed: Promise<void> | undefined;
  try {
    if (await egress.close(id)) {
      starting.handedOver();
    } else {
      for (const target of await starting.unanswered()) recordUnanswered(journal, id, target);
    }
    // Nothing leaves any more; what was for this box ends while it is put away.
    closed = linked.close();
    recordEnd(journal, prepared, record.started, status, reason);
  } finally {
    journal.close();
    egress.end();
    await box.cleanUp();
    await closed;
    settle(home, { ...record, ended: { time: Date.now(), status, reason } });
  }
  sweep(home, () => key);
  tellRepositories(starting, events);
  return { id, status: status ?? 70, reason };
}

/** Git obeys the settings of a repository that it comes by, as `git status` does in one above. */
function tellRepositories(starting: StartingBox, events: RunEvents): void {
  try {
    const made = starting.madeRepositories();
    if (made.length === 0) return;
    const more = made.length > REPOSITORIES_TOLD_MAX ? ` and ${made.length} in all` : '';
    const list = made.slice(0, REPOSITORIES_TOLD_MAX).join(', ');
    events.noticed(
      `the box made ${list}${more}: git on this machine, also in a folder above, runs what its config names, so read that first`,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    events.noticed(`cannot say whether the box made git repositories: ${why}`);
  }
}

function recordUnanswered(journal: Journal, box: string, target: string): void {
  const reason = 'The box ended before its connection was looked at.';
  journal.append({ kind: 'connection', box, target, verdict: 'deny', code: 'egress-down', reason });
}

/** The row of a box's end, unless another process has written it. */
export function recordEnd(
  journal: Journal,
  { egress, spec }: Prepared,
  started: number,
  status: number | null,
  reason: BoxEndEntry['reason'],
): void {
  if (!claimEnd(egress.endMark)) return;
  const durationMs = Date.now() - started;
  journal.append({ kind: 'box-end', box: spec.id, status, reason, durationMs });
}
