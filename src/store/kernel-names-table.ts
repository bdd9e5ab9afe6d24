import type { Database, SqlRow } from './database.ts';
import type { NameEntry, NameTable } from './kernel-store.ts';

const SELECT = 'SELECT holder, directory, name, grant_id, child FROM names';

export function nameTable(database: Database): NameTable {
  const put = database.prepare(
    `INSERT INTO names (holder, directory, name, grant_id, child) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (directory, name) DO UPDATE SET
        holder = excluded.holder, grant_id = excluded.grant_id, child = excluded.child`,
  );
  const get = database.prepare(`${SELECT} WHERE directory = ? AND name = ?`);
  const list = database.prepare(`${SELECT} WHERE directory = ? ORDER BY name`);
  const ofGrant = database.prepare(`${SELECT} WHERE grant_id = ? ORDER BY directory, name`);
  const ofDirectory = database.prepare(`${SELECT} WHERE child = ?`);
  const count = database.prepare('SELECT count(*) AS n FROM names WHERE holder = ?');
  const remove = database.prepare('DELETE FROM names WHERE directory = ? AND name = ?');
  return {
    put({ holder, directory, name, target }) {
      const isGrant = target.type === 'grant';
      put.run(holder, directory, name, isGrant ? target.id : null, isGrant ? null : target.id);
    },
    get(directory, name) {
      const row = get.get(directory, name);
      return row && entryOf(row);
    },
    list: (directory) => list.all(directory).map(entryOf),
    of: (target) => [...ofGrant.all(target), ...ofDirectory.all(target)].map(entryOf),
    count: (holder) => Number(count.get(holder)?.n),
    remove: (directory, name) => remove.run(directory, name),
  };
}

interface Row extends Omit<NameEntry, 'target'> {
  readonly grant_id: string | null;
  readonly child: string | null;
}

function entryOf(found: SqlRow): NameEntry {
  const { holder, directory, name, grant_id, child } = found as unknown as Row;
  const target =
    grant_id === null
      ? ({ type: 'directory', id: child ?? '' } as const)
      : ({ type: 'grant', id: grant_id } as const);
  return { holder, directory, name, target };
}
