import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstChild, type RunningBox } from '../boxes/process/running.ts';
import { type StartingBox, startBox } from '../boxes/process/start.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import type { Home } from '../store/home.ts';
import { withholdMemory } from '../store/withhold-memory.ts';
import { deriveKey, loadKey } from '../vault/key.ts';
import { recordEnd } from './attend-box.ts';
import { type BoxRecord, processId, removeBox, writeRecord } from './box-record.ts';
import { coveredBy, keepCovered } from './keep-covered.ts';
import { COMMAND_BEGIN_MS, STOP_GRACE_MS } from './limits.ts';
import { type Prepared, prepare, type RunOptions, type Stdio } from './prepare.ts';
import { isStopping } from './stop-box.ts';
import { settle, sweep } from './sweep.ts';

/** A box that nothing leads out of: no egress, no guest, no daemon. */
export interface LoneBox {
  /** Sends a signal to the program; SIGTERM after `powerbox stop` ends the whole box. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when nothing of it is left and its end is in the journal. */
  readonly done: Promise<{ readonly status: number }>;
}

/** The status that timeout(1) has, too. */
const TIMEOUT_STATUS = 124;

interface Lone {
  readonly home: Home;
  readonly key: Buffer;
  readonly journal: Journal;
  readonly prepared: Prepared;
  readonly record: BoxRecord;
  readonly starting: StartingBox;
  readonly box: RunningBox;
}

/** Starts a box whose network is empty: every connection in it is refused by its own kernel. */
export async function startLoneBox(
  home: Home,
  options: RunOptions,
  stdio: Stdio,
): Promise<LoneBox> {
  withholdMemory();
  const key = deriveKey(loadKey(home), 'journal');
  const prepared = await prepare(home, options);
  const { spec } = prepared;
  let record = recordOf(options, prepared);
  sweep(home, () => key);
  writeRecord(home, record);
  const walls = startBox({ ...spec, stdio });
  let journal: Journal | undefined;
  try {
    journal = openJournal(home, key);
    const starting = await walls;
    writeFileSync(prepared.egress.endMark, '', { mode: 0o600 });
    const workspace = `${options.cwd} (${prepared.workspaceAccess})`;
    const { id, program } = spec;
    journal.append({ kind: 'box-start', box: id, program, workspace, rules: [], secrets: [] });
    // Nobody else has them: what the program would connect to is not there.
    starting.handedOver();
    const box = await starting.go();
    const inside = { pid: box.childPid, start: box.childStartTime };
    record = { ...record, running: { inside, limits: box.limits, network: 'listed ports' } };
    writeRecord(home, record);
    return stay({ home, key, journal, prepared, record, starting, box });
  } catch (error) {
    await walls.then(
      (starting) => starting.abort(),
      () => {},
    );
    if (journal !== undefined) recordEnd(journal, prepared, record.started, null, 'failed');
    journal?.close();
    removeBox(home, spec.id);
    throw error;
  }
}

function recordOf(options: RunOptions, { spec, workspaceAccess }: Prepared): BoxRecord {
  return {
    id: spec.id,
    program: spec.program,
    cwd: spec.cwd,
    workspace: { path: options.cwd, access: workspaceAccess },
    started: Date.now(),
    rules: [],
    secrets: [],
    guest: null,
    kit: null,
    mounts: spec.mounts,
    detached: false,
    env: spec.env,
    starter: processId(process.pid),
    running: null,
    ended: null,
  };
}

function stay(lone: Lone): LoneBox {
  const { home, prepared, record, starting, box } = lone;
  let reason: 'exited' | 'stopped' | 'timeout' | 'failed' = 'exited';
  const end = (why: typeof reason) => {
    reason = why;
    void box.stop(STOP_GRACE_MS).catch(() => {});
  };
  const timer = setTimeout(() => end('timeout'), prepared.timeoutMs ?? 0);
  const covers = keepCovered(
    { childPid: box.childPid, startTime: box.childStartTime },
    [
      ...coveredBy(
        prepared.spec.files.map(({ target }) => target),
        'empty',
        record.mounts,
      ),
      ...coveredBy(starting.guarded, 'read-only', record.mounts),
    ],
    { covered() {}, failed: () => end('failed') },
  );
  const exited = box.wait().finally(() => {
    covers.close();
    clearTimeout(timer);
  });
  return {
    signal(name) {
      if (name === 'SIGTERM' && isStopping(home, record.id)) end('stopped');
      else if (name === 'SIGKILL') box.signal(name);
      else void begun(box).then(() => box.signal(name));
    },
    done: exited.then(
      async ({ status }) => {
        const told = reason === 'timeout' ? TIMEOUT_STATUS : status;
        await putAway(lone, told, reason);
        return { status: told };
      },
      async (error: unknown) => {
        await putAway(lone, null, 'failed');
        throw error;
      },
    ),
  };
}

/** Before its program has begun, a box has nobody to hear a signal. */
async function begun({ childPid }: RunningBox): Promise<void> {
  const until = Date.now() + COMMAND_BEGIN_MS;
  while (firstChild(childPid) === undefined && Date.now() < until) await sleep(2);
}

async function putAway(
  { home, key, journal, prepared, record, box }: Lone,
  status: number | null,
  reason: 'exited' | 'stopped' | 'timeout' | 'failed',
): Promise<void> {
  try {
    recordEnd(journal, prepared, record.started, status, reason);
  } finally {
    journal.close();
    await box.cleanUp();
    settle(home, { ...record, ended: { time: Date.now(), status, reason } });
  }
  sweep(home, () => key);
}
