import type { Database, SqlRow } from './database.ts';
import type { Power, PowerTable } from './kernel-store.ts';

const SELECT = 'SELECT id, kind, config, text, secrets, created FROM powers';

export function powerTable(database: Database): PowerTable {
  const insert = database.prepare(
    'INSERT INTO powers (id, kind, config, text, secrets, created) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const get = database.prepare(`${SELECT} WHERE id = ?`);
  const all = database.prepare(`${SELECT} ORDER BY seq`);
  return {
    insert({ id, kind, config, text, secrets, created }) {
      insert.run(id, kind, JSON.stringify(config), text, JSON.stringify(secrets), created);
    },
    get(id) {
      const row = get.get(id);
      return row && powerOf(row);
    },
    all: () => all.all().map(powerOf),
  };
}

function powerOf(row: SqlRow): Power {
  const { id, kind, config, text, secrets, created } = row as unknown as Power & {
    readonly config: string;
    readonly secrets: string;
  };
  return { id, kind, config: JSON.parse(config), text, secrets: JSON.parse(secrets), created };
}
