import type { Database } from './database.ts';
import type { Token, TokenTable } from './kernel-store.ts';

export function tokenTable(database: Database): TokenTable {
  const insert = database.prepare(
    'INSERT INTO tokens (digest, guest, created, expires) VALUES (?, ?, ?, ?)',
  );
  const get = database.prepare(
    'SELECT digest, guest, created, expires FROM tokens WHERE digest = ?',
  );
  const removeOf = database.prepare('DELETE FROM tokens WHERE guest = ?');
  return {
    insert: ({ digest, guest, created, expires }) => insert.run(digest, guest, created, expires),
    get(digest) {
      const row = get.get(digest);
      return row && ({ ...row } as unknown as Token);
    },
    removeOf: (guest) => removeOf.run(guest),
  };
}
