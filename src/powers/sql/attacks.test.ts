import { describe, expect, it } from 'vitest';
import {
  leaks,
  makeDatabase,
  narrowing,
  planOf,
  ROWS,
  runPlan,
  TABLES,
} from '../../../test/support/sql-fixture.ts';
import type { Dialect } from './dialect.ts';

/** Each attack stands beside the nearest statement that is allowed: the judge tells them apart. */
interface Attack {
  readonly attack: string;
  readonly control: string;
  readonly says: RegExp;
}

const REFUSED: Readonly<Record<'both' | Dialect, readonly Attack[]>> = {
  both: [
    // More than one statement, and statements of other kinds.
    row('SELECT id FROM orders; DROP TABLE orders', 'SELECT id FROM orders;', /holds 2/),
    row("SELECT id FROM orders; SET ROLE 'owner'", 'SELECT id FROM orders', /holds 2/),
    row(
      '/* SELECT */ DROP TABLE orders -- SELECT',
      '/* DROP */ SELECT id FROM orders -- DROP',
      /a Drop/,
    ),
    row('SET ROLE owner', 'SELECT 1', /a VariableSet/),
    row("SET search_path = 'pg_temp'", 'SELECT 1', /a VariableSet/),
    row('RESET ALL', 'SELECT 1', /a VariableSet/),
    row('SHOW ALL', 'SELECT 1', /a VariableShow/),
    row('DO $$ BEGIN DELETE FROM orders; END $$', "SELECT $$DELETE$$ || 'x'", /a Do/),
    row("COPY orders TO '/tmp/x'", 'SELECT id FROM orders', /a Copy/),
    row("COPY (SELECT 1) TO PROGRAM 'id'", 'SELECT 1', /a Copy/),
    row('CALL f()', 'SELECT lower(note) FROM orders', /a Call/),
    row('PREPARE x AS SELECT * FROM salaries', 'SELECT id FROM orders', /a Prepare/),
    row('EXECUTE x', 'SELECT id FROM orders', /a Execute/),
    row('EXPLAIN ANALYZE DELETE FROM orders', 'SELECT id FROM orders', /a Explain/),
    row('LOCK TABLE orders', 'SELECT id FROM orders', /a Lock/),
    row('LISTEN x', 'SELECT 1', /a Listen/),
    row('TRUNCATE orders', 'DELETE FROM orders', /a Truncate/),
    row('CREATE TABLE x (a int)', 'SELECT 1', /a Create/),
    row('CREATE TEMP TABLE orders AS SELECT * FROM customers', 'SELECT 1', /a CreateTableAs/),
    row('GRANT ALL ON orders TO public', 'SELECT 1', /a Grant/),
    row(
      'MERGE INTO orders USING customers ON true WHEN MATCHED THEN DELETE',
      'SELECT 1',
      /a Merge/,
    ),
    row('BEGIN', 'SELECT 1', /a Transaction/),
    row('SELECT id INTO stolen FROM orders', 'SELECT id FROM orders', /intoClause/),
    row('DECLARE c CURSOR FOR SELECT * FROM orders', 'SELECT * FROM orders', /a DeclareCursor/),
    // Tables that were not given, in every place that a table can stand.
    row('SELECT * FROM salaries', 'SELECT * FROM orders', /"salaries" was not given/),
    row('SELECT * FROM orders, salaries', 'SELECT * FROM orders, customers', /"salaries"/),
    row(
      'SELECT (SELECT max(amount) FROM salaries)',
      'SELECT (SELECT max(total) FROM orders)',
      /"salaries"/,
    ),
    row(
      'SELECT id FROM orders UNION SELECT amount FROM salaries',
      'SELECT id FROM orders UNION SELECT id FROM customers',
      /"salaries"/,
    ),
    row(
      'SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM salaries)',
      'SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM customers)',
      /"salaries"/,
    ),
    row(
      'SELECT id FROM orders ORDER BY (SELECT amount FROM salaries)',
      'SELECT id FROM orders ORDER BY (SELECT max(id) FROM customers)',
      /"salaries"/,
    ),
    row(
      'SELECT id FROM orders LIMIT (SELECT amount FROM salaries)',
      'SELECT id FROM orders LIMIT (SELECT 1)',
      /"salaries"/,
    ),
    row(
      'SELECT * FROM orders AS customers, salaries AS orders',
      'SELECT * FROM orders AS customers, customers AS orders',
      /"salaries"/,
    ),
    row(
      'WITH x AS (SELECT * FROM salaries) SELECT * FROM x',
      'WITH salaries AS (SELECT * FROM orders) SELECT * FROM salaries',
      /"salaries"/,
    ),
    row(
      'WITH x AS (SELECT 1), salaries AS (SELECT * FROM salaries) SELECT * FROM salaries',
      'WITH x AS (SELECT 1), y AS (SELECT * FROM x) SELECT * FROM y',
      /"salaries"/,
    ),
    row(
      'SELECT * FROM (WITH salaries AS (SELECT 1) SELECT 1) AS x, salaries',
      'SELECT * FROM (WITH salaries AS (SELECT 1) SELECT * FROM salaries) AS x',
      /"salaries"/,
    ),
    row(
      'SELECT * FROM orders JOIN salaries ON true',
      'SELECT * FROM orders JOIN customers ON true',
      /"salaries"/,
    ),
    row('TABLE salaries', 'TABLE orders', /"salaries"/),
    row('SELECT count(*) FROM "salaries"', 'SELECT count(*) FROM "orders"', /"salaries"/),
    row('SELECT * FROM U&"s\\0061laries"', 'SELECT * FROM U&"\\006frders"', /"salaries"/),
    row('SELECT * FROM SALARIES', 'SELECT * FROM ORDERS', /"salaries"/),
    row('SELECT * FROM other.orders', 'SELECT * FROM orders', /"(other.)?orders"/),
    row('SELECT 1 FROM db.public.orders', 'SELECT 1 FROM orders', /catalogname/),
    row('INSERT INTO salaries (id) VALUES (9)', 'INSERT INTO orders (id) VALUES (9)', /"salaries"/),
    row('UPDATE salaries SET amount = 1', 'UPDATE orders SET total = 1', /"salaries"/),
    row(
      'DELETE FROM customers',
      'DELETE FROM orders',
      /DELETE was not given for the table "customers"/,
    ),
    row(
      'INSERT INTO orders (id, total) SELECT id, amount FROM salaries',
      'INSERT INTO orders (id, total) SELECT id + 50, total FROM orders',
      /"salaries"/,
    ),
    row(
      'UPDATE orders SET total = (SELECT amount FROM salaries)',
      'UPDATE orders SET total = (SELECT max(id) FROM customers)',
      /"salaries"/,
    ),
    row(
      'DELETE FROM orders WHERE id IN (SELECT id FROM salaries)',
      'DELETE FROM orders WHERE id IN (SELECT id FROM customers)',
      /"salaries"/,
    ),
    // Catalogues.
    row('SELECT * FROM pg_catalog.pg_class', 'SELECT * FROM orders', /catalogue/),
    row('SELECT * FROM information_schema.tables', 'SELECT * FROM orders', /catalogue/),
    // Columns that were not given.
    row('SELECT secret FROM orders', 'SELECT note FROM orders', /"secret" was not given/),
    row('SELECT tenant_id FROM orders', 'SELECT customer_id FROM orders', /"tenant_id"/),
    row('SELECT o.secret FROM orders o', 'SELECT o.note FROM orders o', /"o.secret"/),
    row('SELECT id FROM orders ORDER BY secret', 'SELECT id FROM orders ORDER BY note', /"secret"/),
    row(
      "SELECT id FROM orders WHERE secret LIKE 'C%'",
      "SELECT id FROM orders WHERE note LIKE 'f%'",
      /"secret"/,
    ),
    row(
      'SELECT count(*) FROM orders GROUP BY secret',
      'SELECT count(*) FROM orders GROUP BY note',
      /"secret"/,
    ),
    row(
      'SELECT (SELECT secret FROM customers LIMIT 1) FROM orders',
      'SELECT (SELECT max(name) FROM customers) FROM orders',
      /"secret"/,
    ),
    row('SELECT "secret" FROM orders', 'SELECT "note" FROM orders', /"secret"/),
    row('SELECT orders.email FROM orders', 'SELECT orders.note FROM orders', /"orders.email"/),
    row(
      'SELECT public.orders.secret FROM orders',
      'SELECT orders.note FROM orders',
      /alias.column/,
    ),
    row('SELECT rowid FROM orders', 'SELECT id FROM orders', /"rowid"/),
    row('SELECT ctid, xmin FROM orders', 'SELECT id FROM orders', /"ctid"/),
    row('SELECT orders.tableoid FROM orders', 'SELECT orders.id FROM orders', /"orders.tableoid"/),
    row(
      'UPDATE orders SET total = 1 RETURNING secret',
      'UPDATE orders SET total = 1 RETURNING note',
      /"secret"/,
    ),
    row('DELETE FROM orders RETURNING tenant_id', 'DELETE FROM orders RETURNING id', /"tenant_id"/),
    row(
      'INSERT INTO orders (id) VALUES (9) RETURNING secret',
      'INSERT INTO orders (id) VALUES (9) RETURNING *',
      /"secret"/,
    ),
    row(
      'DELETE FROM orders RETURNING (SELECT max(amount) FROM salaries)',
      'DELETE FROM orders RETURNING *',
      /plain columns/,
    ),
    row(
      "UPDATE orders SET total = 1 WHERE secret = 'x'",
      "UPDATE orders SET total = 1 WHERE note = 'x'",
      /"secret"/,
    ),
    row(
      'UPDATE orders SET total = tenant_id',
      'UPDATE orders SET total = customer_id',
      /"tenant_id"/,
    ),
    row(
      "DELETE FROM orders WHERE secret LIKE 'C%'",
      "DELETE FROM orders WHERE note LIKE 'f%'",
      /"secret"/,
    ),
    // Rows and columns that a change must not make.
    row('UPDATE orders SET tenant_id = 7', 'UPDATE orders SET total = 7', /not given for writing/),
    row('UPDATE orders SET id = 7', 'UPDATE orders SET note = NULL', /not given for writing/),
    row(
      'UPDATE orders SET (total, tenant_id) = (1, 7)',
      'UPDATE orders SET total = 1, note = NULL',
      /not allow|not given/,
    ),
    row(
      'INSERT INTO orders (id, tenant_id) VALUES (9, 7)',
      'INSERT INTO orders (id, tenant_id) VALUES (9, 42)',
      /not sure/,
    ),
    row(
      'INSERT INTO orders (id, tenant_id) VALUES (9, 42), (10, 7)',
      'INSERT INTO orders (id, tenant_id) VALUES (9, 42), (10, 42)',
      /not sure/,
    ),
    row(
      'INSERT INTO orders (id, tenant_id) VALUES (9, 40 + 2)',
      'INSERT INTO orders (id, total) VALUES (9, 40 + 2)',
      /not sure/,
    ),
    row(
      'INSERT INTO orders (id, tenant_id) SELECT 9, 42',
      'INSERT INTO orders (id, total) SELECT 9, 42',
      /not sure/,
    ),
    row(
      'INSERT INTO orders VALUES (9, 42, 1, 1, NULL, NULL)',
      'INSERT INTO orders (id) VALUES (9)',
      /name the columns/,
    ),
    row(
      "INSERT INTO orders (id, secret) VALUES (9, 'x')",
      "INSERT INTO orders (id, note) VALUES (9, 'x')",
      /not given for inserting/,
    ),
    row(
      'INSERT INTO orders (id, tenant_id, tenant_id) VALUES (9, 42, 7)',
      'INSERT INTO orders (id, tenant_id) VALUES (9, 42)',
      /twice/,
    ),
    row(
      'INSERT INTO orders DEFAULT VALUES',
      'INSERT INTO orders (id) VALUES (9)',
      /name the columns/,
    ),
    row(
      'INSERT INTO orders (id) VALUES (5) ON CONFLICT (id) DO UPDATE SET tenant_id = 42',
      'INSERT INTO orders (id) VALUES (5) ON CONFLICT (id) DO UPDATE SET total = 42',
      /not given for writing/,
    ),
    row(
      'INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = orders.secret',
      'INSERT INTO orders (id, note) VALUES (1, NULL) ON CONFLICT (id) DO UPDATE SET note = excluded.note',
      /ON CONFLICT/,
    ),
    row(
      'INSERT INTO orders (id) VALUES (5) ON CONFLICT (id) DO UPDATE SET total = 1 WHERE orders.id = 5',
      'INSERT INTO orders (id) VALUES (5) ON CONFLICT (id) DO UPDATE SET total = 1',
      /whereClause/,
    ),
    row(
      'WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x',
      'WITH x AS (SELECT * FROM orders) SELECT * FROM x',
      /no SELECT/,
    ),
    row(
      'WITH x AS (INSERT INTO orders (id) VALUES (9)) DELETE FROM orders',
      'WITH x AS (SELECT id FROM orders) DELETE FROM orders WHERE id IN (SELECT id FROM x)',
      /no SELECT/,
    ),
    // Functions, operators, types and values of the session.
    ...[
      'pg_read_file',
      'pg_ls_dir',
      'lo_import',
      'lo_export',
      'lo_get',
      'dblink',
      'set_config',
      'current_setting',
      'query_to_xml',
      'database_to_xml',
      'table_to_xml',
      'pg_sleep',
      'pg_terminate_backend',
      'pg_advisory_lock',
      'nextval',
      'setval',
      'pg_notify',
      'txid_current',
      'version',
      'inet_server_addr',
      'pg_stat_file',
      'xpath',
      'repeat',
      'lpad',
      'format',
      'load_extension',
      'readfile',
      'writefile',
      'edit',
      'fts3_tokenizer',
      'randomblob',
      'zeroblob',
      'printf',
      'sqlite_version',
      'sqlite_source_id',
      'last_insert_rowid',
      'changes',
      'eval',
      'public.lower',
      'pg_temp.lower',
      'main.lower',
      'constructor',
      '__proto__',
      'toString',
    ].map((name) =>
      row(`SELECT ${name}('x') FROM orders`, "SELECT lower('x') FROM orders", /calls the function/),
    ),
    row('SELECT 1 OPERATOR(public.+) 1', 'SELECT 1 + 1', /its schema/),
    row('SELECT 1 <-> 2', 'SELECT 1 <> 2', /operator "<->"/),
    row("SELECT 'orders'::regclass", "SELECT 'orders'::text", /type "regclass"/),
    row("SELECT 'x'::public.text", "SELECT 'x'::text", /type "public.text"/),
    row("SELECT CAST('pg_read_file' AS regproc)", "SELECT CAST('1' AS integer)", /type "regproc"/),
    row('SELECT 1::oid', 'SELECT 1::int', /type "oid"/),
    row('SELECT current_user', 'SELECT current_date', /CURRENT_USER/),
    row('SELECT session_user', 'SELECT current_date', /SESSION_USER/),
    row('SELECT current_catalog, current_schema', 'SELECT current_timestamp', /CURRENT_/),
    row('SELECT id FROM orders FOR UPDATE', 'SELECT id FROM orders', /lockingClause/),
    row('SELECT * FROM ONLY orders', 'SELECT * FROM orders', /ONLY/),
    row('SELECT * FROM orders TABLESAMPLE system (1)', 'SELECT * FROM orders', /RangeTableSample/),
    row('SELECT (orders).secret FROM orders', 'SELECT orders.note FROM orders', /A_Indirection/),
    row('SELECT $2', 'SELECT $1', /parameter \$2/),
    row(
      'SELECT id FROM orders FETCH FIRST 1 ROWS WITH TIES',
      'SELECT id FROM orders FETCH FIRST 1 ROWS ONLY',
      /limit|WITH TIES/,
    ),
  ],
  postgres: [
    row(
      'SELECT * FROM orders, LATERAL (SELECT amount FROM salaries) AS x',
      'SELECT * FROM orders, LATERAL (SELECT orders.id) AS x',
      /"salaries"/,
    ),
    row('SELECT * FROM pg_temp.orders', 'SELECT * FROM public.orders', /catalogue/),
    row('SELECT * FROM "Orders"', 'SELECT * FROM Orders', /was not given/),
    row(
      "SELECT * FROM pg_ls_dir('/') AS x",
      'SELECT * FROM generate_series(1, 2) AS x',
      /pg_ls_dir/,
    ),
    row(
      "SELECT * FROM ROWS FROM (lower('x'), upper('y')) AS x",
      'SELECT * FROM generate_series(1, 2) AS x',
      /in a form|not allow/,
    ),
    row(
      'SELECT * FROM json_to_recordset($1) AS x(a int)',
      "SELECT * FROM json_each('{}') AS x",
      /not allow/,
    ),
    row("SELECT XMLPARSE(DOCUMENT 'x')", "SELECT lower('x')", /XmlExpr/),
    row(
      "SELECT * FROM XMLTABLE('/' PASSING '<a/>' COLUMNS a int) AS x",
      'SELECT 1',
      /RangeTableFunc/,
    ),
  ],
  sqlite: [
    row("ATTACH '/etc/passwd' AS x", 'SELECT 1', /cannot be parsed/),
    row('PRAGMA table_info(orders)', 'SELECT 1', /cannot be parsed/),
    row('VACUUM', 'SELECT 1', /a Vacuum/),
    row('SELECT * FROM sqlite_schema', 'SELECT * FROM orders', /catalogue/),
    row('SELECT * FROM main.sqlite_master', 'SELECT * FROM main.orders', /catalogue/),
    row('SELECT * FROM SQLITE_SEQUENCE', 'SELECT * FROM orders', /catalogue/),
    row('SELECT * FROM temp.orders', 'SELECT * FROM main.orders', /catalogue/),
    row('SELECT * FROM dbstat', 'SELECT * FROM orders', /catalogue/),
    row(
      "SELECT * FROM pragma_table_info('orders')",
      "SELECT * FROM json_each('[1]')",
      /pragma_table_info/,
    ),
    row('SELECT * FROM pragma_table_info', 'SELECT * FROM orders', /catalogue/),
    row('SELECT * FROM orders INDEXED BY x', 'SELECT * FROM orders', /cannot be parsed/),
    row(
      "SELECT id FROM orders WHERE note GLOB 'f*'",
      "SELECT id FROM orders WHERE note LIKE 'f%'",
      /cannot be parsed/,
    ),
  ],
};

