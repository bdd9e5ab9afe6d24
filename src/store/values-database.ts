import { join } from 'node:path';
import type { KeyedValues, StoreUsage, ValuesPlace } from '../powers/store/values.ts';
import { type Database, openDatabase, type SqlRow } from './database.ts';
import type { Home } from './home.ts';
import { guarded, guardedDatabase } from './kernel-fault.ts';
import { type Migrations, migrate } from './migrations.ts';

/** The counters of a store are kept by the file itself, so no writer can forget them. */
export const VALUES_MIGRATIONS: Migrations = [
  `CREATE TABLE stores (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    items INTEGER NOT NULL DEFAULT 0 CHECK (items >= 0),
    bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0)
  ) STRICT;

  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    store INTEGER NOT NULL REFERENCES stores (id),
    key TEXT NOT NULL CHECK (key <> ''),
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    value TEXT NOT NULL CHECK (json_valid(value))
  ) STRICT;
  CREATE UNIQUE INDEX entries_key ON entries (store, key);

  CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN
    UPDATE stores SET items = items + 1, bytes = bytes + new.bytes WHERE id = new.store;
  END;
  CREATE TRIGGER entries_changed AFTER UPDATE ON entries BEGIN
    UPDATE stores SET bytes = bytes - old.bytes + new.bytes WHERE id = new.store;
  END;
  CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN
    UPDATE stores SET items = items - 1, bytes = bytes - old.bytes WHERE id = old.store;
  END;`,
];

const FILE = 'stores.db';

/** The file of the home that all stores lie in; open while somebody holds it. */
export function valuesPlace({ root }: Home): ValuesPlace {
  let open: { readonly database: Database; readonly values: KeyedValues } | undefined;
  let holders = 0;
  return {
    hold() {
      open ??= openValues(join(root, FILE));
      holders += 1;
      return open.values;
    },
    letGo() {
      holders -= 1;
      if (holders > 0) return;
      open?.database.close();
      open = undefined;
    },
  };
}

function openValues(path: string): { database: Database; values: KeyedValues } {
  const database = guardedDatabase(
    guarded(() => openDatabase(path), FILE),
    FILE,
  );
  try {
    migrate(database, VALUES_MIGRATIONS);
    return { database, values: valuesOf(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

const OF_STORE = 'store = (SELECT id FROM stores WHERE name = ?)';

/** Behind every key with this beginning, and before all others: no key holds U+10FFFF. */
const RANGE = 'key >= ? AND key < ? || char(0x10FFFF)';

/** The keys of a store in the order of their bytes. */
export function valuesOf(database: Database): KeyedValues {
  const get = database.prepare(`SELECT value, bytes FROM entries WHERE ${OF_STORE} AND key = ?`);
  const usage = database.prepare('SELECT items, bytes FROM stores WHERE name = ?');
  const addStore = database.prepare('INSERT OR IGNORE INTO stores (name) VALUES (?)');
  const put = database.prepare(
    `INSERT INTO entries (store, key, bytes, value)
      VALUES ((SELECT id FROM stores WHERE name = ?), ?, ?, ?)
      ON CONFLICT (store, key) DO UPDATE SET bytes = excluded.bytes, value = excluded.value`,
  );
  const remove = database.prepare(`DELETE FROM entries WHERE ${OF_STORE} AND key = ?`);
  const one = database.prepare(`SELECT key FROM entries WHERE ${OF_STORE} AND key = ? AND key > ?`);
  const range = database.prepare(
    `SELECT key FROM entries WHERE ${OF_STORE} AND ${RANGE} AND key > ? ORDER BY key LIMIT ?`,
  );
  const count = database.prepare(
    `SELECT count(*) AS items, ifnull(sum(bytes), 0) AS bytes FROM entries
      WHERE ${OF_STORE} AND ${RANGE}`,
  );
  return {
    transaction: (work) => database.exclusively(work),
    get(store, key) {
      const row = get.get(store, key);
      return row && { value: String(row.value), bytes: Number(row.bytes) };
    },
    usage: (store) => usageIn(usage.get(store)),
    put(store, key, { value, bytes }) {
      addStore.run(store);
      put.run(store, key, bytes, value);
    },
    remove: (store, key) => remove.run(store, key),
    keys(store, pattern, after, limit) {
      const beginning = beginningOf(pattern);
      const rows =
        beginning === null
          ? one.all(store, pattern, after)
          : range.all(store, beginning, beginning, after, limit);
      return rows.map(({ key }) => String(key));
    },
    usageOf(store, pattern) {
      const beginning = beginningOf(pattern);
      if (beginning !== null) return usageIn(count.get(store, beginning, beginning));
      const row = get.get(store, pattern);
      return { items: row === undefined ? 0 : 1, bytes: Number(row?.bytes ?? 0) };
    },
  };
}

/** Null for a pattern that is a key itself. */
function beginningOf(pattern: string): string | null {
  return pattern.endsWith('*') ? pattern.slice(0, -1) : null;
}

function usageIn(row: SqlRow | undefined): StoreUsage {
  return { items: Number(row?.items ?? 0), bytes: Number(row?.bytes ?? 0) };
}
