import { describe, expect, it } from 'vitest';
import { makeDatabase, ROWS, TABLES } from '../../../test/support/sql-fixture.ts';
import { ANSWER_BYTES_MAX } from './limits.ts';
import { requirePages } from './sqlite-pages.ts';
import type { SqliteWork } from './sqlite-protocol.ts';

const OWNER = `
  CREATE INDEX totals ON orders (total);
  CREATE UNIQUE INDEX notes ON orders (note, id);
  CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT);
  CREATE TRIGGER keep AFTER UPDATE OF total ON orders BEGIN INSERT INTO log (what) VALUES ('x'); END;
  CREATE VIEW names AS SELECT name FROM customers JOIN orders ON customer_id = customers.id;
`;

function work(text: string, reads: readonly string[], changes: readonly string[] = []): SqliteWork {
  return {
    text,
    reads,
    changes,
    values: [],
    writes: changes.length > 0,
    hasTableFunctions: /json_each/.test(text),
    bytesMax: ANSWER_BYTES_MAX,
  };
}

describe('the pages that a program of SQLite opens', () => {
  const database = makeDatabase(TABLES, OWNER, ROWS);
  const check = (one: SqliteWork): void => requirePages(database, one, {});
  const refusal = expect.objectContaining({ code: 'statement-refused' });

  it.each([
    ['SELECT * FROM orders', ['orders']],
    ['SELECT note FROM orders WHERE total > 5 ORDER BY total', ['orders']],
    ['SELECT * FROM orders, customers', ['orders', 'customers']],
    ['SELECT * FROM names', ['names']],
    ['SELECT count(*) FROM orders', ['orders']],
    ["SELECT * FROM json_each('[1]'), orders", ['orders']],
    ['SELECT 1', []],
  ])('lets %s read %j', (text, reads) => {
    check(work(text, reads));
    if (reads.length > 0) expect(() => check(work(text, []))).toThrow(refusal);
  });

  it.each([
    ['UPDATE orders SET total = 1 WHERE id = 1', 'orders'],
    ['UPDATE orders SET note = total', 'orders'],
    ['DELETE FROM orders WHERE id = 1', 'orders'],
    ['INSERT INTO orders (id, tenant_id) VALUES (99, 1)', 'orders'],
    ["INSERT INTO log (what) VALUES ('x')", 'log'],
    ['INSERT INTO customers (id, tenant_id) SELECT id + 50, 1 FROM orders', 'customers'],
  ])('lets %s change %s', (text, table) => {
    check(work(text, ['orders'], [table]));
    expect(() => check(work(text, ['orders'], []))).toThrow(refusal);
  });

  it.each([
    ['SELECT * FROM salaries', ['orders']],
    ['SELECT * FROM sqlite_schema', ['orders', 'sqlite_schema_']],
    ['SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM salaries)', ['orders']],
    ["SELECT * FROM pragma_table_info('orders')", ['orders']],
    ['DROP TABLE orders', ['orders']],
    ['CREATE TABLE x (a)', ['orders']],
    ['VACUUM', ['orders']],
    ["ATTACH ':memory:' AS x", []],
    ['DELETE FROM orders', ['orders']],
    ['CREATE TEMP TABLE x AS SELECT * FROM orders', ['orders']],
  ])('does not let %s pass for one that reads %j', (text, reads) => {
    let refused = false;
    try {
      check(work(text, reads));
    } catch {
      refused = true;
    }
    // ATTACH opens no page; the parser and the writer of statements do not know it.
    expect(refused).toBe(!text.startsWith('ATTACH'));
  });
});
