import { sweepBox } from '../boxes/process/sweep.ts';
import { openJournal } from '../journal/journal.ts';
import { claimEnd } from '../store/end-mark.ts';
import type { Home } from '../store/home.ts';
import { deriveKey, loadKey } from '../vault/key.ts';
import {
  type BoxRecord,
  boxFolder,
  endMark,
  isAlive,
  isRunning,
  listRecords,
  removeBox,
  writeRecord,
} from './box-record.ts';

/**
 * Puts away what boxes left whose starter was killed: their end is recorded, stand-ins and control
 * groups are removed. A box that has nothing to look at is forgotten. `key` gives the
 * journal's, and is asked only when there is something to record.
 */
export function sweep(home: Home, key: () => Buffer): void {
  for (const record of listRecords(home)) {
    if (isRunning(record) || isBeingMade(record)) continue;
    if (record.ended !== null) {
      settle(home, record);
      continue;
    }
    const time = Date.now();
    const durationMs = time - record.started;
    if (claimEnd(endMark(home, record.id))) {
      recordAbandoned(home, key(), record.id, durationMs);
    }
    settle(home, { ...record, ended: { time, status: null, reason: 'abandoned' } });
  }
}

/** The same for a command that has no journal open. */
export function sweepHome(home: Home): void {
  sweep(home, () => deriveKey(loadKey(home), 'journal'));
}

function recordAbandoned(home: Home, key: Buffer, box: string, durationMs: number): void {
  const journal = openJournal(home, key);
  journal.append({ kind: 'box-end', box, status: null, reason: 'abandoned', durationMs });
  journal.close();
}

/** Its starter lives, and so will end it by itself. */
function isBeingMade(record: BoxRecord): boolean {
  return record.ended === null && isAlive(record.starter);
}

/** Keeps the record of a box that has ended while it has a copy, output, or stand-ins in use. */
export function settle(home: Home, record: BoxRecord): void {
  try {
    const clean = sweepBox(record.id, boxFolder(home, record.id));
    const keeps = record.detached || record.mounts.some((mount) => mount.access === 'copy');
    if (keeps || !clean) writeRecord(home, record);
    else removeBox(home, record.id);
  } catch (error) {
    // Boxes that end at once are put away by several commands, of which another one was first.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