function row(attack: string, control: string, says: RegExp): Attack {
  return { attack, control, says };
}

const CASES = (['sqlite', 'postgres'] as const).flatMap((dialect) =>
  [...REFUSED.both, ...REFUSED[dialect]].map((one) => ({ dialect, ...one })),
);

describe('the judge of statements', () => {
  it.each(CASES)('$dialect refuses: $attack', ({ dialect, attack, control, says }) => {
    let refusal: unknown = null;
    try {
      planOf(attack, dialect, ['x']);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: expect.stringMatching(/^statement-(refused|invalid)$/) });
    expect(String(refusal)).toMatch(says);
    expect(planOf(control, dialect, ['x']).text).not.toBe('');
  });

  it('runs every control on a real SQLite and shows nothing hidden', () => {
    const database = makeDatabase(TABLES, ROWS);
    const controls = CASES.filter(({ dialect }) => dialect === 'sqlite');
    let rows = 0;
    for (const { control } of controls) {
      database.exec('BEGIN');
      const answer = runPlan(database, planOf(control, 'sqlite', ['x']), ['x']);
      expect(leaks(answer), control).toBe(false);
      rows += answer.length;
      database.exec('ROLLBACK');
    }
    expect(rows).toBeGreaterThan(100);
  });

  it('takes a name in double quotes for a name, never for a text', () => {
    const database = makeDatabase(TABLES, ROWS);
    const all = [narrowing('sqlite', ['select on salaries'])];
    const plan = planOf('SELECT "nothing" FROM salaries', 'sqlite', [], all);
    expect(() => runPlan(database, plan)).toThrow(/no such column/);
  });

  it('writes every text and name so that it ends where it ended', () => {
    const database = makeDatabase(TABLES, ROWS);
    for (const text of ["a'b", 'a\\', "\\'; DROP TABLE orders; --", 'a"b`c', '$$', '\u2028']) {
      const quoted = `SELECT '${text.replaceAll("'", "''")}' AS "x ""y\`z"`;
      expect(runPlan(database, planOf(quoted))).toEqual([[text]]);
      expect(planOf(quoted, 'postgres').text).toContain('AS "x ""y`z"');
    }
    expect(planOf("SELECT 'a\\'", 'postgres').text).toBe("SELECT E'a\\\\'");
  });

  it('gives no function the alias of a function’s value in PostgreSQL', () => {
    // `g.pg_ls_dir` means pg_ls_dir(g) when g is a text, and a row has no such function.
    const { text } = planOf('SELECT g.pg_ls_dir FROM unnest($1) AS g', 'postgres', ['{/etc}']);
    expect(text).toContain('LATERAL (SELECT * FROM pg_catalog."unnest"($1) AS "g") AS "g"');
  });
});
