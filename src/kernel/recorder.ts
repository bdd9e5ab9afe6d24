import type { JournalEntry } from '../wire/journal-entry.ts';
import { type EntrySink, makeRowQueue, type RowQueue } from './row-queue.ts';

/** What the kernel writes into the record. */
export interface UseRecorder extends RowQueue {
  /** At once; throws when it cannot be written. For what must not be done unrecorded. */
  now(...entries: readonly JournalEntry[]): void;
  /** Rows of `now` in `work` are written together at its end, and none of them when it throws. */
  together<T>(work: () => T): T;
}

export function makeUseRecorder(
  journal: EntrySink,
  onFailure: (error: unknown) => void,
): UseRecorder {
  const queue = makeRowQueue(journal, onFailure);
  let gathered: JournalEntry[] | null = null;
  return {
    ...queue,
    now(...entries) {
      if (gathered !== null) {
        gathered.push(...entries);
        return;
      }
      // What happened before stands before it in the record.
      queue.flush();
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
      queue.flush();
      if (rows.length > 0) journal.appendMany(rows);
      return result;
    },
  };
}
