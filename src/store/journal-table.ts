import { type Database, openMemoryDatabase, type SqlRow } from './database.ts';
import { type Migrations, migrate } from './migrations.ts';

/**
 * The only stored facts are the four columns that the chain covers. The others are computed from
 * `entry` when they are read, so they cannot say anything else than it does.
 */
export const JOURNAL_MIGRATIONS: Migrations = [
  `CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    entry TEXT NOT NULL,
    mac BLOB NOT NULL,
    kind TEXT GENERATED ALWAYS AS (json_extract(entry, '$.kind')) VIRTUAL,
    box TEXT GENERATED ALWAYS AS (json_extract(entry, '$.box')) VIRTUAL,
    verdict TEXT GENERATED ALWAYS AS (json_extract(entry, '$.verdict')) VIRTUAL,
    request INTEGER GENERATED ALWAYS AS (json_extract(entry, '$.of')) VIRTUAL
  ) STRICT;
  CREATE INDEX journal_response ON journal (request) WHERE request IS NOT NULL;`,
];

export interface StoredRow {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Canonical JSON of the entry. */
  readonly entry: string;
  readonly mac: Uint8Array;
}

/** A row that is not a response, with its response when there is one by now. */
export interface JoinedRow {
  readonly seq: number;
  readonly time: number;
  readonly entry: string;
  readonly response: string | null;
}

export interface RowFilter {
  readonly box?: string;
  /** Only refusals. */
  readonly denied?: boolean;
  /** Only rows of this time (milliseconds since the epoch) and later. */
  readonly since?: number;
  /** The newest so many. */
  readonly limit: number;
}

export interface JournalTable {
  last(): { readonly seq: number; readonly mac: Uint8Array } | undefined;
  macOf(seq: number): Uint8Array | undefined;
  insert(row: StoredRow): void;
  /** Every row in order, read from one moment's state. */
  scan(): Iterable<StoredRow>;
  /** Rows with a larger `seq`, in order. */
  after(seq: number, limit: number): readonly StoredRow[];
  /** In order of `seq`; responses come with their requests. */
  newest(filter: RowFilter): readonly JoinedRow[];
  /** Changes whenever another connection has committed. */
  version(): number;
  /** Undefined when the file is sound and its schema is the one this Powerbox wrote. */
  fault(): string | undefined;
}

export function journalTable(database: Database): JournalTable {
  const last = database.prepare('SELECT seq, mac FROM journal ORDER BY seq DESC LIMIT 1');
  const macOf = database.prepare('SELECT mac FROM journal WHERE seq = ?');
  const insert = database.prepare(
    'INSERT INTO journal (seq, time, entry, mac) VALUES (?, ?, ?, ?)',
  );
  const version = database.prepare('PRAGMA data_version');
  return {
    last() {
      const row = last.get();
      return row && { seq: Number(row.seq), mac: row.mac as Uint8Array };
    },
    macOf: (seq) => macOf.get(seq)?.mac as Uint8Array | undefined,
    insert: (row) => insert.run(row.seq, row.time, row.entry, row.mac),
    scan: () => typed(database.prepare(`${SELECT} ORDER BY seq`).iterate()),
    after: (seq, limit) => [
      ...typed(database.prepare(`${SELECT} WHERE seq > ? ORDER BY seq LIMIT ?`).all(seq, limit)),
    ],
    newest(filter) {
      const rows = database.prepare(newestSql(filter)).all(...newestValues(filter));
      return (rows as unknown as JoinedRow[]).toReversed();
    },
    version: () => Number(version.get()?.data_version),
    fault: () => integrityFault(database) ?? schemaFault(database),
  };
}

const SELECT = 'SELECT seq, time, entry, mac FROM journal';

function* typed(rows: Iterable<SqlRow>): Iterable<StoredRow> {
  for (const row of rows) yield row as unknown as StoredRow;
}

function newestSql(filter: RowFilter): string {
  const conditions = ["j.kind NOT IN ('response', 'done')"];
  if (filter.box !== undefined) conditions.push('j.box = ?');
  if (filter.denied) conditions.push("j.verdict = 'deny'");
  if (filter.since !== undefined) conditions.push('j.time >= ?');
  return `SELECT j.seq, j.time, j.entry,
    (SELECT r.entry FROM journal r WHERE r.request = j.seq ORDER BY r.seq LIMIT 1) AS response
    FROM journal j WHERE ${conditions.join(' AND ')} ORDER BY j.seq DESC LIMIT ?`;
}

function newestValues(filter: RowFilter): (string | number)[] {
  const values: (string | number)[] = [];
  if (filter.box !== undefined) values.push(filter.box);
  if (filter.since !== undefined) values.push(filter.since);
  return [...values, filter.limit];
}

function integrityFault(database: Database): string | undefined {
  const said = String(database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check);
  return said === 'ok' ? undefined : `the database is damaged (${said})`;
}

/** A changed schema could make readers see other rows than the chain does. */
function schemaFault(database: Database): string | undefined {
  const wanted = openMemoryDatabase();
  try {
    migrate(wanted, JOURNAL_MIGRATIONS);
    return schemaOf(wanted) === schemaOf(database)
      ? undefined
      : 'the schema of the database was changed';
  } finally {
    wanted.close();
  }
}

function schemaOf(database: Database): string {
  return JSON.stringify(
    database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all(),
  );
}
