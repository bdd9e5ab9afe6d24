import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/gateway/client.ts';
import { openDatabase } from '../../src/store/database.ts';
import { valuesPlace } from '../../src/store/values-database.ts';
import { makeDaemonPlace, within } from '../support/daemon.ts';
import { type StoreRig, storeRig } from '../support/store-power.ts';

let rig: StoreRig;
beforeEach(() => {
  rig = storeRig();
});
afterEach(() => rig.close());

const refused = (code: string) => expect.objectContaining({ code });

describe('a store', () => {
  it('keeps plain data by key', async () => {
    const { use } = rig.give('ann', 'notes');
    expect(await use('get', 'a')).toBeUndefined();
    const value = { done: false, tags: ['x', 'é'], of: null, n: -1.5 };
    expect(await use('put', 'a', value)).toBeUndefined();
    expect(await use('get', 'a')).toEqual(value);
    await use('put', 'a', null);
    expect(await use('get', 'a')).toBeNull();
    expect(await use('delete', 'a')).toBe(true);
    expect(await use('delete', 'a')).toBe(false);
    expect(await use('size')).toEqual({ items: 0, bytes: 0 });
    expect(statSync(join(rig.home.root, 'stores.db')).mode & 0o777).toBe(0o600);
  });

  it('changes a value only if it is still what was expected', async () => {
    const { use } = rig.give('ann', 'notes');
    expect(await use('update', 'n', 1, 2)).toBe(false);
    expect(await use('update', 'n', undefined, { at: 1, by: 'ann' })).toBe(true);
    expect(await use('update', 'n', undefined, 2)).toBe(false);
    expect(await use('update', 'n', { by: 'ann', at: 1 }, 2)).toBe(true);
    const add = async (): Promise<void> => {
      for (;;) {
        const old = Number(await use('get', 'n'));
        if (await use('update', 'n', old, old + 1)) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await use('get', 'n')).toBe(22);
  });

  it('lists its keys in order, page by page', async () => {
    const { use } = rig.give('ann', 'notes');
    const keys = ['a', 'b/1', 'b/10', 'b/2', 'b0', 'é', '\uffee', '\u{1f600}'];
    for (const key of [...keys].reverse()) await use('put', key, key);
    expect(await use('list')).toEqual({ keys, next: null });
    expect(await use('list', { prefix: 'b/' })).toEqual({ keys: keys.slice(1, 4), next: null });
    expect(await use('list', { after: 'b/10', limit: 2 })).toEqual({
      keys: ['b/2', 'b0'],
      next: 'b0',
    });
    const read: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page = (await use('list', { after, limit: 3 })) as {
        keys: string[];
        next: string | null;
      };
      read.push(...page.keys);
      after = page.next;
    }
    expect(read).toEqual(keys);
  });

  it('shows and counts only the keys that its narrowings let be used', async () => {
    const ann = rig.give('ann', 'notes');
    for (const key of ['a/1', 'a/2', 'a/b/1', 'b/1']) await ann.use('put', key, 'x');
    const tool = ann.giveOn('tool', ['keys=a/*', 'ro keys=b/*']);
    const inner = tool.giveOn('inner', ['keys=a/b/*,c/*,b/1']);
    expect(await inner.use('list')).toEqual({ keys: ['a/b/1', 'b/1'], next: null });
    expect(await inner.use('list', { limit: 1 })).toEqual({ keys: ['a/b/1'], next: 'a/b/1' });
    expect(await inner.use('size')).toEqual({ items: 2, bytes: 14 });
    expect(await inner.use('get', 'b/1')).toBe('x');
    await expect(inner.use('get', 'a/1')).rejects.toEqual(refused('narrowing-refused'));
    await expect(inner.use('put', 'b/1', 1)).rejects.toEqual(refused('narrowing-refused'));
    await expect(inner.use('put', 'c/1', 1)).rejects.toEqual(refused('narrowing-refused'));
  });

  it('holds no more than its power says, and less where a grant says less', async () => {
    const ann = rig.give('ann', 'notes bytes=100 items=4');
    const tool = ann.giveOn('tool', ['keys=t/* bytes=30 items=2']);
    await ann.use('put', 'mine', 'x'.repeat(70));
    await tool.use('put', 't/1', 'x'.repeat(5));
    await expect(tool.use('put', 't/2', 'x'.repeat(20))).rejects.toEqual(refused('quota-exceeded'));
    await expect(tool.use('put', 't/2', 'x'.repeat(11))).rejects.toThrow(
      'Cannot put "t/2" (13 bytes) in store notes: 100 bytes may be kept, and it would be 102.',
    );
    await tool.use('put', 't/2', 1);
    await expect(tool.use('put', 't/3', 1)).rejects.toThrow(
      '2 keys may be kept of those that may be used, and all are there.',
    );
    await ann.use('put', 'b', 1);
    await expect(ann.use('put', 'c', 1)).rejects.toEqual(refused('quota-exceeded'));
    await ann.use('delete', 'b');
    await ann.use('put', 'c', 1);
    // Of another power with less room for the same store: what is there may shrink, not grow.
    const { use } = rig.give('ann', 'notes bytes=10 items=1');
    await use('put', 'mine', 'x'.repeat(60));
    await expect(use('put', 'mine', 'x'.repeat(61))).rejects.toEqual(refused('quota-exceeded'));
    expect(await use('size')).toEqual({ items: 4, bytes: 66 + 10 + 4 + 2 });
  });

  it('has one content for all powers of its name, and none of another', async () => {
    await rig.give('ann', 'notes').use('put', 'a', 1);
    expect(await rig.give('ben', 'notes').use('get', 'a')).toBe(1);
    expect(await rig.give('ben', 'note').use('get', 'a')).toBeUndefined();
    expect(await rig.give('ben', 'notes-2').use('list')).toEqual({ keys: [], next: null });
  });

  it('counts the bytes that come and go against a budget', async () => {
    const { kernel } = rig;
    const config = { name: 'notes', bytes: 1000, items: 10 };
    const { root } = kernel.makePower('store', config, 'a test');
    const ann = kernel.addGuest('ann', { reason: 'a test' }).id;
    const grant = kernel.grant('host', { parent: root.id, to: ann, budget: { bytes: 20 } });
    const reference = kernel.reference(ann, grant.id);
    await kernel.use(ann, reference, 'put', ['a', 'x'.repeat(9)]);
    await expect(kernel.use(ann, reference, 'get', ['a'])).rejects.toEqual(refused('budget-spent'));
    await expect(kernel.use(ann, reference, 'put', ['b', 'x'.repeat(9)])).rejects.toEqual(
      refused('budget-spent'),
    );
    expect(await kernel.use(ann, reference, 'size', [])).toEqual({ items: 1, bytes: 12 });
  });
});

