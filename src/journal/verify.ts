import { createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Database, openDatabase } from '../store/database.ts';
import type { Home } from '../store/home.ts';
import { JOURNAL_MIGRATIONS, type JournalTable, journalTable } from '../store/journal-table.ts';
import { migrate } from '../store/migrations.ts';
import { PowerboxError } from '../wire/errors.ts';
import { MAC_BYTES, NO_MAC, rowMac } from './chain.ts';
import { broken, guarded } from './fault.ts';
import { headFault, headPath, openHead, proofFault } from './head.ts';

/** A head that a person noted elsewhere: it must still be in the journal. */
export interface ExpectedHead {
  readonly seq: number;
  /** Hex, 64 digits. */
  readonly mac: string;
}

export interface Verified {
  readonly rows: number;
  /** Hex mac of the last row; 64 zeros when there is none. */
  readonly head: string;
}

/**
 * Reads the whole journal and proves that every row is as it was written, in its place, and that
 * none is missing. Throws `journal-broken` naming the first row that cannot be trusted.
 *
 * Not seen without `expect`: all files put back as they were at an earlier time, or all deleted.
 */
export function verifyJournal(home: Home, key: Buffer, expect?: ExpectedHead): Verified {
  return guarded(() => {
    if (!existsSync(home.journal)) return verifyMissing(home, expect);
    const database = openDatabase(home.journal);
    try {
      migrate(database, JOURNAL_MIGRATIONS);
      return verifyTable(home, database, createSecretKey(key), expect);
    } finally {
      database.close();
    }
  });
}

/** Reads `SEQ:MAC` as `log verify` prints it. */
export function parseExpectedHead(text: string): ExpectedHead {
  const match = /^(0|[1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new PowerboxError(
      'usage',
      'Cannot parse --expect: it is a row number, a colon and 64 hex digits.',
      { hint: 'Use the head that `powerbox log verify` printed.' },
    );
  }
  return { seq: Number(match[1]), mac: match[2] };
}

function verifyMissing(home: Home, expect: ExpectedHead | undefined): Verified {
  if (existsSync(headPath(home))) throw broken('journal.db is gone and journal.head is not', 1);
  if (expect !== undefined && expect.seq > 0) throw broken('journal.db is gone', 1);
  return { rows: 0, head: NO_MAC.toString('hex') };
}

function verifyTable(
  home: Home,
  database: Database,
  key: KeyObject,
  expect: ExpectedHead | undefined,
): Verified {
  const table = journalTable(database);
  const fault = table.fault();
  if (fault !== undefined) throw broken(fault);
  checkHead(home, database, table, key);
  let rows = 0;
  let mac: Uint8Array = NO_MAC;
  for (const row of table.scan()) {
    if (row.seq !== rows + 1) throw broken(`row ${rows + 1} is missing`, rows + 1);
    const wanted = rowMac(key, mac, row);
    if (row.mac.length !== MAC_BYTES || !wanted.equals(row.mac)) {
      throw broken('its content or its place was changed', row.seq);
    }
    rows = row.seq;
    mac = row.mac;
    if (rows === expect?.seq && Buffer.from(mac).toString('hex') !== expect.mac) {
      throw broken('it is another row than the one that was noted', rows);
    }
  }
  if (expect !== undefined && expect.seq > rows) {
    throw broken(`it holds ${rows} rows and row ${expect.seq} was noted`, rows + 1);
  }
  return { rows, head: Buffer.from(mac).toString('hex') };
}

function checkHead(home: Home, database: Database, table: JournalTable, key: KeyObject): void {
  const file = openHead(headPath(home));
  try {
    database.exclusively(() => {
      const last = table.last();
      const head = file.read();
      const reason = headFault(head, last) ?? (head && proofFault(head, key, table.macOf));
      if (reason !== undefined) throw broken(reason, firstLost(table, head?.announced.seq ?? 1));
    });
  } finally {
    file.close();
  }
}

/** The first row that is not there, as far as the head file says; for the sentence only. */
function firstLost(table: JournalTable, announced: number): number {
  return Math.max(1, Math.min((table.last()?.seq ?? 0) + 1, announced));
}
