import type { JoinedRow } from '../store/journal-table.ts';
import type {
  DoneEntry,
  JournalEntry,
  RequestEntry,
  ResponseEntry,
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

/** What a reader of the journal sees: one for each entry that is not a response. */
export type JournalRecord =
  | RequestRecord
  | WithRow<Exclude<JournalEntry, RequestEntry | ResponseEntry | DoneEntry>>;

export function recordOf(row: JoinedRow): JournalRecord {
  const entry = JSON.parse(row.entry) as Exclude<JournalEntry, ResponseEntry | DoneEntry>;
  const record = { seq: row.seq, time: row.time, ...entry };
  if (record.kind !== 'request' || row.response === null) return record;
  return withOutcome(record, JSON.parse(row.response) as ResponseEntry);
}

export function withOutcome(record: RequestRecord, response: ResponseEntry): RequestRecord {
  const { kind, box, of, code, ...outcome } = response;
  return { ...record, ...outcome, ...(code === undefined ? {} : { ended: code }) };
}
