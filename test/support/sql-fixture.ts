import BetterSqlite from 'better-sqlite3';
import fc from 'fast-check';
import type { Dialect, Scalar } from '../../src/powers/sql/dialect.ts';
import type { SqlNarrowing } from '../../src/powers/sql/narrowing.ts';
import { parseStatement } from '../../src/powers/sql/parse.ts';
import { type Plan, planStatement } from '../../src/powers/sql/plan.ts';
import { readRules } from '../../src/powers/sql/rule.ts';

/** Two tenants' shop. What the grant hides says CANARY, or is a number from 990,000 on. */
export const TABLES = `
  CREATE TABLE orders (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, customer_id INTEGER,
    total INTEGER, note TEXT, secret TEXT);
  CREATE TABLE customers (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, name TEXT, email TEXT);
  CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER, who TEXT);
`;

export const ROWS = `
  INSERT INTO orders VALUES (1, 42, 1, 10, 'first', 'CANARY a'), (2, 42, 1, 20, 'second', 'CANARY b'),
    (3, 42, 2, NULL, NULL, 'CANARY c'), (4, 42, NULL, 40, 'fourth', 'CANARY d'),
    (5, 7, 3, 990001, 'CANARY note', 'CANARY e'), (6, 7, 1, 990002, 'CANARY other', 'CANARY f');
  INSERT INTO customers VALUES (1, 42, 'Ada', 'CANARY mail'), (2, 42, 'Bob', 'CANARY mail'),
    (3, 7, 'CANARY name', 'CANARY mail');
  INSERT INTO salaries VALUES (1, 990003, 'CANARY who');
`;

export const RULES: readonly string[] = [
  'select on orders(id, customer_id, total, note) where tenant_id = 42',
  'insert on orders(id, customer_id, total, note) where tenant_id = 42',
  'update on orders(total, note) where tenant_id = 42',
  'delete on orders where tenant_id = 42',
  'select on customers(id, name) where tenant_id = 42',
];

/** What the owner would make for the same: the tables of the grant, as views. */
export const VIEWS = `
  CREATE VIEW orders AS SELECT id, customer_id, total, note FROM base_orders WHERE tenant_id = 42;
  CREATE VIEW customers AS SELECT id, name FROM base_customers WHERE tenant_id = 42;
`;

/** Tables under other names, for the views. */
export function baseNames(text: string): string {
  return text.replace(/\b(orders|customers|salaries)\b/g, 'base_$1');
}

export function narrowing(dialect: Dialect, rules: readonly string[] = RULES): SqlNarrowing {
  return readRules(rules, dialect);
}

export function planOf(
  text: string,
  dialect: Dialect = 'sqlite',
  values: readonly Scalar[] = [],
  narrowings: readonly SqlNarrowing[] = [narrowing(dialect)],
): Plan {
  return planStatement(parseStatement(text), values, dialect, narrowings);
}

export function makeDatabase(...texts: readonly string[]): BetterSqlite.Database {
  const database = new BetterSqlite(':memory:');
  for (const text of texts) database.exec(text);
  return database;
}

/** Runs a plan as the process of SQLite would, without its second wall. */
export function runPlan(
  database: BetterSqlite.Database,
  plan: Plan,
  values: readonly Scalar[] = [],
): readonly unknown[][] {
  const bound = Object.fromEntries(plan.used.map((at, place) => [`p${place + 1}`, values[at]]));
  const statement = database.prepare(plan.text);
  if (statement.reader) return statement.raw(true).all(bound) as unknown[][];
  statement.run(bound);
  return [];
}

/** Does an answer, or an error, show what the grant hides? */
export function leaks(shown: unknown): boolean {
  return /CANARY|9900\d\d/.test(JSON.stringify(shown) ?? '');
}

const COLUMNS = ['id', 'customer_id', 'total', 'note', 'name'];
const HIDDEN = ['tenant_id', 'secret', 'email', 'rowid'];

const columnText = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...COLUMNS) },
  { weight: 1, arbitrary: fc.constantFrom(...HIDDEN) },
);

const qualified = fc.oneof(
  columnText,
  fc.tuple(fc.constantFrom('o', 'c', 'orders', 'x'), columnText).map((words) => words.join('.')),
);

