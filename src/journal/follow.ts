import { setTimeout as wait } from 'node:timers/promises';
import type { Home } from '../store/home.ts';
import type { RowFilter, StoredRow } from '../store/journal-table.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { guarded } from './fault.ts';
import { entryFits } from './fits.ts';
import { FOLLOW_OPEN_MAX, FOLLOW_POLL_MS, FOLLOW_ROWS_MAX } from './limits.ts';
import { type JournalReader, openReader } from './query.ts';
import { type JournalRecord, type RequestRecord, type UseRecord, withOutcome } from './record.ts';

/**
 * The newest `filter.limit` records, then new ones as they are written, at most 200 ms late, until
 * `signal` aborts. An allowed request or use comes when it is over, or without an outcome when its
 * box or guest ends or the following does.
 */
export async function* followJournal(
  home: Home,
  filter: RowFilter,
  signal: AbortSignal,
): AsyncGenerator<JournalRecord> {
  const joiner = createJoiner(filter);
  let reader: JournalReader | undefined;
  let seq: number | undefined;
  let version: number | undefined;
  try {
    do {
      reader ??= openReader(home);
      const seen = reader?.table.version();
      if (reader === undefined || seen === version) continue;
      version = seen;
      seq ??= firstShown(reader, filter);
      for (;;) {
        const rows = nextRows(reader, seq);
        for (const row of rows) yield* joiner.take(row);
        seq = rows.at(-1)?.seq ?? seq;
        if (rows.length < FOLLOW_ROWS_MAX) break;
      }
    } while (await pause(signal));
    yield* joiner.rest();
  } finally {
    reader?.close();
  }
}

/** The row before the first that is shown. */
function firstShown(reader: JournalReader, filter: RowFilter): number {
  return guarded(() => {
    const first = reader.table.newest(filter)[0];
    return first === undefined ? (reader.table.last()?.seq ?? 0) : first.seq - 1;
  });
}

function nextRows(reader: JournalReader, seq: number): readonly StoredRow[] {
  return guarded(() => reader.table.after(seq, FOLLOW_ROWS_MAX));
}

/** False when it is time to stop. */
async function pause(signal: AbortSignal): Promise<boolean> {
  return wait(FOLLOW_POLL_MS, true, { signal }).catch(() => false);
}

interface Joiner {
  take(row: StoredRow): Iterable<JournalRecord>;
  /** What has no outcome yet. */
  rest(): Iterable<JournalRecord>;
}

type OpenRecord = RequestRecord | UseRecord;

function createJoiner(filter: RowFilter): Joiner {
  const open = new Map<number, OpenRecord>();
  return {
    *take(row) {
      const entry = JSON.parse(row.entry) as JournalEntry;
      if (entry.kind === 'response' || entry.kind === 'done') {
        const begun = open.get(entry.of);
        if (begun === undefined || !open.delete(entry.of)) return;
        yield withOutcome(begun, entry);
        return;
      }
      yield* takeOpen(open, entry);
      if (!entryFits(filter, entry)) return;
      const record = { seq: row.seq, time: row.time, ...entry };
      const isOpen = record.kind === 'request' || record.kind === 'use';
      if (!isOpen || record.verdict === 'deny') {
        yield record;
        return;
      }
      open.set(record.seq, record);
      if (open.size > FOLLOW_OPEN_MAX) yield* takeOldest(open);
    },
    *rest() {
      yield* open.values();
      open.clear();
    },
  };
}

/** The end of a box, or of a guest, is the end of what it had begun. */
function* takeOpen(open: Map<number, OpenRecord>, entry: JournalEntry): Iterable<JournalRecord> {
  const box = entry.kind === 'box-end' ? entry.box : undefined;
  const guest = entry.kind === 'guest' && entry.state === 'removed' ? entry.guest : undefined;
  if (box === undefined && guest === undefined) return;
  for (const [seq, record] of open) {
    const isOver = record.kind === 'request' ? record.box === box : record.guest === guest;
    if (!isOver) continue;
    open.delete(seq);
    yield record;
  }
}

function* takeOldest(open: Map<number, OpenRecord>): Iterable<JournalRecord> {
  for (const [seq, record] of open) {
    open.delete(seq);
    yield record;
    return;
  }
}
