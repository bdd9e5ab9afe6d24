import { existsSync } from 'node:fs';
import { openDatabase } from '../store/database.ts';
import type { Home } from '../store/home.ts';
import {
  JOURNAL_MIGRATIONS,
  type JournalTable,
  journalTable,
  type RowFilter,
} from '../store/journal-table.ts';
import { migrate } from '../store/migrations.ts';
import { guarded } from './fault.ts';
import { type JournalRecord, recordOf } from './record.ts';

export type JournalFilter = RowFilter;

/**
 * The newest records that fit, oldest first; none when there is no journal yet. Does not verify
 * the chain: that is `verifyJournal`.
 */
export function queryJournal(home: Home, filter: JournalFilter): readonly JournalRecord[] {
  return withTable(home, (table) => table.newest(filter).map(recordOf)) ?? [];
}

/** Undefined when there is no journal yet; a reader never makes one. */
function withTable<T>(home: Home, read: (table: JournalTable) => T): T | undefined {
  const reader = openReader(home);
  if (reader === undefined) return undefined;
  try {
    return guarded(() => read(reader.table));
  } finally {
    reader.close();
  }
}

export interface JournalReader {
  readonly table: JournalTable;
  close(): void;
}

export function openReader(home: Home): JournalReader | undefined {
  return guarded(() => {
    if (!existsSync(home.journal)) return undefined;
    const database = openDatabase(home.journal);
    migrate(database, JOURNAL_MIGRATIONS);
    database.exec('PRAGMA query_only = ON');
    return { table: journalTable(database), close: () => database.close() };
  });
}
