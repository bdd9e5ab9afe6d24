import type { EntrySink } from '../../kernel/row-queue.ts';
import type { JournalEntry } from '../../wire/journal-entry.ts';

/** The record as it is written: whoever looks on hears of a row when it is in the journal. */
export interface EntryWatch extends EntrySink {
  onEntry(listener: (entry: JournalEntry) => void): void;
}

export function watchEntries(journal: EntrySink): EntryWatch {
  const listeners: ((entry: JournalEntry) => void)[] = [];
  return {
    appendMany(entries) {
      const seqs = journal.appendMany(entries);
      for (const listener of listeners) tell(listener, entries);
      return seqs;
    },
    onEntry: (listener) => void listeners.push(listener),
  };
}

/** The rows are in the record, whatever becomes of those who look on. */
function tell(listener: (entry: JournalEntry) => void, entries: readonly JournalEntry[]): void {
  try {
    for (const entry of entries) listener(entry);
  } catch {
    // They see less than there is.
  }
}
