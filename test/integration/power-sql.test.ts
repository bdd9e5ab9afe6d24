import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/powers/sql/dialect.ts';
import { CONNECTIONS_MAX } from '../../src/powers/sql/limits.ts';
import { leaks, ROWS } from '../support/sql-fixture.ts';
import {
  contextOf,
  makeSqlPlaces,
  powerOf,
  type SqlPlaces,
  type SqlPower,
} from '../support/sql-power.ts';

let places: SqlPlaces;
let power: SqlPower;

beforeAll(async () => {
  places = await makeSqlPlaces();
});
afterAll(() => places.stop());

const ENDLESS =
  'WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x';
const EVERYTHING = ['select', 'insert', 'update', 'delete'];

async function timed(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const start = performance.now();
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - start };
}

/** Processes of SQLite that this test's programs have running. */
function sqliteProcesses(): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(places.sqliteMain);
    } catch {
      return false;
    }
  }).length;
}

async function working(dialect: Dialect): Promise<number> {
  if (dialect === 'sqlite') return sqliteProcesses();
  const rows = await places.server.asOwner(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'powerbox' AND state <> 'idle'",
  );
  return rows.length;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await done()) return;
    await sleep(20);
  }
  throw new Error('It did not come true.');
}

describe.each(['sqlite', 'postgres'] as const)('a database of %s', (dialect) => {
  beforeEach(async () => {
    await places.asOwner(
      dialect,
      'DELETE FROM orders; DELETE FROM customers; DELETE FROM salaries;',
    );
    await places.asOwner(dialect, ROWS);
    power = powerOf(places.configs[dialect], places.sqliteMain);
  });
  afterEach(() => power.live.close());

  it('answers within the grant', async () => {
    expect(await power.query('SELECT * FROM orders WHERE total > $1 ORDER BY id', [15])).toEqual({
      columns: ['id', 'customer_id', 'total', 'note'],
      rows: [
        [2, 1, 20, 'second'],
        [4, null, 40, 'fourth'],
      ],
      truncated: false,
    });
    const joined =
      'SELECT c.name, count(*) AS n FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.name ORDER BY 1';
    expect((await power.query(joined)).rows).toEqual([
      ['Ada', 2],
      ['Bob', 1],
    ]);
  });

  it('changes within the grant and nothing else', async () => {
    const more = await power.execute('UPDATE orders SET total = total + $1 RETURNING id', [1]);
    expect(more).toMatchObject({ changes: 4, columns: ['id'] });
    expect(await power.execute('UPDATE orders SET total = $1 WHERE id = $2', [0, 5])).toMatchObject(
      {
        changes: 0,
      },
    );
    await power.execute('INSERT INTO orders (id, total) VALUES ($1, $2)', [9, 90]);
    await power.execute(
      'INSERT INTO orders (id, total) VALUES (5, 0), (9, 91) ON CONFLICT (id) DO UPDATE SET total = excluded.total',
    );
    expect(await power.execute('DELETE FROM orders WHERE id IN (1, 5)')).toMatchObject({
      changes: 1,
    });
    expect(
      await places.asOwner(dialect, 'SELECT id, tenant_id, total FROM orders ORDER BY id'),
    ).toEqual([
      { id: 2, tenant_id: 42, total: 21 },
      { id: 3, tenant_id: 42, total: null },
      { id: 4, tenant_id: 42, total: 41 },
      { id: 5, tenant_id: 7, total: 990001 },
      { id: 6, tenant_id: 7, total: 990002 },
      { id: 9, tenant_id: 42, total: 91 },
    ]);
  });

  it('tells nothing of hidden rows, not even by what fails on them', async () => {
    const oracle =
      dialect === 'postgres'
        ? 'SELECT id FROM orders WHERE 1 / (total - 990001) = 0 OR total IS NULL'
        : 'SELECT id FROM orders WHERE abs(CASE WHEN total = 990001 THEN -9223372036854775807 - 1 END) > 0';
    await expect(places.asOwner(dialect, oracle)).rejects.toThrow(/division by zero|overflow/);
    await power.query(oracle);
    for (const change of ['DELETE FROM orders', 'UPDATE orders SET total = 1']) {
      await power.execute(oracle.replace('SELECT id FROM orders', change));
    }
    const cast = "SELECT id FROM orders WHERE CAST(coalesce(note, '0') AS integer) = 0";
    const { error } = await timed(power.query(cast));
    expect(leaks(String(error))).toBe(false);
  });

  it('cuts a statement when its time is over, and works on', async () => {
    const { error, ms } = await timed(
      power.query(ENDLESS, [], { rules: ['select', 'time 300ms'] }),
    );
    expect(error).toMatchObject({ code: 'limit-exceeded' });
    expect(ms).toBeLessThan(1500);
    expect((await power.query('SELECT count(*) FROM orders')).rows).toEqual([[4]]);
  });

  it('cuts a statement when its grant ends, and the database stops', async () => {
    await power.query('SELECT 1');
    const end = new AbortController();
    const running = power.query(ENDLESS, [], { signal: end.signal });
    running.catch(() => {});
    await until(async () => (await working(dialect)) > 0);
    await sleep(50);
    const start = performance.now();
    end.abort();
    const { error } = await timed(running);
    expect(error).toMatchObject({ code: 'grant-revoked' });
    expect(performance.now() - start).toBeLessThan(100);
    await until(async () => (await working(dialect)) === 0);
  });

  it('undoes a change that is cut or cannot be paid', async () => {
    const slow = `UPDATE orders SET total = (${ENDLESS})`;
    const cut = power.execute(slow, [], { rules: [...EVERYTHING, 'time 200ms'] });
    await expect(cut).rejects.toMatchObject({ code: 'limit-exceeded' });
    const spend = (): void => {
      throw new Error('spent');
    };
    const poor = power.execute('DELETE FROM orders RETURNING id', [], { spend });
    await expect(poor).rejects.toThrow('spent');
    expect(await places.asOwner(dialect, 'SELECT count(*) AS n FROM orders')).toEqual([
      { n: dialect === 'sqlite' ? 6 : '6' },
    ]);
    expect((await power.query('SELECT count(*) FROM orders')).rows).toEqual([[4]]);
  });

  it('gives as many rows as it may, and counts their bytes', async () => {
    const rules = ['select', 'rows 3'];
    let bytes = 0;
    const spend = (more: number): void => {
      bytes += more;
    };
    const answer = await power.query('SELECT id FROM orders ORDER BY id', [], { rules, spend });
    expect(answer).toMatchObject({ rows: [[1], [2], [3]], truncated: true });
    expect(bytes).toBe(24);
    const all = await power.query('SELECT id FROM orders WHERE id < 4', [], { rules });
    expect(all).toMatchObject({ truncated: false });
    expect(all.rows).toHaveLength(3);
    const long =
      "WITH RECURSIVE x(n, t) AS (SELECT 1, 'xxxxxxxx' UNION ALL SELECT n + 1, t || t FROM x WHERE n < 23) SELECT t FROM x";
    await expect(power.query(long)).rejects.toMatchObject({ code: 'limit-exceeded' });
    expect((await power.query('SELECT 1')).rows).toEqual([[1]]);
  });

  it('reads a cursor in steps', async () => {
    const cursor = await power.cursor('SELECT id FROM orders ORDER BY id');
    expect(cursor).toMatchObject({ facet: 'cursor', at: { tables: ['orders'] } });
    const next = (count: number): unknown => cursor.call('next', [count], contextOf(dialect));
    expect(await next(2)).toMatchObject({ rows: [[1], [2]] });
    // Statements go on beside it.
    expect((await power.query('SELECT count(*) FROM orders')).rows).toEqual([[4]]);
    expect(await next(1)).toMatchObject({ rows: [[3]] });
    expect(await next(5)).toMatchObject({ rows: [[4]] });
    expect(await next(5)).toMatchObject({ rows: [] });
    expect(await cursor.call('close', [], contextOf(dialect))).toBe(null);
    await expect(next(1)).rejects.toMatchObject({ code: 'reference-closed' });
    cursor.close();
  });

  it('has no more connections than it may, and cuts a cursor in the middle of a step', async () => {
    const cursors = await Promise.all(
      Array.from({ length: CONNECTIONS_MAX }, () => power.cursor(ENDLESS)),
    );
    const waiting = power.query('SELECT 1');
    const end = new AbortController();
    const step = cursors[0]?.call('next', [1], contextOf(dialect, { signal: end.signal }));
    await sleep(50);
    end.abort();
    await expect(step).rejects.toMatchObject({ code: 'grant-revoked' });
    expect((await waiting).rows).toEqual([[1]]);
    for (const cursor of cursors) cursor.close();
    expect((await power.query('SELECT 1')).rows).toEqual([[1]]);
  });

  it('closes in the middle of what runs', async () => {
    const running = power.query(ENDLESS);
    running.catch(() => {});
    await until(async () => (await working(dialect)) > 0);
    power.live.close();
    await expect(running).rejects.toMatchObject({
      code: expect.stringMatching(/reference-closed|power-failed|limit-exceeded/),
    });
    await until(async () => (await working(dialect)) === 0);
  });

  it('says what the database says, without other rows’ values', async () => {
    await expect(
      power.query('SELECT nothing FROM orders', [], { rules: EVERYTHING }),
    ).rejects.toThrow(/nothing/);
    const { error } = await timed(power.execute('INSERT INTO orders (id, total) VALUES (5, 1)'));
    expect(error).toMatchObject({ code: 'statement-invalid' });
    expect(leaks(String(error))).toBe(false);
  });
});
