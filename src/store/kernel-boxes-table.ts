import type { Database, SqlRow } from './database.ts';
import type { BoxTable, RegisteredBox } from './kernel-store.ts';

const SELECT = 'SELECT id, guest, token, egress_pid, egress_start, created FROM boxes';

export function boxTable(database: Database): BoxTable {
  const put = database.prepare(
    `INSERT INTO boxes (id, guest, token, egress_pid, egress_start, created)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET guest = excluded.guest, token = excluded.token,
        egress_pid = excluded.egress_pid, egress_start = excluded.egress_start,
        created = excluded.created`,
  );
  const get = database.prepare(`${SELECT} WHERE id = ?`);
  const all = database.prepare(`${SELECT} ORDER BY created, id`);
  const remove = database.prepare('DELETE FROM boxes WHERE id = ?');
  return {
    put({ id, guest, token, egress, created }) {
      put.run(id, guest, token, egress?.pid ?? null, egress?.start ?? null, created);
    },
    get(id) {
      const row = get.get(id);
      return row && boxOf(row);
    },
    all: () => all.all().map(boxOf),
    remove: (id) => remove.run(id),
  };
}

interface Row extends Omit<RegisteredBox, 'egress'> {
  readonly egress_pid: number | null;
  readonly egress_start: string;
}

function boxOf(found: SqlRow): RegisteredBox {
  const { egress_pid: pid, egress_start: start, ...box } = found as unknown as Row;
  return { ...box, egress: pid === null ? null : { pid, start } };
}
