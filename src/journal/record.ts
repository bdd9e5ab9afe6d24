import type { JoinedRow } from '../store/journal-table.ts';
import type {
  DoneEntry,
  JournalEntry,
  RequestEntry,
  ResponseEntry,
  UseEntry,
} from '../wire/journal-entry.ts';

type WithRow<Entry> = Entry & {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
};

/** A request and what became of it. The fields of the answer are absent while it is not over. */
export type RequestRecord = WithRow<RequestEntry> & Partial<Outcome>;

interface Outcome extends Omit<ResponseEntry, 'kind' | 'box' | 'of' | 'code'> {
  /** Why the answer ended early; absent when it ended well. */
  readonly ended?: ResponseEntry['code'];
}

/** A use and what became of it. The fields of the outcome are absent while it is not over. */
export type UseRecord = WithRow<UseEntry> & Partial<UseOutcome>;

interface UseOutcome extends Omit<DoneEntry, 'kind' | 'guest' | 'of' | 'code'> {
  /** Why it failed; absent when it ended well. */
  readonly ended?: DoneEntry['code'];
}

/** What a reader of the journal sees: one for each entry that is no outcome. */
export type JournalRecord =
  | RequestRecord
  | UseRecord
  | WithRow<Exclude<JournalEntry, RequestEntry | ResponseEntry | UseEntry | DoneEntry>>;

export function recordOf(row: JoinedRow): JournalRecord {
  const entry = JSON.parse(row.entry) as Exclude<JournalEntry, ResponseEntry | DoneEntry>;
  const record = { seq: row.seq, time: row.time, ...entry };
  if (row.response === null) return record;
  return withOutcome(record, JSON.parse(row.response) as ResponseEntry | DoneEntry);
}

/** The record with its outcome, when that is one of its kind. */
export function withOutcome<R extends JournalRecord>(
  record: R,
  outcome: ResponseEntry | DoneEntry,
): R {
  const ended = outcome.code === undefined ? {} : { ended: outcome.code };
  if (record.kind === 'request' && outcome.kind === 'response') {
    const { kind, box, of, code, ...fields } = outcome;
    return { ...record, ...fields, ...ended };
  }
  if (record.kind === 'use' && outcome.kind === 'done') {
    const { kind, guest, of, code, ...fields } = outcome;
    return { ...record, ...fields, ...ended };
  }
  return record;
}
