import type { Database } from './database.ts';
import type { Spent, SpentTable } from './kernel-store.ts';

/**
 * One row for each measure of a grant. Of a rate only the newest window is kept; when the clock
 * was set back, what is spent counts in that one, so nothing spent is ever forgotten early. Sums
 * stay exact up to the largest safe integer, and stop there.
 */
const ADD = `INSERT INTO spent (grant_id, measure, window, amount) VALUES (?, ?, ?, ?)
  ON CONFLICT (grant_id, measure) DO UPDATE SET
    amount = min(${Number.MAX_SAFE_INTEGER},
      excluded.amount + iif(excluded.window > window, 0, amount)),
    window = max(window, excluded.window)`;

export function spentTable(database: Database): SpentTable {
  const add = database.prepare(ADD);
  const all = database.prepare('SELECT grant_id AS "grant", measure, window, amount FROM spent');
  return {
    add: (grant, measure, window, amount) => add.run(grant, measure, window, amount),
    all: () => all.all() as unknown as readonly Spent[],
  };
}
