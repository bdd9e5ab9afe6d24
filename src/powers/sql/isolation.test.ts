import type BetterSqlite from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  baseNames,
  changes,
  leaks,
  makeDatabase,
  narrowing,
  planOf,
  ROWS,
  runPlan,
  selects,
  TABLES,
  VIEWS,
} from '../../../test/support/sql-fixture.ts';
import type { SqlNarrowing } from './narrowing.ts';

type Outcome = { readonly rows: readonly string[] } | { readonly error: string };

function outcome(run: () => readonly unknown[][]): Outcome {
  try {
    return {
      rows: run()
        .map((row) => JSON.stringify(row))
        .sort(),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown' };
  }
}

const columnList = fc.option(
  fc.uniqueArray(fc.constantFrom('id', 'total', 'note', 'customer_id', 'tenant_id', 'secret'), {
    minLength: 1,
  }),
  { nil: null },
);

const where = fc.option(
  fc.constantFrom('tenant_id = 42', 'total > 15', "note = 'first'", 'tenant_id in (7, 42)'),
  { nil: null },
);

const ruleText = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom('select', 'insert', 'update'), { minLength: 1 }),
    fc.constantFrom('orders', 'orders', 'orders', 'customers', 'salaries'),
    columnList,
    where,
  )
  .map(([verbs, table, columns, rows]) => {
    const list = columns === null ? '' : `(${columns.join(', ')})`;
    return `${verbs.join(', ')} on ${table}${list}${rows === null ? '' : ` where ${rows}`}`;
  });

/** Any narrowing that people can write; two rules that do not go together are none. */
const anyNarrowing: fc.Arbitrary<SqlNarrowing> = fc
  .oneof(
    fc.array(fc.oneof(ruleText, fc.constantFrom('delete on orders', 'select')), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.constantFrom(['select', 'insert', 'update', 'delete']),
  )
  .map((rules) => {
    try {
      return narrowing('sqlite', rules);
    } catch {
      return narrowing('sqlite', rules.slice(0, 1));
    }
  });

const chains = fc.array(anyNarrowing, { minLength: 1, maxLength: 3 });

function isPlanned(text: string, chain: readonly SqlNarrowing[]): boolean {
  try {
    planOf(text, 'sqlite', [], chain);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^statement-/) });
    return false;
  }
}

