import type { JournalEntry } from '../wire/journal-entry.ts';
import { type AllowedUse, makeUseRow, type RowPlace, type UseRow } from './use-rows.ts';

/** As much of the journal as the kernel needs. */
export interface EntrySink {
  appendMany(entries: readonly JournalEntry[]): readonly number[];
}

/**
 * Writes the rows of many uses in one transaction. A use waits for its own row, so nothing is done
 * before it is recorded; uses of the same turn of the event loop share the cost.
 */
export interface RowQueue {
  /** Resolves with the use's place once its row is in the journal; rejects when it cannot be. */
  allow(use: AllowedUse): Promise<RowPlace>;
  /** For rows of their own; rejects as `allow` does. */
  write(entry: JournalEntry): Promise<void>;
  /** For rows that nothing waits for; written with the next turn. */
  note(entry: JournalEntry): void;
  flush(): void;
}

/** A row that waits: of uses, or one of its own. */
type Waiting = UseRow | Single;

interface Single {
  entry(): JournalEntry;
  settle(seq: number): void;
  fail(error: unknown): void;
}

const NOTHING = (): void => {};

export function makeRowQueue(journal: EntrySink, onFailure: (error: unknown) => void): RowQueue {
  let waiting: Waiting[] = [];
  /** The row of each grant that still takes uses. */
  let open = new Map<string, UseRow>();
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    open = new Map();
    try {
      const seqs = journal.appendMany(batch.map((row) => row.entry()));
      for (const [index, row] of batch.entries()) row.settle(seqs[index] as number);
    } catch (error) {
      onFailure(error);
      for (const row of batch) row.fail(error);
    }
  }

  function enqueue(row: Waiting): void {
    waiting.push(row);
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  function note(entry: JournalEntry): void {
    enqueue({ entry: () => entry, settle: NOTHING, fail: NOTHING });
  }

  return {
    allow: (use) =>
      new Promise((done, fail) => {
        const key = `${use.guest} ${use.grant}`;
        if (open.get(key)?.add(use, done, fail) === true) return;
        const row = makeUseRow(note);
        row.add(use, done, fail);
        open.set(key, row);
        enqueue(row);
      }),
    write: (entry) =>
      new Promise((done, fail) => enqueue({ entry: () => entry, settle: () => done(), fail })),
    note,
    flush,
  };
}
