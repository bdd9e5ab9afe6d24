import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SqliteConfig } from '../../src/powers/sql/config.ts';
import { parseStatement } from '../../src/powers/sql/parse.ts';
import { planStatement } from '../../src/powers/sql/plan.ts';
import { sqliteEngine } from '../../src/powers/sql/sqlite-engine.ts';
import { startSqlite } from '../../src/powers/sql/sqlite-process.ts';
import type { SqliteWork } from '../../src/powers/sql/sqlite-protocol.ts';
import { makeSqlPlaces, powerOf, type SqlPlaces } from '../support/sql-power.ts';

/** Starts a process of SQLite as the daemon does, and lets it work without an end. */
const DRIVER = join(import.meta.dirname, 'sql-driver.mjs');

let places: SqlPlaces;
let config: SqliteConfig;

beforeAll(async () => {
  places = await makeSqlPlaces();
  config = places.configs.sqlite as SqliteConfig;
});
afterAll(() => places?.stop());

const plain: SqliteWork = {
  text: 'SELECT id FROM main.orders ORDER BY id',
  values: [],
  writes: false,
  reads: ['orders'],
  changes: [],
  hasTableFunctions: false,
  bytesMax: 1_000_000,
};

describe('SQLite', () => {
  it('is ended when a statement takes too much memory, and begun anew', async () => {
    const engine = sqliteEngine(config, { main: places.sqliteMain, memoryBytesMax: 200_000_000 });
    const use = { signal: new AbortController().signal, spendBytes: (): void => {} };
    const bomb =
      "WITH RECURSIVE x(n, t) AS (SELECT 1, 'xxxxxxxx' UNION ALL SELECT n + 1, t || t FROM x WHERE n < 27) SELECT max(length(t)) FROM x";
    const plan = (text: string): ReturnType<typeof planStatement> =>
      planStatement(parseStatement(text), [], 'sqlite', []);
    await expect(engine.run(plan(bomb), [], use)).rejects.toMatchObject({ code: 'limit-exceeded' });
    expect((await engine.run(plan('SELECT 1'), [], use)).rows).toEqual([[1]]);
    engine.close();
  });

  it('holds the second wall also when the first had a hole', async () => {
    const child = await startSqlite(config, { main: places.sqliteMain });
    const ask = (work: Partial<SqliteWork>): Promise<unknown> =>
      child.ask({ type: 'run', work: { ...plain, ...work }, rowsMax: 100 });
    expect(await ask({})).toMatchObject({ type: 'answer' });
    for (const text of [
      'SELECT * FROM salaries',
      'SELECT id FROM orders UNION SELECT amount FROM salaries',
      'SELECT sql FROM sqlite_schema',
      "SELECT * FROM pragma_table_info('orders')",
      "ATTACH '/tmp/powerbox-attached.db' AS x",
      'PRAGMA query_only = OFF',
      'DELETE FROM orders',
      "SELECT load_extension('/tmp/x')",
      'SELECT 1; SELECT 2',
      'VACUUM INTO "/tmp/powerbox-attached.db"',
    ]) {
      await expect(ask({ text }), text).rejects.toMatchObject({
        code: expect.stringMatching(/^statement-/),
      });
    }
    expect(existsSync('/tmp/powerbox-attached.db')).toBe(false);
    await expect(
      ask({ text: 'DELETE FROM salaries WHERE id = 1', writes: true, changes: ['orders'] }),
    ).rejects.toMatchObject({ code: 'statement-refused' });
    expect(await ask({})).toMatchObject({ type: 'answer' });
    child.close();
  });

  it('answers one thing at a time, and ends when it is told to', async () => {
    const child = await startSqlite(config, { main: places.sqliteMain });
    const first = child.ask({ type: 'run', work: plain, rowsMax: 1 });
    await expect(child.ask({ type: 'done' })).rejects.toMatchObject({ code: 'limit-exceeded' });
    expect(await first).toMatchObject({ answer: { rows: [[1]], truncated: true } });
    expect(child.isClean()).toBe(true);
    const second = child.ask({ type: 'run', work: plain, rowsMax: 1 });
    child.close();
    await expect(second).rejects.toMatchObject({ code: 'reference-closed' });
    expect(child.isClean()).toBe(false);
  });

  it('closes a cursor that nobody reads', async () => {
    const engine = sqliteEngine(config, { main: places.sqliteMain, cursorIdleMs: 50 });
    const use = { signal: new AbortController().signal, spendBytes: (): void => {} };
    const plan = planStatement(parseStatement('SELECT id FROM orders'), [], 'sqlite', []);
    const cursor = await engine.open(plan, [], use);
    expect((await cursor.next(1, use)).rows).toEqual([[1]]);
    await sleep(150);
    await expect(cursor.next(1, use)).rejects.toMatchObject({ code: 'reference-closed' });
    engine.close();
  });

  it('ends with the daemon, also in the middle of a statement', async () => {
    const daemon = spawn(process.execPath, [DRIVER, places.sqliteMain, config.file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(daemon.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await sleep(300);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    daemon.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), { timeout: 5000 });
  });

  it('replaces no row, whatever a constraint says of conflicts', async () => {
    await places.asOwner(
      'sqlite',
      'CREATE TABLE marks (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, tenant_id INTEGER); INSERT INTO marks VALUES (1, 7), (2, 42);',
    );
    const power = powerOf(config, places.sqliteMain);
    const rules = ['select, insert, update on marks where tenant_id = 42'];
    for (const text of ['INSERT INTO marks (id) VALUES (1)', 'UPDATE marks SET id = 1']) {
      await expect(power.execute(text, [], { rules })).rejects.toMatchObject({
        code: 'statement-invalid',
      });
    }
    expect(await places.asOwner('sqlite', 'SELECT * FROM marks')).toHaveLength(2);
    expect(await power.execute('INSERT INTO marks (id) VALUES (3)', [], { rules })).toMatchObject({
      changes: 1,
    });
    power.live.close();
  });

  it('keeps whole numbers, and says bytes as text', async () => {
    const power = powerOf(config, places.sqliteMain);
    const { rows } = await power.query(
      "SELECT 9007199254740993, $1, CAST('ab' AS blob), 1.5, $2, 3000000000 + $3",
      [9007199254740991, true, 1],
    );
    expect(rows).toEqual([
      ['9007199254740993', 9007199254740991, { base64: 'YWI=' }, 1.5, 1, 3000000001],
    ]);
    power.live.close();
  });

  it('only reads what was given to be read only, or is missing', async () => {
    const power = powerOf({ ...config, readOnly: true }, places.sqliteMain);
    expect((await power.query('SELECT count(*) FROM orders')).rows).toEqual([[4]]);
    await expect(power.execute('DELETE FROM orders')).rejects.toMatchObject({
      code: 'statement-refused',
    });
    power.live.close();
    const missing = powerOf({ ...config, file: '/nowhere/x.db' }, places.sqliteMain);
    await expect(missing.query('SELECT 1')).rejects.toMatchObject({
      code: expect.stringMatching(/power-failed|statement-invalid/),
    });
    expect(existsSync('/nowhere/x.db')).toBe(false);
    missing.live.close();
  });

  it('waits for a lock that another process holds, and says when it is not let go', async () => {
    const power = powerOf(config, places.sqliteMain);
    await power.query('SELECT 1');
    await places.asOwner('sqlite', 'BEGIN IMMEDIATE');
    const waiting = power.execute('UPDATE orders SET note = note WHERE id = 1');
    await sleep(100);
    await places.asOwner('sqlite', 'COMMIT');
    expect(await waiting).toMatchObject({ changes: 1 });
    await places.asOwner('sqlite', 'BEGIN IMMEDIATE');
    const failed = power.execute('UPDATE orders SET note = note WHERE id = 1');
    await expect(failed).rejects.toMatchObject({ code: 'power-failed' });
    await places.asOwner('sqlite', 'COMMIT');
    power.live.close();
  });
});
