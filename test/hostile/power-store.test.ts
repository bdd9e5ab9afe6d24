import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEY_CHARS_MAX, STORE_ITEMS_MAX } from '../../src/powers/store/limits.ts';
import { type StoreRig, storeRig } from '../support/store-power.ts';

/** What a hostile holder of a part of a store tries against the rest of it, and against others. */

let rig: StoreRig;
beforeEach(() => {
  rig = storeRig();
});
afterEach(() => rig.close());

const refused = (code: string) => expect.objectContaining({ code });

describe('a hostile holder of a store', () => {
  it('reaches no key beside its own by what is written nearly alike', async () => {
    const ann = rig.give('ann', 'notes');
    await ann.use('put', 'caf\u00e9/plan', 'of another');
    await ann.use('put', 'tool-2/plan', 'of another');
    await ann.use('put', 'tool', 'of another');
    const tool = ann.giveOn('tool', ['keys=tool/*']);
    await tool.use('put', 'tool/../tool-2/plan', 'a key like any other');
    for (const key of [
      ...['tool', 'tool-2/plan', 'Tool/x', 'TOOL/x', ' tool/x', 'tool\\x', 'tool%2fx', '/tool/x'],
      ...['\uff54ool/x', 't\u043eol/x', 'tool\u2044x', './tool/x', '', 'caf\u00e9/plan'],
    ]) {
      const code = key === '' ? 'call-invalid' : 'narrowing-refused';
      await expect(tool.use('get', key)).rejects.toEqual(refused(code));
      await expect(tool.use('put', key, 1)).rejects.toEqual(refused(code));
      await expect(tool.use('delete', key)).rejects.toEqual(refused(code));
    }
    // What normal form C would make another key, what nobody sees, and what ends a text elsewhere.
    for (const key of [
      ...[
        'tool/\u0000',
        'tool/x\u0000y',
        'tool/e\u0301',
        'tool/\u212b',
        'tool/x\u200d',
        'tool/\ud800',
      ],
      ...['tool/*', 'tool/\u2028', `tool/${'x'.repeat(KEY_CHARS_MAX)}`],
    ]) {
      await expect(tool.use('put', key, 1)).rejects.toEqual(refused('call-invalid'));
    }
    for (const key of [{ toString: () => 'tool' }, ['tool/x'], 7, null, undefined]) {
      await expect(tool.use('get', key)).rejects.toEqual(refused('call-invalid'));
    }
    expect(await ann.use('list')).toEqual({
      keys: ['caf\u00e9/plan', 'tool', 'tool-2/plan', 'tool/../tool-2/plan'],
      next: null,
    });
    expect(await ann.use('get', 'tool-2/plan')).toBe('of another');
  });

  it('learns of no other key by listing, paging or counting', async () => {
    const ann = rig.give('ann', 'notes');
    for (const key of ['a', 'm/secret-name', 'm0', 'tool/1', 'tool/2', 'tool0', 'z']) {
      await ann.use('put', key, 'x'.repeat(100));
    }
    const tool = ann.giveOn('tool', ['keys=tool/*']);
    const seen: unknown[] = [];
    for (const prefix of ['', 'a', 'm', 'm/', 't', 'tool', 'tool/', 'tool/1', 'tool0', 'z']) {
      for (const after of ['', 'a', 'm/', 'tool', 'tool/', 'tool/1', 'tool/2', 'zz']) {
        for (const limit of [1, 2, 1000]) {
          seen.push(await tool.use('list', { prefix, after, limit }));
        }
      }
    }
    const text = JSON.stringify([...seen, await tool.use('size')]);
    expect(text).toContain('tool/2');
    expect(text).not.toMatch(/secret|"a"|m0|tool0|"z"/);
    expect(await tool.use('size')).toEqual({ items: 2, bytes: 2 * (6 + 102) });
    // Refusals are the same whether the key is there or not.
    const [there, not] = await Promise.all(
      ['m/secret-name', 'm/another-name'].map((key) =>
        tool.use('get', key).catch((error: Error) => error.message.replace(key, 'KEY')),
      ),
    );
    expect(there).toBe(not);
  });

  it('takes no more room than it has by asking at once, in parts or through others', async () => {
    const ann = rig.give('ann', 'notes');
    const tool = ann.giveOn('tool', ['keys=tool/* bytes=1K items=20']);
    const helpers = Array.from({ length: 5 }, (_, at) => tool.giveOn(`helper-${at}`, ['any']));
    const puts = helpers.flatMap(({ use }, helper) =>
      Array.from({ length: 40 }, (_, at) => use('put', `tool/${helper}/${at}`, 'x'.repeat(70))),
    );
    const ends = await Promise.allSettled(puts);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(12);
    const { items, bytes } = (await ann.use('size')) as { items: number; bytes: number };
    expect(items).toBe(12);
    expect(bytes).toBeLessThanOrEqual(1024);
    // Growing what is there counts as well as what is new.
    await expect(tool.use('put', 'tool/0/0', 'x'.repeat(400))).rejects.toEqual(
      refused('quota-exceeded'),
    );
    const old = await tool.use('get', 'tool/0/0');
    await expect(tool.use('update', 'tool/0/0', old, 'x'.repeat(400))).rejects.toEqual(
      refused('quota-exceeded'),
    );
    expect(await tool.use('get', 'tool/0/0')).toBe(old);
  });

  it('gains no room by a narrowing that speaks of more', async () => {
    const tool = rig.give('ann', 'notes').giveOn('tool', ['keys=tool/* items=1']);
    const wider = tool.giveOn('wider', ['bytes=1G items=1000', 'keys=tool/*,other/*']);
    await wider.use('put', 'tool/1', 1);
    await expect(wider.use('put', 'tool/2', 1)).rejects.toEqual(refused('quota-exceeded'));
    await expect(wider.use('put', 'other/1', 1)).rejects.toEqual(refused('narrowing-refused'));
  });

  it('finds no object of the program behind a name', async () => {
    const { use } = rig.give('ann', 'notes');
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then']) {
      expect(await use('get', key)).toBeUndefined();
      expect(await use('update', key, undefined, { of: key })).toBe(true);
      expect(await use('get', key)).toEqual({ of: key });
    }
    expect((await use('list')) as object).toMatchObject({ keys: { length: 5 } });
    expect(({} as { of?: unknown }).of).toBeUndefined();
    const poison = JSON.parse('{"a": [{"__proto__": {"polluted": true}}]}') as unknown;
    await expect(use('put', 'poison', poison)).rejects.toEqual(refused('call-invalid'));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    for (const sql of ["a' OR '1'='1", 'a"; DROP TABLE entries; --', 'a%', 'a_', 'a?']) {
      expect(await use('get', sql)).toBeUndefined();
      expect(await use('list', { prefix: sql })).toEqual({ keys: [], next: null });
    }
    expect(await use('size')).toMatchObject({ items: 5 });
  });

  it('holds the daemon up by no narrowing and no listing of a full store', async () => {
    const { use, giveOn } = rig.give('ann', `full items=${STORE_ITEMS_MAX} bytes=64M`);
    for (let at = 0; at < STORE_ITEMS_MAX; at += 1) await use('put', `k/${at}`, at);
    await expect(use('put', 'one-more', 1)).rejects.toEqual(refused('quota-exceeded'));
    const counting = [1, 2, 3, 4].map((at) => `keys=k*,x${at} bytes=1M items=1`);
    let holder = giveOn('deep-0', counting);
    for (let depth = 1; depth < 8; depth += 1) holder = holder.giveOn(`deep-${depth}`, counting);
    const started = performance.now();
    for (let turn = 0; turn < 5; turn += 1) {
      await expect(holder.use('put', 'k', 1)).rejects.toEqual(refused('quota-exceeded'));
      await holder.use('list', { limit: 1000 });
      await holder.use('size');
    }
    // All of it takes some milliseconds; a count that grows with patterns times keys takes minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
