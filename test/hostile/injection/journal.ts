import { queryJournal } from '../../../src/journal/query.ts';
import type { JournalRecord } from '../../../src/journal/record.ts';
import { openHome } from '../../../src/store/home.ts';

/** What the journal says, a line for each record, as a reader would tell it. */
export interface Told {
  readonly guest: string;
  readonly text: string;
}

const ROWS_MAX = 50_000;

/** All of it, oldest first. Ids of guests are replaced by their names. */
export function toldBy(home: string, names: ReadonlyMap<string, string>): readonly Told[] {
  const records = queryJournal(openHome({ POWERBOX_HOME: home }), { limit: ROWS_MAX });
  return records.flatMap((record) => {
    const id = holderOf(record);
    const guest = names.get(id) ?? id;
    // Uses of one moment share a row.
    const calls = record.kind === 'use' ? (record.calls ?? [record.call]) : [''];
    return calls.map((call) => ({ guest, text: textOf(record, call, names) }));
  });
}

/** Whose row it is: of what was given or sent, the giver's. */
function holderOf(record: JournalRecord): string {
  if (record.kind === 'mail' || record.kind === 'grant') return record.from;
  return 'guest' in record ? (record.guest ?? '') : '';
}

function textOf(record: JournalRecord, call: string, names: ReadonlyMap<string, string>): string {
  switch (record.kind) {
    case 'use':
      if (record.verdict === 'deny') {
        return `use ${call} refused [${record.code}] ${record.reason}`;
      }
      return `use ${call} allowed${record.ended === undefined ? '' : `, ended [${record.ended}]`}`;
    case 'compartment':
      return `compartment ${record.state}${codeOf(record.code)} ${record.reason}`;
    case 'agent':
      return `agent ${record.state} ${record.reason}`;
    case 'approval':
      return `approval of ${record.call} ${record.state} ${record.reason}`;
    case 'console':
      return `console ${record.level} ${record.text}`;
    case 'mail':
      return `mail ${record.what} ${record.text}`;
    case 'grant':
      return `grant of ${record.power} to ${names.get(record.to) ?? record.to} only ${record.only.join(', ')}`;
    default:
      return JSON.stringify(record);
  }
}

function codeOf(code: string | undefined): string {
  return code === undefined ? '' : ` [${code}]`;
}
