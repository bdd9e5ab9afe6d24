import type { Journal } from '../journal/journal.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { RESPONSE_ROW_MS_MAX } from './limits.ts';

/**
 * Writes rows for many requests in one transaction. A request waits for its own row, so nothing
 * leaves before it is recorded; requests of the same turn of the event loop share the cost.
 */
export interface Recorder {
  /** Resolves with the row's `seq` once it is in the journal; rejects when it cannot be written. */
  write(entry: JournalEntry): Promise<number>;
  /**
   * For rows that nothing waits for; written with the next turn. Rows of answers wait for the next
   * request's row and share its transaction, RESPONSE_ROW_MS_MAX at most.
   */
  note(entry: JournalEntry): void;
  /** Writes what is waiting, at once. */
  flush(): void;
}

interface Waiting {
  readonly entry: JournalEntry;
  readonly done: (seq: number) => void;
  readonly fail: (error: unknown) => void;
}

export function makeRecorder(journal: Journal, onFailure: (error: unknown) => void): Recorder {
  let waiting: Waiting[] = [];
  let scheduled = false;
  let answersScheduled = false;

  function flush(): void {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      const seqs = journal.appendMany(batch.map((item) => item.entry));
      for (const [index, item] of batch.entries()) item.done(seqs[index] as number);
    } catch (error) {
      onFailure(error);
      for (const item of batch) item.fail(error);
    }
  }

  function enqueue(item: Waiting): void {
    waiting.push(item);
    if (!scheduled) {
      scheduled = true;
      setImmediate(flush);
    }
  }

  function noteAnswer(item: Waiting): void {
    waiting.push(item);
    if (answersScheduled) return;
    answersScheduled = true;
    setTimeout(() => {
      answersScheduled = false;
      flush();
    }, RESPONSE_ROW_MS_MAX);
  }

  return {
    write: (entry) => new Promise((done, fail) => enqueue({ entry, done, fail })),
    note(entry) {
      const item: Waiting = { entry, done: () => {}, fail: () => {} };
      if (entry.kind === 'response') noteAnswer(item);
      else enqueue(item);
    },
    flush,
  };
}
