import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import { fillStore, grantRow, principalRow } from '../../test/support/kernel-rows.ts';
import { openDatabase } from './database.ts';
import type { Home } from './home.ts';
import { openKernelStore } from './kernel-database.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

describe('openKernelStore()', () => {
  it('keeps the state over closings, in a file that only the owner can read', () => {
    const store = openKernelStore(home);
    fillStore(store);
    store.close();
    store.close();
    const again = openKernelStore(home);
    expect(again.grants.all().map((grant) => grant.id)).toEqual(['gr-root', 'gr-a', 'gr-b']);
    expect(statSync(home.state).mode & 0o777).toBe(0o600);
    again.close();
  });

  it('shows a reader nothing of a transaction that is not over', () => {
    const [one, other] = [openKernelStore(home), openKernelStore(home)];
    one.transaction(() => {
      one.principals.insert(principalRow('host'));
      expect(other.principals.all()).toEqual([]);
    });
    expect(other.principals.all()).toHaveLength(1);
    one.close();
    other.close();
  });

  it('says store-unavailable for a file that it cannot use', () => {
    const unavailable = expect.objectContaining({ code: 'store-unavailable' });
    writeFileSync(home.state, 'no database, and long enough to be read as one '.repeat(99));
    expect(() => openKernelStore(home)).toThrow(unavailable);
    dispose();
    ({ home, dispose } = temporaryHome());
    mkdirSync(home.state);
    expect(() => openKernelStore(home)).toThrow(unavailable);
  });

  it('says store-unavailable when a write fails, and keeps nothing of its transaction', () => {
    const store = openKernelStore(home);
    fillStore(store);
    const breaking = openDatabase(home.state);
    breaking.exec('DROP TABLE spent');
    breaking.close();
    const work = (): void => {
      store.grants.insert(grantRow('gr-c', { parent: 'gr-root' }));
      store.spent.add('gr-c', 'uses', 0, 1);
    };
    expect(() => store.transaction(work)).toThrow(
      expect.objectContaining({ code: 'store-unavailable' }),
    );
    expect(store.grants.get('gr-c')).toBeUndefined();
    store.close();
  });

  it('refuses the state of a newer Powerbox', () => {
    openKernelStore(home).close();
    const newer = openDatabase(home.state);
    newer.exec('PRAGMA user_version = 1000');
    newer.close();
    expect(() => openKernelStore(home)).toThrow(
      expect.objectContaining({ code: 'state-unusable' }),
    );
  });
});
