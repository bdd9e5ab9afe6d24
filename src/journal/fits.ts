import type { RowFilter } from '../store/journal-table.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';

/** Whether an entry fits a filter, its time apart; the query of the table says the same. */
export function entryFits(filter: RowFilter, entry: JournalEntry): boolean {
  const { box, denied, guest, grant, kinds } = filter;
  return (
    (box === undefined || ('box' in entry && entry.box === box)) &&
    (!denied || ('verdict' in entry && entry.verdict === 'deny')) &&
    (kinds === undefined || kinds.includes(entry.kind)) &&
    (guest === undefined || principalsOf(entry).includes(guest)) &&
    (grant === undefined || grantsOf(entry).includes(grant))
  );
}

/** Who did it, and to whom it was done. */
function principalsOf(entry: JournalEntry): readonly (string | undefined)[] {
  if (entry.kind === 'revoke') return [entry.by, entry.id];
  if (entry.kind === 'grant' || entry.kind === 'mail') return [entry.from, entry.to];
  return 'guest' in entry ? [entry.guest] : [];
}

/** The grant that it is about, and those that it hangs on. */
function grantsOf(entry: JournalEntry): readonly (string | undefined)[] {
  const own = 'grant' in entry ? [entry.grant] : [];
  const ended = entry.kind === 'revoke' ? [entry.id] : [];
  return [...own, ...ended, ...('chain' in entry ? (entry.chain ?? []) : [])];
}
