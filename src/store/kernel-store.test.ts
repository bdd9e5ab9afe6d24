import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import {
  fillStore,
  grantRow,
  mailRow,
  powerRow,
  principalRow,
} from '../../test/support/kernel-rows.ts';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import { openKernelStore } from './kernel-database.ts';
import type { KernelStore, NameEntry, PendingApproval } from './kernel-store.ts';

interface Opened {
  readonly store: KernelStore;
  dispose(): void;
}

function openOnDisk(): Opened {
  const { home, dispose } = temporaryHome();
  return { store: openKernelStore(home), dispose };
}

/** What every engine of the state promises. */
describe.each([
  { engine: 'SQLite', open: openOnDisk },
  { engine: 'memory', open: (): Opened => ({ store: openMemoryStore(), dispose: () => {} }) },
])('the state in $engine', ({ open }) => {
  let store: KernelStore;
  let dispose: () => void;
  beforeEach(() => {
    ({ store, dispose } = open());
    fillStore(store);
  });
  afterEach(() => {
    store.close();
    dispose();
  });
  const REFUSED = expect.objectContaining({ code: 'internal' });
  const ENDED = { time: 9, by: 'host', reason: 'over' };

  describe('transaction()', () => {
    it('gives what the work gives, and keeps what it wrote', () => {
      const work = (): string => {
        expect(store.inTransaction()).toBe(true);
        store.powers.insert(powerRow('pw-b'));
        return 'done';
      };
      expect(store.transaction(work)).toBe('done');
      expect(store.inTransaction()).toBe(false);
      expect(store.powers.get('pw-b')).toBeDefined();
    });

    it('keeps nothing of a work that throws, in any table', () => {
      store.names.put(entry('gu-a', 'kept', 'gr-a'));
      store.boxes.put({ id: 'bx-1', guest: 'gu-a', token: 't', egress: null, created: 1 });
      const work = (): never => {
        store.principals.remove('gu-a', ENDED);
        store.grants.revoke('gr-a', ENDED);
        store.spent.add('gr-a', 'uses', 0, 1);
        store.names.remove('gu-a', 'kept');
        store.boxes.remove('bx-1');
        store.mail.insert(mailRow('ml-1'));
        throw new Error('stop');
      };
      expect(() => store.transaction(work)).toThrow('stop');
      expect(store.principals.get('gu-a')?.removed).toBeNull();
      expect(store.grants.get('gr-a')?.revoked).toBeNull();
      expect(store.spent.all()).toEqual([]);
      expect(store.names.list('gu-a')).toHaveLength(1);
      expect(store.boxes.get('bx-1')).toBeDefined();
      expect(store.mail.get('ml-1')).toBeUndefined();
    });

    it('does not nest, and is free again after a failure', () => {
      const nested = (): void => store.transaction(() => store.transaction(() => {}));
      expect(nested).toThrow(REFUSED);
      expect(store.transaction(() => 1)).toBe(1);
    });
  });

  describe('principals', () => {
    it('are found by id, and by the name of one that is not removed', () => {
      const amber = principalRow('gu-a', { name: 'amber' });
      expect(store.principals.get('gu-a')).toEqual(amber);
      expect(store.principals.byName('amber')).toEqual(amber);
      expect(store.principals.get('gu-x')).toBeUndefined();
      store.principals.remove('gu-a', ENDED);
      store.principals.remove('gu-a', { ...ENDED, reason: 'again' });
      expect(store.principals.byName('amber')).toBeUndefined();
      expect(store.principals.get('gu-a')?.removed).toEqual(ENDED);
      const next = principalRow('gu-c', { name: 'amber', box: 'bx-1', reason: 'new' });
      store.principals.insert(next);
      expect(store.principals.byName('amber')).toEqual(next);
      expect(store.principals.all().map((row) => row.id)).toEqual(['host', 'gu-a', 'gu-b', 'gu-c']);
    });

    it('share neither an id nor a name', () => {
      expect(() => store.principals.insert(principalRow('gu-a', { name: 'x' }))).toThrow(REFUSED);
      expect(() => store.principals.insert(principalRow('gu-x', { name: 'amber' }))).toThrow(
        REFUSED,
      );
    });
  });

  describe('powers', () => {
    it('come back as they were', () => {
      const power = powerRow('pw-b', {
        kind: 'sql',
        config: { tables: ['a'], deep: { x: null } },
        secrets: ['A', 'B'],
      });
      store.powers.insert(power);
      expect(store.powers.get('pw-b')).toEqual(power);
      expect(store.powers.get('pw-x')).toBeUndefined();
      expect(store.powers.all().map((row) => row.id)).toEqual(['pw-a', 'pw-b']);
      expect(() => store.powers.insert(power)).toThrow(REFUSED);
    });
  });

  describe('grants', () => {
    it('come back as they were, parents first', () => {
      const full = grantRow('gr-0', {
        from: 'gu-b',
        to: 'gu-a',
        parent: 'gr-b',
        narrowing: { methods: ['GET'], deep: [null, { x: 1.5 }] },
        budget: { uses: 3, rate: { uses: 1, per: 'day' } },
        notBefore: 1_760_000_000_000,
        expires: 1_770_000_000_000,
        approval: 'writes',
        delegable: false,
        reason: 'because ünïcode',
        revoked: ENDED,
        box: 'bx-1',
      });
      store.grants.insert(full);
      expect(store.grants.get('gr-0')).toEqual(full);
      expect(store.grants.get('gr-x')).toBeUndefined();
      const ids = store.grants.all().map((grant) => grant.id);
      expect(ids).toEqual(['gr-root', 'gr-a', 'gr-b', 'gr-0']);
    });

    it('hang on what is there', () => {
      for (const fields of [
        { parent: 'gr-x' },
        { power: 'pw-x' },
        { from: 'gu-x' },
        { to: 'gu-x' },
      ]) {
        expect(() => store.grants.insert(grantRow('gr-c', fields))).toThrow(REFUSED);
      }
      expect(() => store.grants.insert(grantRow('gr-a'))).toThrow(REFUSED);
      expect(store.grants.get('gr-c')).toBeUndefined();
    });

    it('end once, and alone', () => {
      store.grants.revoke('gr-a', ENDED);
      store.grants.revoke('gr-a', { time: 10, by: 'gu-a', reason: 'later' });
      store.grants.revoke('gr-x', ENDED);
      expect(store.grants.get('gr-a')?.revoked).toEqual(ENDED);
      expect(store.grants.get('gr-b')?.revoked).toBeNull();
    });
  });

  describe('what is spent', () => {
    it('adds up for each grant and measure', () => {
      store.spent.add('gr-a', 'uses', 0, 2);
      store.spent.add('gr-a', 'uses', 0, 3);
      store.spent.add('gr-a', 'bytes', 0, Number.MAX_SAFE_INTEGER);
      store.spent.add('gr-a', 'bytes', 0, 1);
      store.spent.add('gr-b', 'uses', 0, 0);
      expect(sorted(store)).toEqual([
        { grant: 'gr-a', measure: 'bytes', window: 0, amount: Number.MAX_SAFE_INTEGER },
        { grant: 'gr-a', measure: 'uses', window: 0, amount: 5 },
        { grant: 'gr-b', measure: 'uses', window: 0, amount: 0 },
      ]);
    });

    it('of a rate counts in the newest window, also when the clock goes back', () => {
      store.spent.add('gr-a', 'rate', 1_760_000_000_000, 2);
      store.spent.add('gr-a', 'rate', 1_760_000_001_000, 1);
      store.spent.add('gr-a', 'rate', 1_760_000_001_000, 1);
      store.spent.add('gr-a', 'rate', 1_760_000_000_000, 3);
      expect(sorted(store)).toEqual([
        { grant: 'gr-a', measure: 'rate', window: 1_760_000_001_000, amount: 5 },
      ]);
    });

    it('is whole, not negative, and of a grant', () => {
      for (const amount of [-1, 0.5]) {
        expect(() => store.spent.add('gr-a', 'uses', 0, amount)).toThrow(REFUSED);
      }
      expect(() => store.spent.add('gr-x', 'uses', 0, 1)).toThrow(REFUSED);
      store.spent.add('gr-a', 'uses', 0, 1);
      expect(() => store.spent.add('gr-a', 'uses', 0, -1)).toThrow(REFUSED);
      expect(sorted(store)).toHaveLength(1);
    });
  });

  describe('names', () => {
    it('are put, replaced, listed in order and found by their target', () => {
      store.names.put(entry('gu-a', 'b', 'gr-root'));
      store.names.put(entry('gu-a', 'b', 'gr-a'));
      store.names.put(entry('gu-a', 'B', 'gr-a'));
      store.names.put(entry('gu-b', 'b', 'gr-b'));
      const listed = store.names.list('gu-a');
      expect(listed).toEqual([entry('gu-a', 'B', 'gr-a'), entry('gu-a', 'b', 'gr-a')]);
      expect(store.names.get('gu-a', 'b')).toEqual(entry('gu-a', 'b', 'gr-a'));
      expect(store.names.of('gr-root')).toEqual([]);
      expect(store.names.of('gr-a')).toHaveLength(2);
      expect(store.names.count('gu-a')).toBe(2);
      store.names.remove('gu-a', 'b');
      expect(store.names.get('gu-a', 'b')).toBeUndefined();
      expect(() => store.names.put(entry('gu-a', 'c', 'gr-x'))).toThrow(REFUSED);
    });

    it('lie in the root of their holder or in a directory of the same holder', () => {
      const inside: NameEntry = { ...entry('gu-a', 'x', 'gr-a'), directory: 'dr-1' };
      expect(() => store.names.put(inside)).toThrow(REFUSED);
      store.transaction(() => {
        store.names.put(inside);
        store.names.put(directory('gu-a', 'd', 'dr-1'));
      });
      expect(store.names.list('dr-1')).toEqual([inside]);
      expect(store.names.of('dr-1')).toEqual([directory('gu-a', 'd', 'dr-1')]);
      const foreign = { ...entry('gu-b', 'y', 'gr-b'), directory: 'dr-1' };
      expect(() => store.names.put(foreign)).toThrow(REFUSED);
      const second = directory('gu-a', 'e', 'dr-1');
      expect(() => store.names.put(second)).toThrow(REFUSED);
    });

    it('do not lose the directory that others lie in', () => {
      store.transaction(() => {
        store.names.put(directory('gu-a', 'd', 'dr-1'));
        store.names.put({ ...entry('gu-a', 'x', 'gr-a'), directory: 'dr-1' });
      });
      const remove = (): void => store.transaction(() => store.names.remove('gu-a', 'd'));
      expect(remove).toThrow(REFUSED);
      expect(store.names.get('gu-a', 'd')).toBeDefined();
      store.transaction(() => {
        store.names.remove('gu-a', 'd');
        store.names.put(directory('gu-a', 'moved', 'dr-1'));
      });
      expect(store.names.list('dr-1')).toHaveLength(1);
    });
  });

  describe('mail', () => {
    it('comes back as it was, newest first', () => {
      const request = mailRow('ml-1', {
        kind: 'request',
        text: 'please',
        wanted: { kind: 'http', power: 'GET https://a.example', only: ['GET'] },
      });
      const reply = mailRow('ml-2', {
        from: 'host',
        to: 'gu-a',
        enclosed: [{ name: 'x', grant: 'gr-a' }],
        replyTo: 'ml-1',
      });
      store.mail.insert(request);
      store.mail.insert(reply);
      store.mail.insert(mailRow('ml-3'));
      expect(store.mail.get('ml-1')).toEqual(request);
      expect(store.mail.get('ml-2')).toEqual(reply);
      expect(store.mail.get('ml-x')).toBeUndefined();
      expect(store.mail.to('host', 10).map((mail) => mail.id)).toEqual(['ml-3', 'ml-1']);
      expect(store.mail.to('host', 1).map((mail) => mail.id)).toEqual(['ml-3']);
      expect(store.mail.from('gu-a', 10).map((mail) => mail.id)).toEqual(['ml-3', 'ml-1']);
      expect(store.mail.from('gu-b', 10)).toEqual([]);
    });

    it('is settled, and then no longer open', () => {
      store.mail.insert(mailRow('ml-1'));
      store.mail.insert(mailRow('ml-2'));
      expect(store.mail.countOpen('host')).toBe(2);
      store.mail.settle('ml-1', 'resolved', 'gr-a', null);
      store.mail.settle('ml-2', 'rejected', null, 'no');
      expect(store.mail.get('ml-1')).toMatchObject({ state: 'resolved', grant: 'gr-a' });
      expect(store.mail.get('ml-2')).toMatchObject({ state: 'rejected', answer: 'no' });
      expect(store.mail.countOpen('host')).toBe(0);
      store.mail.insert(mailRow('ml-3'));
      store.mail.insert(mailRow('ml-4', { from: 'gu-b' }));
      expect(store.mail.countOpen('host')).toBe(2);
      expect(store.mail.countOpen('host', 'gu-b')).toBe(1);
      expect(store.mail.countOpen('host', 'gu-x')).toBe(0);
      expect(() => store.mail.settle('ml-2', 'resolved', null, null)).toThrow(REFUSED);
      expect(() => store.mail.settle('ml-2', 'resolved', 'gr-x', null)).toThrow(REFUSED);
    });

    it('keeps what is open when there is too much to list', () => {
      for (const id of ['ml-1', 'ml-2', 'ml-3', 'ml-4']) store.mail.insert(mailRow(id));
      for (const id of ['ml-2', 'ml-3', 'ml-4']) store.mail.settle(id, 'dismissed', null, null);
      expect(store.mail.to('host', 2).map((mail) => mail.id)).toEqual(['ml-4', 'ml-1']);
    });

    it('is forgotten when it is settled, and its sender has sent enough since', () => {
      for (const id of ['ml-1', 'ml-2', 'ml-3', 'ml-4', 'ml-5']) store.mail.insert(mailRow(id));
      store.mail.insert(mailRow('ml-b', { from: 'gu-b' }));
      store.mail.insert(mailRow('ml-r', { from: 'host', to: 'gu-a', replyTo: 'ml-2' }));
      for (const id of ['ml-2', 'ml-3', 'ml-4', 'ml-b']) {
        store.mail.settle(id, 'dismissed', null, null);
      }
      store.mail.prune('gu-a', 9);
      expect(store.mail.from('gu-a', 9)).toHaveLength(5);
      store.mail.prune('gu-a', 2);
      expect(store.mail.from('gu-a', 9).map((mail) => mail.id)).toEqual(['ml-5', 'ml-4', 'ml-1']);
      expect(store.mail.get('ml-b')).toBeDefined();
      expect(store.mail.get('ml-r')?.replyTo).toBeNull();
    });

    it('is between those who are there', () => {
      for (const fields of [{ to: 'gu-x' }, { from: 'gu-x' }, { replyTo: 'ml-x' }]) {
        expect(() => store.mail.insert(mailRow('ml-1', fields))).toThrow(REFUSED);
      }
    });
  });

  describe('approvals, boxes and tokens', () => {
    it('keeps what waits until it is settled', () => {
      store.approvals.insert(approval('ap-1'));
      store.approvals.insert(approval('ap-2'));
      expect(store.approvals.get('ap-1')).toEqual(approval('ap-1'));
      store.approvals.settle('ap-1', 'approved', 'fine');
      expect(store.approvals.get('ap-1')).toMatchObject({ state: 'approved', reason: 'fine' });
      expect(store.approvals.pending()).toEqual([approval('ap-2')]);
      expect(() => store.approvals.insert({ ...approval('ap-3'), grant: 'gr-x' })).toThrow(REFUSED);
    });

    it('keeps boxes, with their egress once it is known', () => {
      const box = { id: 'bx-1', guest: 'gu-a', token: 't', egress: null, created: 2 };
      store.boxes.put(box);
      expect(store.boxes.get('bx-1')).toEqual(box);
      const running = { ...box, egress: { pid: 7, start: '42' } };
      store.boxes.put(running);
      store.boxes.put({ ...box, id: 'bx-0', created: 1 });
      expect(store.boxes.all()).toEqual([{ ...box, id: 'bx-0', created: 1 }, running]);
      store.boxes.remove('bx-1');
      expect(store.boxes.get('bx-1')).toBeUndefined();
      expect(() => store.boxes.put({ ...box, guest: 'gu-x' })).toThrow(REFUSED);
    });

    it('keeps tokens until those of their guest are removed', () => {
      const token = { digest: 'd1', guest: 'gu-a', created: 1, expires: null };
      store.tokens.insert(token);
      store.tokens.insert({ ...token, digest: 'd2', expires: 5 });
      store.tokens.insert({ ...token, digest: 'd3', guest: 'gu-b' });
      expect(store.tokens.get('d1')).toEqual(token);
      expect(() => store.tokens.insert(token)).toThrow(REFUSED);
      store.tokens.removeOf('gu-a');
      expect(['d1', 'd2', 'd3'].map((digest) => store.tokens.get(digest)?.guest)).toEqual([
        undefined,
        undefined,
        'gu-b',
      ]);
    });
  });
});

function entry(holder: string, name: string, grant: string): NameEntry {
  return { holder, directory: holder, name, target: { type: 'grant', id: grant } };
}

function directory(holder: string, name: string, id: string): NameEntry {
  return { holder, directory: holder, name, target: { type: 'directory', id } };
}

function approval(id: string): PendingApproval {
  return {
    id,
    guest: 'gu-a',
    grant: 'gr-a',
    power: 'pw-a',
    call: 'POST x',
    digest: 'd',
    effect: 'write',
    created: 1,
    expires: 2,
    state: 'pending',
    reason: '',
  };
}

function sorted(store: KernelStore): readonly unknown[] {
  return store.spent
    .all()
    .toSorted((a, b) => (`${a.grant} ${a.measure}` < `${b.grant} ${b.measure}` ? -1 : 1));
}
