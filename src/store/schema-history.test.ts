import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import { ROOT, readRepositoryFile } from '../../test/support/repository.ts';
import { type Database, openDatabase, openMemoryDatabase } from './database.ts';
import type { Home } from './home.ts';
import { JOURNAL_MIGRATIONS } from './journal-table.ts';
import { openKernelStore } from './kernel-database.ts';
import { KERNEL_MIGRATIONS } from './kernel-schema.ts';
import { migrate } from './migrations.ts';
import { VALUES_MIGRATIONS } from './values-database.ts';

/** A released migration never changes: homes exist that have run it. A new one gets a line here. */
const PINS = [
  {
    file: 'state',
    migrations: KERNEL_MIGRATIONS,
    hashes: [
      'dcb63e1eedff7023f47a6b5778f22ea0543f7d0073c9bb213dc737d6710c2feb',
      'c89dcf492569ebe870cae24332621a1012e15a7479057b1897631cc543f0cd5b',
    ],
  },
  {
    file: 'journal',
    migrations: JOURNAL_MIGRATIONS,
    hashes: [
      '03c4269ed754225b2244185692ede44dc4d1bf38dd6bcb6ee9f250e84a9bf6c1',
      '4442f4609595ce5634be2a6358ce99fdc6e73617ea14507539d2e6cedfd0b5fd',
    ],
  },
  {
    file: 'values',
    migrations: VALUES_MIGRATIONS,
    hashes: ['ef9450ca262e259681e3e91fe5dd95faa59601e0852da343df5841369b9c0e08'],
  },
];

/** The SQL of a database as version `version` left it, with rows in it. */
function savedSql(file: string, version: number): string {
  return readRepositoryFile(savedPath(file, version));
}

function savedPath(file: string, version: number): string {
  return `test/support/schemas/${file}-${version}.sql`;
}

function schemaOf(database: Database): unknown {
  const sql = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name';
  return database.prepare(sql).all();
}

describe.each(PINS)('the schema of $file.db', ({ file, migrations, hashes }) => {
  it('has the migrations that were released', () => {
    const found = migrations.map((sql) => createHash('sha256').update(sql).digest('hex'));
    expect(found).toEqual(hashes);
  });

  it('has a saved database of each version', () => {
    for (let version = 1; version <= migrations.length; version += 1) {
      expect(existsSync(join(ROOT, savedPath(file, version)))).toBe(true);
    }
  });

  it('is reached from each saved version, and is then the newest in every word', () => {
    const newest = openMemoryDatabase();
    migrate(newest, migrations);
    for (let version = 1; version <= migrations.length; version += 1) {
      const database = openMemoryDatabase();
      database.exec(savedSql(file, version));
      expect(database.prepare('PRAGMA user_version').get()?.user_version).toBe(version);
      migrate(database, migrations);
      expect(schemaOf(database)).toEqual(schemaOf(newest));
      expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
      expect(database.prepare('PRAGMA integrity_check').get()?.integrity_check).toBe('ok');
      database.close();
    }
    newest.close();
  });
});

describe('a saved state', () => {
  let home: Home;
  let dispose: () => void;
  beforeEach(() => {
    ({ home, dispose } = temporaryHome());
  });
  afterEach(() => dispose());

  it.each(KERNEL_MIGRATIONS.map((_, index) => index + 1))(
    'of version %i is read whole',
    (version) => {
      const saved = openDatabase(home.state);
      saved.exec(savedSql('state', version));
      saved.close();
      const store = openKernelStore(home);
      expect(store.principals.all().map(({ id }) => id)).toEqual(['host', 'gu-a', 'gu-b']);
      expect(store.principals.get('gu-b')?.removed).toEqual({
        time: 9,
        by: 'host',
        reason: 'over',
      });
      expect(store.powers.get('pw-a')).toMatchObject({ config: { x: 1 }, secrets: ['A'] });
      expect(store.grants.all()).toMatchObject([
        { id: 'gr-root', parent: null, revoked: null },
        { id: 'gr-a', to: 'gu-a', narrowing: { methods: ['GET'] }, budget: { uses: 3 } },
        { id: 'gr-b', parent: 'gr-a', delegable: false, revoked: { by: 'host' } },
      ]);
      expect(store.spent.all()).toEqual([{ grant: 'gr-a', measure: 'uses', window: 0, amount: 2 }]);
      expect(store.names.list('dr-1')).toMatchObject([{ name: 'x', target: { id: 'gr-a' } }]);
      expect(store.mail.get('ml-1')).toMatchObject({ state: 'resolved', grant: 'gr-a' });
      expect(store.approvals.pending()).toMatchObject([{ id: 'ap-1', effect: 'write' }]);
      expect(store.boxes.all()).toMatchObject([{ id: 'bx-1', egress: { pid: 7, start: '42' } }]);
      expect(store.tokens.get('d1')).toMatchObject({ guest: 'gu-a' });
      store.close();
    },
  );
});
