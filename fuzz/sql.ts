import BetterSqlite from 'better-sqlite3';
import type { SqlNarrowing } from '../src/powers/sql/narrowing.ts';
import type { parseStatement } from '../src/powers/sql/parse.ts';
import type { planStatement } from '../src/powers/sql/plan.ts';
import type { requirePages } from '../src/powers/sql/sqlite-pages.ts';
import { type FuzzTarget, textOf } from './target.ts';

const TABLES = `
  CREATE TABLE orders (id INTEGER PRIMARY KEY, tenant_id INTEGER, total INTEGER, note TEXT, secret TEXT);
  CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER, who TEXT);
  INSERT INTO orders VALUES (1, 42, 10, 'first', 'CANARY a'), (2, 7, 990001, 'CANARY b', 'CANARY c');
  INSERT INTO salaries VALUES (1, 990002, 'CANARY d');
`;

const RULE = {
  columns: ['id', 'total', 'note'],
  where: { column: 'tenant_id', is: '=', value: 42 },
};

const NARROWING = {
  tables: {
    orders: { select: RULE, insert: RULE, update: RULE, delete: { ...RULE, columns: null } },
  },
  functions: null,
  rowsMax: null,
  timeMs: null,
} as SqlNarrowing;

interface Judge {
  readonly parse: typeof parseStatement;
  readonly plan: typeof planStatement;
  readonly pages: typeof requirePages;
  readonly database: BetterSqlite.Database;
}

let judge: Judge | null = null;

/** Statements: what is accepted runs, and neither reads nor changes what was not granted. */
export const sqlTarget: FuzzTarget = {
  name: 'sql',
  seeds: [
    'SELECT id, total FROM orders WHERE total > 5 ORDER BY id LIMIT 3',
    'SELECT o.*, count(*) OVER (PARTITION BY id) FROM orders o JOIN orders p USING (id)',
    'WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 3) SELECT * FROM x',
    'SELECT id FROM orders UNION SELECT amount FROM salaries',
    "UPDATE orders SET total = total + 1, note = 'x' WHERE id IN (SELECT id FROM orders) RETURNING *",
    'DELETE FROM orders WHERE EXISTS (SELECT 1 FROM orders o WHERE o.id = orders.id)',
    'INSERT INTO orders (id, tenant_id) VALUES (3, 42) ON CONFLICT (id) DO UPDATE SET total = excluded.total',
    "SELECT * FROM json_each('[1]'), (VALUES (1)) AS v",
    `SELECT CAST(note AS text), CASE WHEN id = 1 THEN "note" END FROM main.orders`,
    'SELECT secret FROM salaries; DROP TABLE orders',
  ],
  words: [
    ...'select from where orders salaries secret tenant_id amount who id total note rowid main temp'.split(
      ' ',
    ),
    ...'sqlite_schema pragma_table_info with as recursive union all except join lateral on using'.split(
      ' ',
    ),
    ...'insert into values update set delete returning excluded conflict do nothing default'.split(
      ' ',
    ),
    ...'( ) , . * ; = < || :: $1 -- /* */ \' " ` U&" $$ E\' \\ \0'.split(' '),
    ...'42 7 null true pbx_src pbx_t pbx_1 pbx_id t load_extension json_each max over limit'.split(
      ' ',
    ),
  ],
  async prepare() {
    const { parseStatement: parse } = await import('../src/powers/sql/parse.ts');
    const { planStatement: plan } = await import('../src/powers/sql/plan.ts');
    const { requirePages: pages } = await import('../src/powers/sql/sqlite-pages.ts');
    const database = new BetterSqlite(':memory:');
    database.exec(TABLES);
    judge = { parse, plan, pages, database };
  },
  check(input) {
    if (judge === null) throw new Error('prepare() comes first.');
    const text = textOf(input);
    const first = planned(judge, text, 'sqlite');
    if (JSON.stringify(planned(judge, text, 'sqlite')) !== JSON.stringify(first)) {
      throw new Error('The same statement was judged in two ways.');
    }
    const server = planned(judge, text, 'postgres');
    if (typeof server !== 'string') checkText(judge, server.text);
    if (typeof first === 'string') return first;
    // Nothing cuts a statement without an end here; its judgement has been looked at.
    return first.text.includes('RECURSIVE') ? 'recursive' : run(judge, first);
  },
};

interface Planned {
  readonly text: string;
  readonly used: readonly number[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly tableFunctions: number;
}

/** The plan, or the code of the refusal. Anything else that is thrown is a fault. */
function planned(
  { parse, plan }: Judge,
  text: string,
  dialect: 'sqlite' | 'postgres',
): Planned | string {
  try {
    const {
      text: written,
      used,
      reads,
      writes,
      tableFunctions,
    } = plan(parse(text), [1], dialect, [NARROWING]);
    const size = tableFunctions.size;
    return { text: written, used, reads: [...reads], writes: [...writes], tableFunctions: size };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'statement-invalid' && code !== 'statement-refused') throw error;
    // The words of a reason are the kind of it; what stands in quotes is the statement's own.
    return String(error).replace(/"(?:[^"\\]|\\.)*"|\d+/g, '…');
  }
}

/** What is sent to PostgreSQL is one statement by PostgreSQL's own parser. */
function checkText({ parse }: Judge, written: string): void {
  try {
    parse(written);
  } catch (error) {
    // A text that grew over the bounds of what a caller may send is no fault.
    if (!/longer than|more than/.test(String(error))) throw error;
  }
}

function run({ database, pages }: Judge, plan: Planned): string {
  const values = Object.fromEntries(plan.used.map((_, at) => [`p${at + 1}`, 1]));
  const before = hidden(database);
  let shown: unknown;
  database.exec('BEGIN');
  try {
    pages(
      database,
      {
        text: plan.text,
        values: [],
        writes: plan.writes.length > 0,
        reads: plan.reads,
        changes: plan.writes,
        hasTableFunctions: plan.tableFunctions > 0,
        bytesMax: 1_000_000,
      },
      values,
    );
    const statement = database.prepare(plan.text);
    shown = statement.reader
      ? firstRows(statement.raw(true).iterate(values))
      : statement.run(values);
  } catch (error) {
    // The first wall must not lean on the second one.
    if ((error as { code?: unknown }).code === 'statement-refused') throw error;
    shown = String(error);
  }
  const after = hidden(database);
  database.exec('ROLLBACK');
  if (/CANARY|99000/.test(JSON.stringify(shown)))
    throw new Error(`It shows what is hidden: ${plan.text}`);
  if (before !== after) throw new Error(`It changes what is hidden: ${plan.text}`);
  return Array.isArray(shown)
    ? `${shown.length} rows`
    : typeof shown === 'string'
      ? 'failed'
      : 'changed';
}

/** A statement may be endless; a few rows show enough. */
function firstRows(rows: IterableIterator<unknown>): readonly unknown[] {
  const first: unknown[] = [];
  for (const row of rows) {
    first.push(row);
    if (first.length >= 20) break;
  }
  return first;
}

function hidden(database: BetterSqlite.Database): string {
  return JSON.stringify([
    database.prepare('SELECT * FROM orders WHERE tenant_id IS NOT 42').all(),
    database.prepare('SELECT * FROM salaries').all(),
    database.prepare('SELECT name FROM sqlite_schema').all(),
  ]);
}
