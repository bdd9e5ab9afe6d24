import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresConfig } from '../../src/powers/sql/config.ts';
import { parseStatement } from '../../src/powers/sql/parse.ts';
import { planStatement } from '../../src/powers/sql/plan.ts';
import { connectPostgres, readValue } from '../../src/powers/sql/postgres-connection.ts';
import { postgresEngine } from '../../src/powers/sql/postgres-engine.ts';
import { changes, leaks, ROWS, selects, VIEWS } from '../support/sql-fixture.ts';
import { makeSqlPlaces, powerOf, type SqlPlaces, type SqlPower } from '../support/sql-power.ts';

let places: SqlPlaces;
let power: SqlPower;
/** Sees the owner's views in the place of the tables. */
let viewer: Client;

beforeAll(async () => {
  places = await makeSqlPlaces();
  power = powerOf(places.configs.postgres, places.sqliteMain);
  await places.server.asOwner(`
    CREATE SCHEMA v;
    ${VIEWS.replaceAll('VIEW ', 'VIEW v.').replace(/base_(\w+)/g, 'public.$1')}
    -- What somebody with the same role might leave behind to stand in for what is built in.
    CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT max(secret) FROM public.orders $$;
    CREATE FUNCTION public.length(integer) RETURNS text LANGUAGE sql AS $$ SELECT max(secret) FROM public.orders $$;
    CREATE FUNCTION public.stolen(integer, integer) RETURNS text LANGUAGE sql AS $$ SELECT max(secret) FROM public.orders $$;
    CREATE OPERATOR public.+ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = public.stolen);
    CREATE DOMAIN public.text AS integer;
  `);
  const { host, port, user } = places.server;
  viewer = new Client({ host, port, user, database: 'postgres' });
  await viewer.connect();
  await viewer.query('SET search_path = v, pg_catalog');
});
afterAll(async () => {
  power?.live.close();
  await viewer?.end();
  await places?.stop();
});

type Outcome = { readonly rows: readonly string[] } | { readonly error: string };

