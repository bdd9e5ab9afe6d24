import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import type { Live } from '../../src/ocap/live.ts';
import type { SqlConfig } from '../../src/powers/sql/config.ts';
import type { Dialect, Scalar } from '../../src/powers/sql/dialect.ts';
import type { Answer } from '../../src/powers/sql/engine.ts';
import { openSql } from '../../src/powers/sql/open.ts';
import { readRules } from '../../src/powers/sql/rule.ts';
import { compile } from './compile.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { ROWS, RULES, TABLES } from './sql-fixture.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly rules?: readonly string[];
  readonly spend?: (bytes: number) => void;
}

/** A power over a real database, as the kernel would call it. */
export interface SqlPower {
  readonly live: Live;
  query(text: string, values?: readonly Scalar[], options?: CallOptions): Promise<Answer>;
  execute(text: string, values?: readonly Scalar[], options?: CallOptions): Promise<Answer>;
  cursor(text: string, options?: CallOptions): Promise<Live>;
}

export function powerOf(
  config: SqlConfig,
  sqliteMain: string,
  password = '',
  more: { readonly authorities?: string } = {},
): SqlPower {
  const live = openSql(config, { secret: () => password, sqliteMain, ...more });
  const call = (
    method: string,
    text: string,
    values: readonly Scalar[] = [],
    options: CallOptions = {},
  ): unknown => live.call(method, [text, values], contextOf(config.dialect, options));
  return {
    live,
    query: async (...args) => call('query', ...args) as Promise<Answer>,
    execute: async (...args) => call('execute', ...args) as Promise<Answer>,
    cursor: async (text, options) => call('cursor', text, [], options) as Promise<Live>,
  };
}

export function contextOf(
  dialect: Dialect,
  options: CallOptions = {},
): Parameters<Live['call']>[2] {
  return {
    narrowings: [readRules(options.rules ?? RULES, dialect)],
    signal: options.signal ?? new AbortController().signal,
    spend: ({ bytes }) => options.spend?.(bytes ?? 0),
  };
}

/** Both databases with the same tables and rows, and what their owner may do. */
export interface SqlPlaces {
  readonly server: PostgresServer;
  readonly sqliteMain: string;
  readonly configs: Readonly<Record<Dialect, SqlConfig>>;
  asOwner(dialect: Dialect, text: string): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export async function makeSqlPlaces(): Promise<SqlPlaces> {
  const compiled = compile('src/powers/sql/sqlite-main.ts');
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-sql-'));
  const file = join(folder, 'shop.db');
  const database = new BetterSqlite(file);
  database.pragma('journal_mode = WAL');
  const server = await startPostgres();
  await server.asOwner(TABLES + ROWS);
  database.exec(TABLES + ROWS);
  const { host, port, user } = server;
  return {
    server,
    sqliteMain: join(compiled, 'powers/sql/sqlite-main.js'),
    configs: {
      sqlite: { dialect: 'sqlite', file, readOnly: false },
      postgres: {
        dialect: 'postgres',
        host,
        port,
        user,
        database: 'postgres',
        tls: 'none',
        credential: null,
      },
    },
    async asOwner(dialect, text) {
      if (dialect === 'postgres') return server.asOwner(text);
      if (!/^\s*SELECT/i.test(text)) {
        database.exec(text);
        return [];
      }
      return database.prepare(text).all() as readonly Record<string, unknown>[];
    },
    async stop() {
      database.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
      rmSync(compiled, { recursive: true, force: true });
    },
  };
}
