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
  return records.map((record) => {
    const id = 'guest' in record ? (record.guest ?? '') : '';
    return { guest: names.get(id) ?? id, text: textOf(record) };
  });
}

function textOf(record: JournalRecord): string {
  switch (record.kind) {
    case 'use':
      return record.verdict === 'deny'
        ? `use ${record.call} refused [${record.code}] ${record.reason}`
        : `use ${record.call} allowed`;
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
    default:
      return JSON.stringify(record);
  }
}

function codeOf(code: string | undefined): string {
  return code === undefined ? '' : ` [${code}]`;
}
