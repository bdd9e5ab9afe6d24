import { type Database, openMemoryDatabase, type SqlRow } from './database.ts';
import { type Migrations, migrate } from './migrations.ts';

/**
 * The only stored facts are the four columns that the chain covers. The others are computed from
 * `entry` when they are read, so they cannot say anything else than it does. They have no index:
 * it would cost every row more than writing it does, and a reader can look through the texts.
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
  `ALTER TABLE journal ADD COLUMN
    guest TEXT GENERATED ALWAYS AS (json_extract(entry, '$.guest')) VIRTUAL;
  ALTER TABLE journal ADD COLUMN
    chain TEXT GENERATED ALWAYS AS (json_extract(entry, '$.chain')) VIRTUAL;`,
];

export interface StoredRow {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Canonical JSON of the entry. */
  readonly entry: string;
  readonly mac: Uint8Array;
}

/** A row that is no outcome, with its outcome when there is one by now. */
export interface JoinedRow {
  readonly seq: number;
  readonly time: number;
  readonly entry: string;
  /** The `response` of a request, the `done` of a use. */
  readonly response: string | null;
}

export interface RowFilter {
  readonly box?: string;
  /** Only refusals. */
  readonly denied?: boolean;
  /** Only what this principal did, or what was done to it: also grants, mail and ends. */
  readonly guest?: string;
  /** Only rows of this grant and of what hangs on it. */
  readonly grant?: string;
  /** Only rows of these kinds. */
  readonly kinds?: readonly string[];
  /** Only rows of this time (milliseconds since the epoch) and later. */
  readonly since?: number;
  /** The newest so many. */
  readonly limit: number;
}

/** Allowed uses that passed one chain of grants. */
export interface ChainUse {
  readonly chain: readonly string[];
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

export interface JournalTable {
  last(): { readonly seq: number; readonly mac: Uint8Array } | undefined;
  macOf(seq: number): Uint8Array | undefined;
  insert(row: StoredRow): void;
  /** Every row in order, read from one moment's state. */
  scan(): Iterable<StoredRow>;
  /** Rows with a larger `seq`, in order. */
  after(seq: number, limit: number): readonly StoredRow[];
  /** In order of `seq`; outcomes come with what they are of. */
  newest(filter: RowFilter): readonly JoinedRow[];
  /** Of the rows after `from` up to `to`. */
  uses(from: number, to: number): readonly ChainUse[];
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
  const uses = database.prepare(
    `SELECT chain, sum(${USES_OF_ROW}) AS count, max(time) AS last FROM journal
      WHERE seq > ? AND seq <= ? AND ${HOLDS_USE} GROUP BY chain`,
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
      const { sql, values } = newestQuery(filter);
      const rows = database.prepare(sql).all(...values);
      return (rows as unknown as JoinedRow[]).toReversed();
    },
    uses: (from, to) =>
      uses.all(from, to).map(({ chain, count, last }) => ({
        chain: JSON.parse(String(chain)) as readonly string[],
        count: Number(count),
        last: Number(last),
      })),
    version: () => Number(version.get()?.data_version),
    fault: () => integrityFault(database) ?? schemaFault(database),
  };
}

const SELECT = 'SELECT seq, time, entry, mac FROM journal';

function* typed(rows: Iterable<SqlRow>): Iterable<StoredRow> {
  for (const row of rows) yield row as unknown as StoredRow;
}

interface Query {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

function newestQuery(filter: RowFilter): Query {
  const conditions = [...conditionsOf(filter)];
  // The dearest comes last: it reads the JSON of a row.
  const where = [...conditions.map(({ sql }) => sql), "j.kind NOT IN ('response', 'done')"];
  return {
    sql: `SELECT j.seq, j.time, j.entry,
      (SELECT r.entry FROM journal r WHERE r.request = j.seq ORDER BY r.seq LIMIT 1) AS response
      FROM journal j WHERE ${where.join(' AND ')} ORDER BY j.seq DESC LIMIT ?`,
    values: [...conditions.flatMap(({ values }) => values), filter.limit],
  };
}

/** `entryFits` of the journal layer says the same of one entry. */
function* conditionsOf({ box, denied, guest, grant, kinds, since }: RowFilter): Iterable<Query> {
  if (box !== undefined) yield { sql: 'j.box = ?', values: [box] };
  if (denied) yield { sql: "j.verdict = 'deny'", values: [] };
  if (since !== undefined) yield { sql: 'j.time >= ?', values: [since] };
  if (guest !== undefined) yield { sql: OF_GUEST, values: [guest, guest] };
  if (grant !== undefined) yield { sql: OF_GRANT, values: [grant, grant, grant] };
  if (kinds !== undefined) {
    const texts = kinds.map(() => 'instr(j.entry, ?) > 0').join(' OR ') || '0';
    yield { sql: `(${texts})`, values: kinds.map((kind) => `"kind":"${kind}"`) };
  }
}

/** Rows that do not hold the text of the id at all are left out before their JSON is read. */
const OF_GUEST = `instr(j.entry, ?) > 0 AND ? IN (j.guest,
  json_extract(j.entry, '$.from'), json_extract(j.entry, '$.to'),
  json_extract(j.entry, '$.by'), json_extract(j.entry, '$.id'))`;

const OF_GRANT = `instr(j.entry, ?) > 0 AND (
  ? IN (json_extract(j.entry, '$.grant'), json_extract(j.entry, '$.id'))
  OR EXISTS (SELECT 1 FROM json_each(j.chain) WHERE value = ?))`;

/** Only allowed uses and requests have both; in what somebody wrote the quotes are escaped. */
const HOLDS_USE = `instr(entry, '"verdict":"allow"') > 0 AND instr(entry, '"chain":[') > 0`;

/** Uses of one moment share a row, which then lists them. */
const USES_OF_ROW = `iif(instr(entry, '"calls":[') > 0, json_array_length(entry, '$.calls'), 1)`;

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