const literal = fc.oneof(
  fc.integer({ min: -3, max: 50 }).map(String),
  fc.constantFrom("'first'", "'Ada'", 'NULL', "'CAN%'", "'%r%'"),
);

const { scalar } = fc.letrec<{ scalar: string }>((tie) => ({
  scalar: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    qualified,
    literal,
    fc
      .tuple(
        tie('scalar'),
        fc.constantFrom('+', '-', '*', '=', '<', '>=', '<>', '||'),
        tie('scalar'),
      )
      .map(([left, sign, right]) => `(${left} ${sign} ${right})`),
    fc
      .tuple(fc.constantFrom('abs', 'length', 'lower', 'coalesce'), tie('scalar'))
      .map(([name, inside]) =>
        name === 'coalesce' ? `coalesce(${inside}, 0)` : `${name}(${inside})`,
      ),
    fc
      .tuple(tie('scalar'), tie('scalar'), tie('scalar'))
      .map(([one, two, three]) => `CASE WHEN ${one} = ${two} THEN ${three} END`),
    tie('scalar').map((inside) => `(SELECT max(${inside}) FROM orders)`),
  ),
}));

const condition = fc.oneof(
  fc
    .tuple(scalar, fc.constantFrom('=', '<', '>', '<>', 'LIKE'), scalar)
    .map((words) => words.join(' ')),
  qualified.map((column) => `${column} IS NOT NULL`),
  fc.tuple(qualified, literal, literal).map(([column, a, b]) => `${column} IN (${a}, ${b})`),
  scalar.map((inside) => `EXISTS (SELECT 1 FROM customers x WHERE x.id = ${inside})`),
);

const source = fc.constantFrom(
  'orders',
  'orders o',
  'customers c',
  'orders o JOIN customers c ON c.id = o.customer_id',
  'orders o LEFT JOIN customers c ON c.id = o.customer_id',
  'orders o, customers c',
  '(SELECT * FROM orders) AS o',
  '(SELECT id, total FROM orders WHERE total > 10) AS x',
  'salaries x',
);

const select = fc
  .record({
    with: fc.constantFrom(
      '',
      '',
      '',
      'WITH x AS (SELECT * FROM orders) ',
      'WITH orders AS (SELECT id, total FROM orders) ',
      'WITH salaries AS (SELECT id, name FROM customers) ',
    ),
    targets: fc.oneof(
      fc.array(scalar, { minLength: 1, maxLength: 3 }).map((items) => items.join(', ')),
      fc.constantFrom('*', 'count(*)', 'o.*', 'sum(total), count(total)'),
    ),
    source,
    where: fc.option(condition, { nil: null }),
    distinct: fc.boolean(),
  })
  .map(
    (part) =>
      `${part.with}SELECT ${part.distinct ? 'DISTINCT ' : ''}${part.targets} FROM ${part.source}${part.where === null ? '' : ` WHERE ${part.where}`}`,
  );

/** A SELECT of people and of those who try: what is granted, and now and then what is not. */
export const selects: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: select },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, fc.constantFrom('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'), select)
      .filter(([one, , other]) => !one.startsWith('WITH') && !other.startsWith('WITH'))
      .map((words) => words.join(' ')),
  },
);

/** Changes, likewise. */
export const changes: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom('total', 'note', 'tenant_id', 'id'), scalar, condition)
    .map(([column, value, where]) => `UPDATE orders SET ${column} = ${value} WHERE ${where}`),
  condition.map((where) => `DELETE FROM orders WHERE ${where}`),
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), scalar, fc.constantFrom(42, 7))
    .map(
      ([id, value, tenant]) =>
        `INSERT INTO orders (id, total, tenant_id) VALUES (${id}, ${value}, ${tenant}) ON CONFLICT (id) DO NOTHING`,
    ),
  fc
    .integer({ min: 1, max: 12 })
    .map(
      (id) =>
        `INSERT INTO orders (id, total) VALUES (${id}, 5) ON CONFLICT (id) DO UPDATE SET total = excluded.total`,
    ),
  select.map((from) => `INSERT INTO orders (id, total) ${from}`),
);
