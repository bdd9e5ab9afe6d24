import type { Database, SqlRow } from './database.ts';
import { type EndedColumns, endedOf, endedValues } from './kernel-ended.ts';
import type { Principal, PrincipalTable } from './kernel-store.ts';

const SELECT = `SELECT id, name, created, reason, box, removed_time AS ended_time,
  removed_by AS ended_by, removed_reason AS ended_reason FROM principals`;

export function principalTable(database: Database): PrincipalTable {
  const insert = database.prepare(
    `INSERT INTO principals
      (id, name, created, reason, box, removed_time, removed_by, removed_reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const get = database.prepare(`${SELECT} WHERE id = ?`);
  const byName = database.prepare(`${SELECT} WHERE name = ? AND removed_time IS NULL`);
  const all = database.prepare(`${SELECT} ORDER BY seq`);
  const remove = database.prepare(
    `UPDATE principals SET removed_time = ?, removed_by = ?, removed_reason = ?
      WHERE id = ? AND removed_time IS NULL`,
  );
  return {
    insert({ id, name, created, reason, box, removed }) {
      insert.run(id, name, created, reason, box, ...endedValues(removed));
    },
    get: (id) => principalOf(get.get(id)),
    byName: (name) => principalOf(byName.get(name)),
    all: () => all.all().map((row) => principalOf(row)),
    remove: (id, ended) => remove.run(...endedValues(ended), id),
  };
}

type Row = Omit<Principal, 'removed'> & EndedColumns;

function principalOf(row: SqlRow): Principal;
function principalOf(row: SqlRow | undefined): Principal | undefined;
function principalOf(row: SqlRow | undefined): Principal | undefined {
  if (row === undefined) return undefined;
  const { id, name, created, reason, box, ...ended } = row as unknown as Row;
  return { id, name, created, reason, box, removed: endedOf(ended) };
}
