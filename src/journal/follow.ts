import { setTimeout as wait } from 'node:timers/promises';
import type { Home } from '../store/home.ts';
import type { RowFilter, StoredRow } from '../store/journal-table.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { guarded } from './fault.ts';
import { FOLLOW_OPEN_MAX, FOLLOW_POLL_MS, FOLLOW_ROWS_MAX } from './limits.ts';
import { type JournalReader, openReader } from './query.ts';
import { type JournalRecord, type RequestRecord, withOutcome } from './record.ts';

/**
 * The newest `filter.limit` records, then new ones as they are written, at most 200 ms late, until
 * `signal` aborts. An allowed request comes when its answer is over, or without one when its box
 * ends or the following does.
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
  /** The requests that have no answer yet. */
  rest(): Iterable<JournalRecord>;
}

function createJoiner(filter: RowFilter): Joiner {
  const open = new Map<number, RequestRecord>();
  const wanted = (entry: JournalEntry): boolean =>
    (filter.box === undefined || ('box' in entry && entry.box === filter.box)) &&
    (!filter.denied || ('verdict' in entry && entry.verdict === 'deny'));
  return {
    *take(row) {
      const entry = JSON.parse(row.entry) as JournalEntry;
      if (entry.kind === 'response') {
        const request = open.get(entry.of);
        if (request === undefined || !open.delete(entry.of)) return;
        yield withOutcome(request, entry);
        return;
      }
      if (entry.kind === 'done') return;
      if (entry.kind === 'box-end') yield* takeOpen(open, entry.box);
      if (!wanted(entry)) return;
      const record = { seq: row.seq, time: row.time, ...entry };
      if (record.kind !== 'request' || record.verdict === 'deny') {
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

function* takeOpen(open: Map<number, RequestRecord>, box: string): Iterable<JournalRecord> {
  for (const [seq, record] of open) {
    if (record.box !== box) continue;
    open.delete(seq);
    yield record;
  }
}

function* takeOldest(open: Map<number, RequestRecord>): Iterable<JournalRecord> {
  for (const [seq, record] of open) {
    open.delete(seq);
    yield record;
    return;
  }
}
