import BetterSqlite from 'better-sqlite3';
import { PowerboxError } from '../../wire/errors.ts';
import type { Answer, Value } from './engine.ts';
import { requirePages } from './sqlite-pages.ts';
import type { FromSqlite, SqliteWork, ToSqlite } from './sqlite-protocol.ts';

type Database = BetterSqlite.Database;

interface Open {
  readonly columns: readonly string[];
  readonly rows: Iterator<unknown>;
  readonly bytesMax: number;
}

/** What a process of SQLite does with each message; every path ends in one answer. */
export function makeSession(): (message: ToSqlite) => FromSqlite {
  let database: Database | null = null;
  let cursor: Open | null = null;

  function act(message: ToSqlite): FromSqlite {
    if (message.type === 'start') {
      database = openDatabase(message.file, message.readOnly, message.busyMs);
      return OK;
    }
    if (database === null) throw new PowerboxError('internal', 'No database is open.');
    switch (message.type) {
      case 'run':
        return run(database, message.work, message.rowsMax);
      case 'commit':
        database.exec('COMMIT');
        return OK;
      case 'open':
        cursor = start(database, message.work);
        return OK;
      case 'next':
        if (cursor === null) throw new PowerboxError('reference-closed', 'The cursor is closed.');
        return read(cursor, message.rowsMax, false);
      case 'done':
        cursor?.rows.return?.();
        cursor = null;
        if (database.inTransaction) database.exec('ROLLBACK');
        return OK;
    }
  }

  return (message) => {
    try {
      return act(message);
    } catch (error) {
      return failure(error);
    }
  };
}

const OK: FromSqlite = { type: 'ok' };

function openDatabase(file: string, readOnly: boolean, busyMs: number): Database {
  const database = new BetterSqlite(file, {
    readonly: readOnly,
    fileMustExist: true,
    timeout: busyMs,
  });
  // Functions with effects do not run from a view or a trigger, whoever wrote it.
  database.pragma('trusted_schema = OFF');
  // Memory is bounded by whoever watches this process; a file of what it sorts would not be.
  database.pragma('temp_store = MEMORY');
  return database;
}

function run(database: Database, work: SqliteWork, rowsMax: number): FromSqlite {
  if (!work.writes) return read(start(database, work), rowsMax, true);
  database.pragma('query_only = OFF');
  database.exec('BEGIN IMMEDIATE');
  try {
    const values = bound(work);
    requirePages(database, work, values);
    const statement = database.prepare(work.text).safeIntegers(true);
    if (!statement.reader) {
      const { changes } = statement.run(values);
      return { type: 'answer', answer: { ...NO_ROWS, changes }, bytes: 0 };
    }
    // Every row is read, as a change is made row by row.
    const open: Open = {
      columns: statement.columns().map(({ name }) => name),
      rows: statement.raw(true).iterate(values),
      bytesMax: work.bytesMax,
    };
    const { answer, bytes } = read(open, Number.MAX_SAFE_INTEGER, true);
    const rows = answer.rows.slice(0, rowsMax);
    const truncated = rows.length < answer.rows.length;
    return {
      type: 'answer',
      answer: { ...answer, rows, truncated, changes: answer.rows.length },
      bytes,
    };
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const NO_ROWS: Answer = { columns: [], rows: [], truncated: false, changes: 0 };

function start(database: Database, work: SqliteWork): Open {
  database.pragma('query_only = ON');
  const values = bound(work);
  requirePages(database, work, values);
  const statement = database.prepare(work.text).safeIntegers(true);
  if (!statement.readonly || !statement.reader) {
    throw new PowerboxError('statement-refused', 'The statement is refused, because it writes.');
  }
  return {
    columns: statement.columns().map(({ name }) => name),
    rows: statement.raw(true).iterate(values),
    bytesMax: work.bytesMax,
  };
}

/** Whole numbers are bound as such; a double would read back as 3.0. */
function bound(work: SqliteWork): Record<string, unknown> {
  return Object.fromEntries(
    work.values.map((value, at) => {
      if (typeof value === 'boolean') return [`p${at + 1}`, value ? 1n : 0n];
      const isWhole = typeof value === 'number' && Number.isSafeInteger(value);
      return [`p${at + 1}`, isWhole ? BigInt(value) : value];
    }),
  );
}

function read(open: Open, rowsMax: number, all: boolean): FromSqlite & { type: 'answer' } {
  const rows: Value[][] = [];
  let bytes = 0;
  let truncated = false;
  for (;;) {
    // One row further tells whether there are more; a cursor must not lose it.
    if (!all && rows.length >= rowsMax) break;
    const next = open.rows.next();
    if (next.done === true) break;
    if (rows.length >= rowsMax) {
      truncated = true;
      break;
    }
    const row = (next.value as readonly unknown[]).map(toValue);
    bytes += row.reduce<number>((sum, value) => sum + bytesOf(value), 0);
    if (bytes > open.bytesMax) {
      open.rows.return?.();
      throw new PowerboxError(
        'limit-exceeded',
        `The answer is longer than ${open.bytesMax} bytes; ask for fewer rows or columns.`,
      );
    }
    rows.push(row);
  }
  if (all) open.rows.return?.();
  const answer: Answer = { columns: open.columns, rows, truncated, changes: 0 };
  return { type: 'answer', answer, bytes };
}

function toValue(value: unknown): Value {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  return value as Value;
}

function bytesOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' && value !== null ? value.base64.length : 8;
}

/** SQLite's own sentences name tables, columns and words of the statement, and no values. */
function failure(error: unknown): FromSqlite {
  if (PowerboxError.is(error)) return { type: 'failed', code: error.code, message: error.message };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message.slice(0, 300) : 'unknown';
  if (/^SQLITE_(BUSY|LOCKED|CANTOPEN|IOERR|FULL|CORRUPT|NOTADB|READONLY|NOMEM|PERM)/.test(code)) {
    return { type: 'failed', code: 'power-failed', message: `SQLite failed: ${text}.` };
  }
  return {
    type: 'failed',
    code: 'statement-invalid',
    message: `SQLite does not take the statement: ${text}.`,
  };
}
