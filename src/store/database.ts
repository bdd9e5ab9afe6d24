import { chmodSync, closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import { BUSY_MS_MAX, WAL_PAGES_MAX } from './limits.ts';

/**
 * All that Powerbox asks of a SQL engine. It is this small so that another one could stand in
 * (docs/decisions/0002-better-sqlite3.md); nothing outside this file names the engine.
 */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /**
   * Runs `work` holding the one write lock of the file, across processes. What it wrote is kept
   * whole when it returns and dropped whole when it throws.
   */
  exclusively<T>(work: () => T): T;
  close(): void;
}

export interface Statement {
  run(...values: readonly SqlValue[]): void;
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): readonly SqlRow[];
  iterate(...values: readonly SqlValue[]): Iterable<SqlRow>;
}

export type SqlValue = string | number | Uint8Array | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * Opens the file, mode 0600, and makes it when it is missing. Committed work survives the kill of
 * any process at once, and a loss of power from the next checkpoint on (synchronous NORMAL).
 */
export function openDatabase(path: string): Database {
  makePrivate(path);
  const engine = makeEngine(path, { timeout: BUSY_MS_MAX });
  try {
    useWriteAheadLog(engine);
    engine.pragma('synchronous = NORMAL');
    engine.pragma('foreign_keys = ON');
    engine.pragma(`wal_autocheckpoint = ${WAL_PAGES_MAX}`);
    // Text that looks like a name never turns into a column, and the schema cannot be edited.
    engine.pragma('trusted_schema = OFF');
    return wrap(engine);
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** Loaded at first use: a box starts being built before its journal is opened. */
function makeEngine(path: string, options: BetterSqlite3.Options = {}): BetterSqlite3.Database {
  const Engine = createRequire(import.meta.url)('better-sqlite3') as typeof BetterSqlite3;
  return new Engine(path, options);
}

/**
 * Never opens a file that is there: closing it again would drop the locks that another connection
 * of this process holds on it (POSIX fcntl), and with them the safety of its writes.
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    chmodSync(path, 0o600);
  }
}

/**
 * Holds the file for this process alone, and makes it when it is missing; undefined when another
 * process has it. The lock is the kernel's (fcntl(2)): it ends with the process, however that ends,
 * and nobody has to find out whether its holder still lives. The file must not be opened again by
 * this process.
 */
export function holdFile(path: string): (() => void) | undefined {
  makePrivate(path);
  const engine = makeEngine(path, { timeout: 0 });
  try {
    engine.exec('BEGIN EXCLUSIVE');
    return () => void engine.close();
  } catch (error) {
    engine.close();
    const busy = error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
    if (busy) return undefined;
    throw error;
  }
}

/** A database that no file backs; for tests and for asking what a schema looks like. */
export function openMemoryDatabase(): Database {
  return wrap(makeEngine(':memory:'));
}

type StoreFault = 'damaged' | 'unavailable';

/** What an engine's error means for the caller; undefined when it is not an engine's or a disk's. */
export function faultOf(error: unknown): StoreFault | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  if (/^SQLITE_(CORRUPT|NOTADB|MISMATCH|CONSTRAINT|ERROR)/.test(error.code)) return 'damaged';
  return /^(SQLITE_|E[A-Z]+$)/.test(error.code) ? 'unavailable' : undefined;
}

/** True when the engine refused a row that the schema forbids: a fault of the program, not of the disk. */
export function isRefusedRow(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_CONSTRAINT/.test(`${error.code}`);
}

/** Two processes that open a new file at once collide here, and the engine does not wait by itself. */
function useWriteAheadLog(engine: BetterSqlite3.Database): void {
  const end = Date.now() + BUSY_MS_MAX;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      engine.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      const busy = error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
      if (!busy || Date.now() > end) throw error;
      Atomics.wait(pause, 0, 0, 2);
    }
  }
}

function wrap(engine: BetterSqlite3.Database): Database {
  const begin = engine.prepare('BEGIN IMMEDIATE');
  const commit = engine.prepare('COMMIT');
  return {
    exec: (sql) => void engine.exec(sql),
    prepare(sql) {
      const statement = engine.prepare<SqlValue[], SqlRow>(sql);
      return {
        run: (...values) => void statement.run(...values),
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        iterate: (...values) => statement.iterate(...values),
      };
    },
    exclusively(work) {
      begin.run();
      try {
        const result = work();
        commit.run();
        return result;
      } catch (error) {
        // A full disk makes the engine roll back by itself.
        if (engine.inTransaction) engine.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => void engine.close(),
  };
}
