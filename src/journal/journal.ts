import { createSecretKey, type KeyObject } from 'node:crypto';
import { openDatabase } from '../store/database.ts';
import type { Home } from '../store/home.ts';
import {
  JOURNAL_MIGRATIONS,
  type JournalTable,
  journalTable,
  type StoredRow,
} from '../store/journal-table.ts';
import { migrate } from '../store/migrations.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { entryText } from './canonical.ts';
import { NO_MAC, rowMac } from './chain.ts';
import { broken, guarded } from './fault.ts';
import {
  beginHead,
  type HeadFile,
  headFault,
  headPath,
  openHead,
  proofFault,
  type Span,
  spanOf,
} from './head.ts';

/**
 * The append side of the record. Any number of processes append to one chain at once. When
 * `append` has returned, the row outlives the kill of every process. When it throws, the caller
 * must not do what it wanted to record.
 */
export interface Journal {
  /** The number of the new row. Throws `journal-unavailable` or `journal-broken`. */
  append(entry: JournalEntry): number;
  /** All of them or none, next to each other; their numbers. Takes the lock once. */
  appendMany(entries: readonly JournalEntry[]): readonly number[];
  /** May be called again. */
  close(): void;
}

/** `key` is 32 bytes, the vault's key derived for the purpose `journal`. */
export function openJournal(home: Home, key: Buffer): Journal {
  return guarded(() => {
    const secret = createSecretKey(key);
    const database = openDatabase(home.journal);
    let head: HeadFile | undefined;
    try {
      migrate(database, JOURNAL_MIGRATIONS);
      const table = journalTable(database);
      const file = openHead(headPath(home));
      head = file;
      database.exclusively(() => checkStart(table, file, secret));
      const appendMany = (entries: readonly JournalEntry[]): readonly number[] =>
        guarded(() => {
          if (entries.length === 0) return [];
          const texts = entries.map(entryText);
          const written = database.exclusively(() => write(table, file, secret, texts));
          file.settle(written);
          return entries.map((_, index) => written.from + 1 + index);
        });
      return {
        append: (entry) => appendMany([entry])[0] ?? 0,
        appendMany,
        close() {
          database.close();
          file.close();
        },
      };
    } catch (error) {
      head?.close();
      database.close();
      throw error;
    }
  });
}

/**
 * A journal that was cut, replaced or sealed with another key is not appended to: the next row
 * would make its head look right again.
 */
function checkStart(table: JournalTable, file: HeadFile, key: KeyObject): void {
  const last = table.last();
  const head = file.read();
  if (last === undefined && head === undefined) {
    beginHead(file, key);
    return;
  }
  const reason = headFault(head, last) ?? (head && proofFault(head, key, table.macOf));
  if (reason !== undefined) throw broken(reason);
}

/** Runs under the write lock, so heads are announced in the order of their rows. */
function write(
  table: JournalTable,
  file: HeadFile,
  key: KeyObject,
  texts: readonly string[],
): Span {
  const last = table.last();
  const reason = headFault(file.read(), last);
  if (reason !== undefined) throw broken(reason);
  const time = Date.now();
  const from = last?.seq ?? 0;
  let seq = from;
  let mac: Uint8Array = last?.mac ?? NO_MAC;
  for (const entry of texts) {
    seq += 1;
    mac = rowMac(key, mac, { seq, time, entry });
    const row: StoredRow = { seq, time, entry, mac };
    table.insert(row);
  }
  const span = spanOf(key, from, seq, mac);
  file.announce(span);
  return span;
}