describe('a tenant’s grant on a real SQLite', () => {
  const tables = makeDatabase(TABLES, ROWS);
  const views = makeDatabase(baseNames(TABLES), baseNames(ROWS), VIEWS);

  it('gives what views of the owner’s give, for any SELECT', () => {
    let answered = 0;
    fc.assert(
      fc.property(selects, (text) => {
        const own = outcome(() => runPlan(tables, planOf(text)));
        expect(leaks(own)).toBe(false);
        const theirs = outcome(() => views.prepare(text).raw(true).all() as unknown[][]);
        if ('rows' in own) {
          answered += 1;
          // SQLite itself does not let a WITH stand for the table that it is made of.
          if ('error' in theirs && /circular reference/.test(theirs.error)) return;
          expect(own).toEqual(theirs);
        } else {
          // Refusing what the views would answer is allowed only where it is said.
          if ('rows' in theirs) expect(own.error).toMatch(/was not given|does not allow|no such/);
        }
      }),
      { numRuns: 1500 },
    );
    expect(answered).toBeGreaterThan(100);
  });

  it('changes no row of another tenant and makes none, for any change', () => {
    let changed = 0;
    fc.assert(
      fc.property(changes, (text) => {
        tables.exec('BEGIN');
        try {
          const before = foreignRows(tables);
          const rows = tables.prepare('SELECT * FROM orders ORDER BY id').all();
          const own = outcome(() => runPlan(tables, planOf(text)));
          expect(leaks(own)).toBe(false);
          expect(foreignRows(tables)).toEqual(before);
          const after = tables.prepare('SELECT * FROM orders ORDER BY id').all();
          if (JSON.stringify(rows) !== JSON.stringify(after)) changed += 1;
        } finally {
          tables.exec('ROLLBACK');
        }
      }),
      { numRuns: 1000 },
    );
    expect(changed).toBeGreaterThan(15);
  });

  it('lets no narrower grant do what a wider one refuses', () => {
    let both = 0;
    fc.assert(
      fc.property(fc.oneof(selects, changes), chains, (text, chain) => {
        if (!isPlanned(text, chain) || !chain.every((one) => isPlanned(text, [one]))) return;
        both += 1;
        for (let length = chain.length - 1; length > 0; length -= 1) {
          expect(isPlanned(text, chain.slice(0, length)), `${length} of the chain`).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
    expect(both).toBeGreaterThan(20);
  });

  it('gives no chain a row or a column that its beginning does not give', () => {
    const all = 'SELECT * FROM orders';
    const columnsOf = (chain: readonly SqlNarrowing[]): readonly string[] =>
      tables
        .prepare(planOf(all, 'sqlite', [], chain).text)
        .columns()
        .map(({ name }) => name);
    const countOf = (chain: readonly SqlNarrowing[]): readonly string[] =>
      runPlan(tables, planOf('SELECT count(*) FROM orders', 'sqlite', [], chain)).map(String);
    let compared = 0;
    fc.assert(
      fc.property(chains, (chain) => {
        if (!isPlanned(all, chain)) return;
        const shorter = chain.slice(0, -1);
        if (shorter.length === 0) return;
        compared += 1;
        const wide = columnsOf(shorter);
        expect(wide).toEqual(expect.arrayContaining([...columnsOf(chain)]));
        expect(Number(countOf(chain)[0])).toBeLessThanOrEqual(Number(countOf(shorter)[0]));
      }),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  it('gives a narrower grant only rows that the wider one gives', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('id', 'total', 'customer_id'),
        fc.constantFrom('=', '<', '>', '<>', '<=', '>='),
        fc.integer({ min: 0, max: 50 }),
        (column, sign, value) => {
          const text = 'SELECT id FROM orders';
          const child = narrowing('sqlite', [`select on orders where ${column} ${sign} ${value}`]);
          const wide = runPlan(tables, planOf(text)).map(String);
          const narrow = runPlan(
            tables,
            planOf(text, 'sqlite', [], [narrowing('sqlite'), child]),
          ).map(String);
          expect(wide).toEqual(expect.arrayContaining(narrow));
        },
      ),
    );
  });

  it('does not say by an error what a hidden row holds', () => {
    // Every row of the other tenant, and no other, makes the condition overflow.
    const text =
      'SELECT id FROM orders WHERE abs(CASE WHEN total > 990000 THEN -9223372036854775807 - 1 ELSE 1 END) > 0';
    expect(() => tables.prepare(text).all()).toThrow(/overflow/);
    expect(runPlan(tables, planOf(text))).toHaveLength(4);
    const change = planOf(text.replace('SELECT id FROM orders', 'DELETE FROM orders'));
    tables.exec('BEGIN');
    runPlan(tables, change);
    tables.exec('ROLLBACK');
  });

  it('does not let an index put the caller’s condition before the predicate', () => {
    const indexed = makeDatabase(TABLES, ROWS, 'CREATE INDEX totals ON orders (total)');
    const overflow = 'abs(total * 0 - 9223372036854775807 - 1) > 0';
    const text = `SELECT id FROM orders WHERE total > 990000 AND ${overflow}`;
    const flat = text.replace('WHERE', 'WHERE tenant_id = 42 AND');
    // The planner asks the index first, and with it the condition that fails.
    expect(() => indexed.prepare(flat).all()).toThrow(/overflow/);
    expect(runPlan(indexed, planOf(text))).toEqual([]);
    for (const change of ['DELETE FROM orders', 'UPDATE orders SET total = 1']) {
      expect(runPlan(indexed, planOf(text.replace('SELECT id FROM orders', change)))).toEqual([]);
    }
  });

  it('says in SQLite’s words what PostgreSQL says otherwise', () => {
    for (const [text, rows] of [
      ['VALUES (1), (2) ORDER BY 1 DESC LIMIT 1', [[2]]],
      ['SELECT id FROM orders OFFSET 3', [[4]]],
      ['SELECT 1 UNION ALL (SELECT 2 UNION SELECT 2)', [[1], [2]]],
      ['SELECT 1 UNION ALL (SELECT 3 ORDER BY 1 LIMIT 1) ORDER BY 1 DESC', [[3], [1]]],
      ["SELECT trim(both 'x' from 'xax'), substring('abc' from 2 for 1)", [['a', 'b']]],
      [
        "SELECT 'a%' LIKE 'a!%' ESCAPE '!', 2 BETWEEN 1 AND 3, 1 IS DISTINCT FROM NULL",
        [[1, 1, 1]],
      ],
      [
        'SELECT sum(total) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders WHERE id < 3',
        [[10], [30]],
      ],
      ["SELECT value FROM json_each('[7]')", [[7]]],
      ['SELECT count(*) FILTER (WHERE total > 10), max(id) FROM orders', [[2, 4]]],
    ] as const) {
      expect(runPlan(tables, planOf(text)), text).toEqual(rows);
    }
  });

  it('changes only granted rows where a column has the name of the row’s number', () => {
    const odd = makeDatabase(
      'CREATE TABLE odd (rowid TEXT, tenant_id INTEGER, n INTEGER)',
      "INSERT INTO odd VALUES ('a', 42, 1), ('a', 7, 2)",
    );
    const rules = [narrowing('sqlite', ['select, update, delete on odd where tenant_id = 42'])];
    runPlan(odd, planOf('UPDATE odd SET n = 9', 'sqlite', [], rules));
    expect(odd.prepare('SELECT tenant_id, n FROM odd').raw(true).all()).toEqual([
      [42, 9],
      [7, 2],
    ]);
    runPlan(odd, planOf('DELETE FROM odd', 'sqlite', [], rules));
    expect(odd.prepare('SELECT tenant_id FROM odd').raw(true).all()).toEqual([[7]]);
  });

  it('refuses a row predicate that would tell of a column that its giver cannot read', () => {
    const child = narrowing('sqlite', ["select on orders where secret = 'CANARY a'"]);
    const chain = [narrowing('sqlite'), child];
    expect(() => planOf('SELECT id FROM orders', 'sqlite', [], chain)).toThrow(
      expect.objectContaining({ code: 'statement-refused' }),
    );
    // The same rows by the same words are no news.
    const same = narrowing('sqlite', ['select on orders(id) where tenant_id = 42']);
    expect(
      planOf('SELECT id FROM orders', 'sqlite', [], [narrowing('sqlite'), same]).text,
    ).toContain('42');
  });
});

function foreignRows(database: BetterSqlite.Database): readonly unknown[] {
  return [
    database.prepare('SELECT * FROM orders WHERE tenant_id <> 42 ORDER BY id').all(),
    database.prepare('SELECT * FROM customers ORDER BY id').all(),
    database.prepare('SELECT * FROM salaries ORDER BY id').all(),
    // Columns that the grant does not let anybody write.
    database
      .prepare('SELECT id, secret FROM orders WHERE secret IS NOT NULL AND tenant_id <> 42')
      .all(),
  ];
}
