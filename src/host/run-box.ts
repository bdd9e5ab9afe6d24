import { writeFileSync } from 'node:fs';
import type { RunningBox } from '../boxes/process/running.ts';
import { startBox } from '../boxes/process/start.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import type { Home } from '../store/home.ts';
import { withholdMemory } from '../store/withhold-memory.ts';
import { deriveKey, loadKey } from '../vault/key.ts';
import { vaultVersion } from '../vault/watch-vault.ts';
import { watchedOf } from '../vault/watched.ts';
import type { BoxStartEntry } from '../wire/journal-entry.ts';
import { attend, type RunEvents, type RunHandle, recordEnd } from './attend-box.ts';
import { type BoxRecord, processId, removeBox, writeRecord } from './box-record.ts';
import { type DaemonStarter, type LinkedBox, linkPath, openLinkedBox } from './daemon-link.ts';
import { type EgressEvents, type EgressProcess, startEgress } from './egress-process.ts';
import { type Prepared, prepare, type RunOptions, type Stdio } from './prepare.ts';
import { sweep } from './sweep.ts';

/**
 * Starts a box and stays with it to its end. The program starts only when the start is in the
 * journal, and the daemon knows the box as a guest with its grants. The egress process comes up
 * beside it: what the program connects to meanwhile waits in the listeners, which nothing else
 * reads.
 */
export async function runBox(
  home: Home,
  options: RunOptions,
  stdio: Stdio,
  events: RunEvents,
  startDaemon: DaemonStarter,
): Promise<RunHandle> {
  withholdMemory();
  const key = deriveKey(loadKey(home), 'journal');
  const prepared = await prepare(home, options);
  const open = () => openLinkedBox(home, startDaemon, prepared.opening);
  return begin(home, key, options, prepared, stdio, events, open);
}

async function begin(
  home: Home,
  key: Buffer,
  options: RunOptions,
  prepared: Prepared,
  stdio: Stdio,
  events: RunEvents,
  openLinked: () => Promise<LinkedBox>,
): Promise<RunHandle> {
  const { spec } = prepared;
  const started = Date.now();
  let record = recordOf(options, prepared, started);
  sweep(home, () => key);
  writeRecord(home, record);
  const walls = startBox({ ...spec, stdio });
  const opening = openLinked();
  let journal: Journal | undefined;
  let egress: EgressProcess | undefined;
  try {
    // Opened while another process builds the walls.
    journal = openJournal(home, key);
    const version = vaultVersion(home);
    const watched = watchedOf(home, prepared.masked);
    for (const name of watched.unreadable) {
      events.noticed(`the value of ${name} would not be recognised: its file cannot be opened`);
    }
    const [starting, linked] = await both(walls, opening);
    writeFileSync(prepared.egress.endMark, '', { mode: 0o600 });
    journal.append(startEntry(options, prepared, linked.guest.id));
    const going = starting.go();
    egress = startEgress(home, key, egressEvents(journal, spec.id, events));
    const link = { socket: linkPath(home), token: linked.token };
    egress.open({ ...prepared.egress, link, watched });
    // This process keeps its copies: what the program connects to outlives the egress.
    void egress.listen(spec.id, starting.listeners);
    const box = await going;
    record = { ...record, guest: linked.guest, running: runningOf(box, starting.transparent) };
    writeRecord(home, record);
    return attend({
      home,
      key,
      journal,
      prepared,
      watched,
      version,
      record,
      starting,
      box,
      egress,
      linked,
      events,
    });
  } catch (error) {
    egress?.kill();
    await walls.then(
      (starting) => starting.abort(),
      () => {},
    );
    if (journal !== undefined) recordEnd(journal, prepared, started, null, 'failed');
    journal?.close();
    removeBox(home, spec.id);
    await opening.then(
      (linked) => linked.close(),
      () => {},
    );
    throw error;
  }
}

/** The record says where the egress began anew, since requests before it may have no outcome. */
function egressEvents(journal: Journal, box: string, events: RunEvents): EgressEvents {
  return {
    refused: events.refused,
    failed: events.failed,
    restarted() {
      events.failed('the egress ended and was started again; what was on its way was cut');
      const text = 'Requests before this row that have no outcome were cut, or theirs was lost.';
      try {
        journal.append({ kind: 'note', box, note: 'egress-restarted', text });
      } catch {
        // Then the egress cannot write either, and nothing leaves.
      }
    },
  };
}

/** Waits for both, also when one fails: whoever cleans up must find nothing half made. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

function startEntry(options: RunOptions, prepared: Prepared, guest: string): BoxStartEntry {
  return {
    kind: 'box-start',
    box: prepared.spec.id,
    guest,
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
    guest: null,
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
  return {
    inside: { pid: box.childPid, start: box.childStartTime },
    limits: box.limits,
    network: transparent ? 'every port' : 'listed ports',
  };
}