async function outcome(rows: () => Promise<readonly (readonly unknown[])[]>): Promise<Outcome> {
  try {
    return { rows: (await rows()).map((row) => JSON.stringify(row)).sort() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown' };
  }
}

const types = {
  getTypeParser: (oid: number) => (text: string) => readValue(oid, text),
} as never;

describe('PostgreSQL', () => {
  it('gives what views of the owner’s give, for any SELECT', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(selects, async (text) => {
        const own = await outcome(async () => (await power.query(text)).rows);
        expect(leaks(own)).toBe(false);
        const theirs = await outcome(async () => {
          const result = await viewer.query({ text, rowMode: 'array', types });
          return result.rows;
        });
        if ('rows' in own) answered += 1;
        if ('rows' in own) expect(own).toEqual(theirs);
        else if ('rows' in theirs) expect(own.error).toMatch(/was not given|does not allow/);
      }),
      { numRuns: 400 },
    );
    expect(answered).toBeGreaterThan(20);
  });

  it('changes no row of another tenant, for any change', async () => {
    const all = (): Promise<unknown> =>
      places.server.asOwner(
        'SELECT * FROM orders WHERE tenant_id <> 42 OR id NOT BETWEEN 1 AND 12 ORDER BY id',
      );
    const before = await all();
    await fc.assert(
      fc.asyncProperty(changes, async (text) => {
        const own = await outcome(async () => (await power.execute(text)).rows);
        expect(leaks(own)).toBe(false);
        const now = await all();
        expect(JSON.stringify(now).includes('990001')).toBe(true);
        // A grant for inserting may make rows of any number; those of others stay as they are.
        expect((now as { tenant_id: number }[]).filter((row) => row.tenant_id !== 42)).toEqual(
          before,
        );
      }),
      { numRuns: 200 },
    );
    await places.server.asOwner(`TRUNCATE orders, customers, salaries; ${ROWS}`);
  });

  it('asks the predicate first, also where the planner would not', async () => {
    // The planner asks what costs least first, and many comparisons cost more than a division.
    const tenants = ['tenant_id = 42', ...[...'abcdef'].map((name) => `secret = '${name}'`)].join(
      ' OR ',
    );
    const oracle = 'SELECT id FROM orders WHERE 1 / (total - 990001) = 0';
    const flat = `${oracle} AND (${tenants})`;
    await expect(places.server.asOwner(flat)).rejects.toThrow(/division by zero/);
    const where = `where ${tenants}`;
    const rules = [`select on orders(id, total) ${where}`, `update, delete on orders ${where}`];
    expect((await power.query(oracle, [], { rules })).rows).toHaveLength(3);
    for (const change of ['DELETE FROM orders', 'UPDATE orders SET note = NULL']) {
      const text = oracle.replace('SELECT id FROM orders', change);
      expect((await power.execute(text, [], { rules })).changes).toBeGreaterThanOrEqual(0);
    }
    await places.server.asOwner(`TRUNCATE orders, customers, salaries; ${ROWS}`);
  });

  it('finds functions, operators and types in its own catalogue alone', async () => {
    const owner = await places.server.asOwner('SET search_path = public, pg_catalog; SELECT 1');
    expect(owner).toEqual([]);
    const control = await places.server.asOwner("SELECT 1 + 1 AS sum, lower('A') AS low");
    expect(leaks(control)).toBe(true);
    await places.server.asOwner('RESET search_path');
    const { rows } = await power.query("SELECT 1 + 1, lower('A'), CAST('x' AS text)");
    expect(rows).toEqual([[2, 'a', 'x']]);
    await expect(power.query('SELECT length(1)')).rejects.toMatchObject({
      code: 'statement-invalid',
    });
  });

  it('calls no function by the dot of a column', async () => {
    const trick = 'SELECT g.pg_ls_dir FROM unnest($1::text[]) AS g';
    const control = await places.server.asOwner(trick.replace('$1', "'{/etc}'"));
    expect(control.length).toBeGreaterThan(3);
    for (const text of [
      trick,
      'SELECT g.pg_ls_dir FROM (SELECT $1::text AS g) AS g',
      'WITH g AS (SELECT $1::text) SELECT g.pg_ls_dir FROM g',
      'SELECT g.pg_ls_dir FROM (VALUES ($1::text)) AS g',
      'SELECT g.pg_ls_dir FROM LATERAL unnest($1::text[]) AS g',
      'SELECT pg_ls_dir.pg_ls_dir FROM unnest($1::text[]) AS pg_ls_dir(x)',
    ]) {
      await expect(power.query(text, ['{/etc}']), text).rejects.toMatchObject({
        code: 'statement-invalid',
      });
    }
  });

  it('shows of a whole row what was given', async () => {
    const { rows } = await power.query('SELECT to_json(orders) FROM orders WHERE id = 1');
    expect(JSON.parse(String(rows[0]?.[0]))).toEqual({
      id: 1,
      customer_id: 1,
      total: 10,
      note: 'first',
    });
  });

  it('reads in a transaction that only reads, one statement at a time', async () => {
    const connection = await connectPostgres(places.configs.postgres as never, {
      password: async () => '',
    });
    await expect(connection.statement('SELECT 1; SELECT 2', [])).rejects.toMatchObject({
      code: 'statement-invalid',
    });
    expect((await connection.statement('SELECT 1', [])).rows).toEqual([[1]]);
    connection.close();
    await places.server.asOwner(
      "CREATE FUNCTION public.side() RETURNS integer LANGUAGE sql AS 'INSERT INTO public.salaries VALUES (99) RETURNING id'; CREATE VIEW public.effect AS SELECT public.side() AS id;",
    );
    await expect(
      power.query('SELECT * FROM effect', [], { rules: ['select'] }),
    ).rejects.toMatchObject({ code: 'statement-refused' });
    expect(await places.server.asOwner('SELECT id FROM salaries WHERE id = 99')).toEqual([]);
    expect(await places.server.asOwner('SELECT id FROM effect')).toEqual([{ id: 99 }]);
  });

  it('changes rows in every part of a table, and only those that were chosen', async () => {
    await places.server.asOwner(`
      CREATE TABLE parts (id integer, tenant_id integer, total integer) PARTITION BY LIST (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1, 3);
      CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2, 4);
      INSERT INTO parts VALUES (1, 42, 1), (2, 7, 1), (3, 42, 1), (4, 42, 1);
    `);
    const rules = ['select, update on parts where tenant_id = 42'];
    const done = await power.execute('UPDATE parts SET total = total + 1 WHERE id IN (1, 2)', [], {
      rules,
    });
    expect(done.changes).toBe(1);
    expect(await places.server.asOwner('SELECT total FROM parts ORDER BY id')).toEqual([
      { total: 2 },
      { total: 1 },
      { total: 1 },
      { total: 1 },
    ]);
  });

  it('tries a change again when another came between, and loses neither', async () => {
    await places.server.asOwner(
      'CREATE TABLE counts (id integer, n integer); INSERT INTO counts VALUES (1, 0)',
    );
    const rules = ['select on counts', 'update on counts'];
    const many = Array.from({ length: 3 }, () =>
      power.execute('UPDATE counts SET n = n + 1 WHERE id = $1', [1], { rules }),
    );
    const results = await Promise.allSettled(many);
    const done = results.filter(({ status }) => status === 'fulfilled').length;
    expect(done).toBeGreaterThan(0);
    expect(await places.server.asOwner('SELECT n FROM counts')).toEqual([{ n: done }]);
  });

  it('does not wait for a server that says nothing, nor for a cursor that nobody reads', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const config = { ...places.configs.postgres, host: '127.0.0.1', port } as PostgresConfig;
    const password = async (): Promise<string> => '';
    const start = performance.now();
    await expect(connectPostgres(config, { password, connectMs: 100 })).rejects.toMatchObject({
      code: 'power-failed',
    });
    expect(performance.now() - start).toBeLessThan(2000);
    silent.close();
    const real = places.configs.postgres as PostgresConfig;
    const engine = postgresEngine(real, { password, cursorIdleMs: 50 });
    const use = { signal: new AbortController().signal, spendBytes: (): void => {} };
    const plan = planStatement(parseStatement('SELECT id FROM orders'), [], 'postgres', []);
    const cursor = await engine.open(plan, [], use);
    expect((await cursor.next(1, use)).rows).toHaveLength(1);
    await sleep(200);
    await expect(cursor.next(1, use)).rejects.toMatchObject({ code: 'reference-closed' });
    engine.close();
  });

  it('takes the password from the vault and never says it', async () => {
    await places.server.asOwner("CREATE ROLE guarded LOGIN PASSWORD 'right-password'");
    const file = (await places.server.asOwner('SHOW hba_file'))[0]?.hba_file;
    await places.server.asOwner(
      `COPY (VALUES ('local all guarded scram-sha-256'), ('local all all trust'), ('host all all 127.0.0.1/32 trust')) TO '${file}'`,
    );
    await places.server.asOwner('SELECT pg_reload_conf()');
    const config = { ...places.configs.postgres, user: 'guarded', credential: 'DB' } as never;
    const right = powerOf(config, '', 'right-password');
    expect((await right.query('SELECT 1')).rows).toEqual([[1]]);
    right.live.close();
    const wrong = powerOf(config, '', 'wrong-password');
    const error = await wrong.query('SELECT 1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'power-failed' });
    expect(JSON.stringify([String(error), error])).not.toContain('wrong-password');
    wrong.live.close();
  });

  it('sends nothing in the clear where TLS was asked for', async () => {
    const config = { ...places.configs.postgres, tls: 'verify' };
    const authorities = places.server.certificate;
    const failing = [
      // A socket has no TLS; the certificate is of nobody known; it is for another name.
      powerOf(config as never, ''),
      powerOf({ ...config, host: 'localhost' } as never, ''),
      powerOf({ ...config, host: '127.0.0.1' } as never, '', '', { authorities }),
      powerOf({ ...config, host: '/nowhere', tls: 'none' } as never, ''),
    ];
    for (const one of failing) {
      await expect(one.query('SELECT 1')).rejects.toMatchObject({ code: 'power-failed' });
      one.live.close();
    }
    const secure = powerOf({ ...config, host: 'localhost' } as never, '', '', { authorities });
    const used = 'SELECT ssl FROM pg_stat_ssl WHERE pid <> pg_backend_pid() AND ssl';
    expect((await secure.query('SELECT 1')).rows).toEqual([[1]]);
    expect(await places.server.asOwner(used)).toEqual([{ ssl: true }]);
    const long =
      "WITH RECURSIVE x(n, t) AS (SELECT 1, 'xxxxxxxx' UNION ALL SELECT n + 1, t || t FROM x WHERE n < 24) SELECT t FROM x";
    await expect(secure.query(long)).rejects.toMatchObject({ code: 'limit-exceeded' });
    secure.live.close();
  });
});