describe('the file of all stores', () => {
  it('is counted right whatever is done, and is closed behind the last', () => {
    const place = valuesPlace(rig.home);
    const values = place.hold();
    expect(place.hold()).toBe(values);
    for (let step = 0; step < 300; step += 1) {
      const [store, key] = [`s${step % 2}`, `k${(step * 7) % 13}`];
      if (step % 5 === 0) values.remove(store, key);
      else values.put(store, key, { value: '1', bytes: 1 + (step % 9) });
    }
    for (const store of ['s0', 's1', 'none']) {
      expect(values.usage(store)).toEqual(values.usageOf(store, '*'));
    }
    expect(values.usage('s0').items).toBeGreaterThan(3);
    expect(() =>
      values.transaction(() => {
        values.put('s0', 'k', { value: '1', bytes: 5 });
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    expect(values.get('s0', 'k')).toBeUndefined();
    place.letGo();
    expect(values.usage('s0').items).toBeGreaterThan(3);
    place.letGo();
    expect(() => values.usage('s0')).toThrow();
  });

  it('says when it cannot be used, and works again when it can', async () => {
    const { use } = rig.give('ann', 'notes');
    await use('put', 'a', 1);
    const broken = openDatabase(join(rig.home.root, 'stores.db'));
    broken.exec('ALTER TABLE entries RENAME TO others');
    await expect(use('get', 'a')).rejects.toEqual(refused('store-unavailable'));
    broken.exec('ALTER TABLE others RENAME TO entries');
    broken.close();
    expect(await use('get', 'a')).toBe(1);
  });
});

describe('a store of the daemon', () => {
  it('is there after the daemon was killed in the middle of writes', async () => {
    const place = makeDaemonPlace();
    try {
      await place.json('guest', 'add', 'alice');
      await place.json('grant', 'store:notes items=5000', 'to', 'alice', '--as', 'notes');
      type Store = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
      const open = async () => {
        const client = await connect(join(place.home, 'powerbox.sock'));
        const guest = await client.door.guest('alice');
        return { client, store: (await guest.lookup('notes')) as Store };
      };
      const first = await open();
      let kept = 0;
      const writing = (async () => {
        for (let at = 0; at < 5000; at += 1) {
          await first.store.put?.(`k/${at}`, { at });
          kept = at + 1;
        }
      })().catch(() => undefined);
      await within(20_000, () => kept > 50);
      const pid = place.daemonPid() as number;
      process.kill(pid, 'SIGKILL');
      await writing;
      first.client.close();
      expect(kept).toBeLessThan(5000);
      await place.json('guest', 'ls');
      expect(place.daemonPid()).not.toBe(pid);
      const { client, store } = await open();
      const { items } = ((await store.size?.()) ?? {}) as { items?: number };
      // What was acknowledged is there; one more may have been on its way.
      expect([kept, kept + 1]).toContain(items);
      expect(await store.get?.(`k/${kept - 1}`)).toEqual({ at: kept - 1 });
      client.close();
    } finally {
      place.close();
    }
  });
});
