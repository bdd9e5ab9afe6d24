import type { JournalEntry } from '../wire/journal-entry.ts';

/** As much of the journal as the kernel needs. */
export interface EntrySink {
  appendMany(entries: readonly JournalEntry[]): readonly number[];
}

/**
 * Writes rows of many uses in one transaction. A use waits for its own row, so nothing is done
 * before it is recorded; uses of the same turn of the event loop share the cost.
 */
export interface UseRecorder {
  /** Resolves with the row's number; rejects when it cannot be written. */
  write(entry: JournalEntry): Promise<number>;
  /** For rows that nothing waits for; written with the next turn. */
  note(entry: JournalEntry): void;
  /** At once; throws when it cannot be written. For what must not be done unrecorded. */
  now(...entries: readonly JournalEntry[]): void;
  /** Rows of `now` in `work` are written together at its end, and none of them when it throws. */
  together<T>(work: () => T): T;
  flush(): void;
}

interface Waiting {
  readonly entry: JournalEntry;
  readonly done: ((seq: number) => void) | null;
  readonly fail: ((error: unknown) => void) | null;
}

export function makeUseRecorder(
  journal: EntrySink,
  onFailure: (error: unknown) => void,
): UseRecorder {
  let waiting: Waiting[] = [];
  let scheduled = false;
  let gathered: JournalEntry[] | null = null;

  function flush(): void {
    scheduled = false;
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    try {
      const seqs = journal.appendMany(batch.map(({ entry }) => entry));
      for (const [index, { done }] of batch.entries()) done?.(seqs[index] as number);
    } catch (error) {
      onFailure(error);
      for (const { fail } of batch) fail?.(error);
    }
  }

  function enqueue(item: Waiting): void {
    waiting.push(item);
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  return {
    write: (entry) => new Promise((done, fail) => enqueue({ entry, done, fail })),
    note: (entry) => enqueue({ entry, done: null, fail: null }),
    now(...entries) {
      if (gathered !== null) {
        gathered.push(...entries);
        return;
      }
      // What happened before stands before it in the record.
      flush();
      journal.appendMany(entries);
    },
    together(work) {
      if (gathered !== null) return work();
      const rows: JournalEntry[] = [];
      gathered = rows;
      let result: ReturnType<typeof work>;
      try {
        result = work();
      } finally {
        gathered = null;
      }
      flush();
      if (rows.length > 0) journal.appendMany(rows);
      return result;
    },
    flush,
  };
}
