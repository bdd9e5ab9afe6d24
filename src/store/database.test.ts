import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultOf, openDatabase } from './database.ts';
import { JOURNAL_MIGRATIONS } from './journal-table.ts';
import { BUSY_MS_MAX, WAL_PAGES_MAX } from './limits.ts';
import { migrate } from './migrations.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('openDatabase()', () => {
  it('makes a file, and its log, that only the owner can read', () => {
    const path = join(folder, 'a.db');
    const database = openDatabase(path);
    database.exec('CREATE TABLE t (x)');
    for (const name of ['a.db', 'a.db-wal', 'a.db-shm']) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    database.close();
  });

  it('sets the journal mode, the sync mode and the limits', () => {
    const database = openDatabase(join(folder, 'a.db'));
    const pragma = (name: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(1);
    expect(pragma('foreign_keys')).toBe(1);
    expect(pragma('busy_timeout')).toBe(BUSY_MS_MAX);
    expect(pragma('wal_autocheckpoint')).toBe(WAL_PAGES_MAX);
    database.close();
  });

  it('drops the work of a transaction that throws', () => {
    const database = openDatabase(join(folder, 'a.db'));
    database.exec('CREATE TABLE t (x)');
    const work = (): never => {
      database.exec('INSERT INTO t VALUES (1)');
      throw new Error('stop');
    };
    expect(() => database.exclusively(work)).toThrow('stop');
    expect(database.prepare('SELECT count(*) AS n FROM t').get()?.n).toBe(0);
    database.close();
  });
});

describe('faultOf()', () => {
  it('tells damage, an unusable disk and a fault of the program apart', () => {
    const path = join(folder, 'noise.db');
    writeFileSync(
      path,
      'this is not a database, and it is long enough to be read as one'.repeat(20),
    );
    expect(faultOf(thrown(() => openDatabase(path)))).toBe('damaged');
    expect(faultOf(thrown(() => openDatabase(folder)))).toBe('unavailable');
    expect(faultOf(new TypeError('x'))).toBeUndefined();
    expect(faultOf('x')).toBeUndefined();
  });
});

describe('migrate()', () => {
  it('reaches the newest schema from every earlier one, and runs a step once', () => {
    const steps = ['CREATE TABLE a (x)', 'ALTER TABLE a ADD COLUMN y', 'CREATE TABLE b (z)'];
    for (let version = 0; version <= steps.length; version += 1) {
      const database = openDatabase(join(folder, `${version}.db`));
      migrate(database, steps.slice(0, version));
      migrate(database, steps);
      migrate(database, steps);
      expect(database.prepare('PRAGMA user_version').get()?.user_version).toBe(3);
      database.exec('SELECT x, y FROM a, b');
      database.close();
    }
  });

  it('reaches the schema of the journal from every earlier one', () => {
    for (let version = 0; version <= JOURNAL_MIGRATIONS.length; version += 1) {
      const database = openDatabase(join(folder, `${version}.db`));
      migrate(database, JOURNAL_MIGRATIONS.slice(0, version));
      migrate(database, JOURNAL_MIGRATIONS);
      database.exec('SELECT seq, time, entry, mac, kind, box, verdict, request FROM journal');
      database.close();
    }
  });

  it('keeps nothing of a step that fails', () => {
    const database = openDatabase(join(folder, 'a.db'));
    expect(() => migrate(database, ['CREATE TABLE a (x)', 'nonsense'])).toThrow();
    expect(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n).toBe(0);
    database.close();
  });

  it('refuses a schema that it does not know', () => {
    const database = openDatabase(join(folder, 'a.db'));
    migrate(database, ['CREATE TABLE a (x)', 'CREATE TABLE b (x)']);
    expect(() => migrate(database, ['CREATE TABLE a (x)'])).toThrow(
      expect.objectContaining({ code: 'state-unusable' }),
    );
    database.close();
  });
});

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}
