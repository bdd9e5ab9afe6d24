import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOST, kernelFixture, useGrant } from '../../test/support/kernel-fixture.ts';
import { DELEGATION_DEPTH_MAX } from '../ocap/limits.ts';
import type { GrantAsk } from './kernel.ts';
import { GIVEN_CHARS_MAX, GRANTS_GIVEN_MAX, NAMES_FROM_GUESTS_MAX } from './limits.ts';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('a grant', () => {
  it('is recorded with its way from the host', () => {
    const fixture = kernelFixture();
    const { kernel, rows } = fixture;
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const root = fixture.till();
    const first = kernel.grant(HOST, { parent: root, to: ann });
    const ask = { parent: first.id, to: ben, narrowing: { most: 2 }, reason: 'it asked' };
    const second = kernel.grant(ann, { ...ask, as: 'petty-cash' });
    expect(rows.at(-1)).toMatchObject({
      kind: 'grant',
      from: ann,
      to: ben,
      chain: [root, first.id, second.id],
      power: 'till one',
      only: ['2'],
      reason: 'it asked',
    });
    expect(kernel.names.lookup(ben, 'petty-cash')).toBe(second.id);
    expect(kernel.view(second.id)).toMatchObject({ names: ['petty-cash'], only: ['2'] });
  });

  it.each<
    [string, string, (fixture: { ann: string; ben: string; id: string }) => Partial<GrantAsk>]
  >([
    ['of somebody else', 'grant-unknown', ({ id }) => ({ parent: id })],
    ['to nobody', 'guest-unknown', () => ({ to: 'nobody' })],
    ['to oneself', 'grant-cycle', ({ ben }) => ({ to: ben })],
    ['back up the way', 'grant-cycle', ({ ann }) => ({ to: ann })],
    ['to the host', 'grant-cycle', () => ({ to: HOST })],
    ['of a narrowing that is none', 'narrowing-invalid', () => ({ narrowing: { most: 'all' } })],
    ['of an unknown narrowing', 'narrowing-invalid', () => ({ narrowing: { most: 1, least: 0 } })],
    ['that is over', 'grant-invalid', () => ({ expires: 1 })],
    ['under a taken name', 'name-taken', () => ({ as: 'till' })],
    ['under no name', 'name-invalid', () => ({ as: '../x' })],
  ])('%s is refused, and nothing is left of it', (_, wanted, change) => {
    const fixture = kernelFixture();
    const { kernel, rows, store } = fixture;
    const [ann, ben, cat] = ['ann', 'ben', 'cat'].map(fixture.guest) as [string, string, string];
    const first = kernel.grant(HOST, { parent: fixture.till(), to: ann });
    const second = kernel.grant(ann, { parent: first.id, to: ben });
    kernel.grant(HOST, { parent: fixture.till('two'), to: cat, as: 'till' });
    const before = [rows.length, store.grants.all().length, kernel.grants({ all: true }).length];
    const ask = { parent: second.id, to: cat, ...change({ ann, ben, id: first.id }) };
    expect(() => kernel.grant(ben, ask)).toThrow(code(wanted));
    const after = [rows.length, store.grants.all().length, kernel.grants({ all: true }).length];
    expect(after).toEqual(before);
    expect(() => kernel.grant(ben, { parent: second.id, to: cat })).not.toThrow();
  });

  it('that may not be handed on is not', () => {
    const fixture = kernelFixture();
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const ask = { parent: fixture.till(), to: ann, delegable: false };
    const { id } = fixture.kernel.grant(HOST, ask);
    expect(() => fixture.kernel.grant(ann, { parent: id, to: ben })).toThrow(
      code('grant-not-delegable'),
    );
  });

  it('passes so many hands and no more', () => {
    const fixture = kernelFixture();
    let [giver, parent] = [HOST, fixture.till()];
    for (let depth = 1; depth < DELEGATION_DEPTH_MAX; depth++) {
      const to = fixture.guest(`g${depth}`);
      parent = fixture.kernel.grant(giver, { parent, to }).id;
      giver = to;
    }
    expect(fixture.kernel.view(parent).chain).toHaveLength(DELEGATION_DEPTH_MAX);
    const to = fixture.guest('last');
    expect(() => fixture.kernel.grant(giver, { parent, to })).toThrow(code('grant-too-deep'));
  });

  it('allows only less than the one it hangs on', async () => {
    const steps = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(20), async (mosts, amount) => {
        const fixture = kernelFixture();
        let [holder, grant] = [HOST, fixture.till()];
        let allowed = true;
        for (const [index, most] of mosts.entries()) {
          const to = fixture.guest(`g${index}`);
          grant = fixture.kernel.grant(holder, { parent: grant, to, narrowing: { most } }).id;
          holder = to;
          const reference = fixture.kernel.reference(holder, grant);
          const now = fixture.kernel.can(holder, reference, 'put', [amount]).allow;
          // Once refused on the way, never allowed again.
          expect(now && !allowed).toBe(false);
          allowed = now;
        }
        expect(allowed).toBe(amount <= Math.min(...mosts));
      }),
    );
  });
});

describe('what one guest gives', () => {
  it('is bounded in number, over all that it holds, and also when it is ended', async () => {
    const { kernel, guest, till } = kernelFixture();
    const ann = guest('ann');
    const ways = ['ben', 'cat'].map((name) => ({
      parent: kernel.grant(HOST, { parent: till(name), to: ann }).id,
      to: guest(name),
    }));
    const given: string[] = [];
    for (let count = 0; count < GRANTS_GIVEN_MAX; count++) {
      const way = ways[count % 2] as (typeof ways)[number];
      given.push(kernel.grant(ann, { ...way, as: `n${count}` }).id);
    }
    await kernel.revoke(ann, { grant: given[0] as string }, '');
    for (const way of ways) {
      expect(() => kernel.grant(ann, way)).toThrow(code('limit-exceeded'));
      expect(kernel.grant(HOST, { ...way, parent: till('another') }).to).toBe(way.to);
    }
  });

  it('is bounded in what the rules of its grants say, those above counted in', () => {
    const { kernel, guest, till } = kernelFixture();
    const [ann, ben] = [guest('ann'), guest('ben')];
    const narrowing = { most: 1, note: 'x'.repeat(60_000) };
    const first = kernel.grant(HOST, { parent: till(), to: ann, narrowing });
    const give = (also: object) => kernel.grant(ann, { parent: first.id, to: ben, ...also });
    const each = JSON.stringify(narrowing).length;
    for (let given = 2 * each; given <= GIVEN_CHARS_MAX; given += 2 * each) give({ narrowing });
    const left = GIVEN_CHARS_MAX % (2 * each);
    if (left >= each) give({});
    expect(() => give({})).toThrow(code('limit-exceeded'));
    expect(() => give({ narrowing })).toThrow(code('limit-exceeded'));
  });
});

describe('the directories of a guest', () => {
  it('cannot be filled by another guest', () => {
    const fixture = kernelFixture();
    const { kernel } = fixture;
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const root = fixture.till();
    const { id } = kernel.grant(HOST, { parent: root, to: ann });
    kernel.together(() => {
      for (let count = 0; count < NAMES_FROM_GUESTS_MAX; count += 1) {
        kernel.names.makeDirectory(ben, `d${count}`);
      }
    });
    expect(() => kernel.grant(ann, { parent: id, to: ben })).toThrow(code('limit-exceeded'));
    expect(() => kernel.grant(HOST, { parent: root, to: ben })).not.toThrow();
  });
});

describe('together()', () => {
  it('makes all of it or nothing, also in memory', () => {
    const fixture = kernelFixture();
    const { kernel, rows } = fixture;
    const before = rows.length;
    expect(() =>
      kernel.together(() => {
        const to = kernel.addGuest('ann', { reason: '' }).id;
        const { root } = kernel.makePower('till', { name: 'x' }, '');
        kernel.grant(HOST, { parent: root.id, to });
        throw new Error('a second thought');
      }),
    ).toThrow('a second thought');
    expect(rows).toHaveLength(before);
    expect(kernel.powers()).toEqual([]);
    expect(kernel.grants({ all: true })).toEqual([]);
    expect(() => kernel.principal('ann')).toThrow(code('guest-unknown'));
  });
});

describe('no reference crosses between guests but by a grant', () => {
  it('whatever they try with what they hold', async () => {
    const tries = fc.array(fc.record({ who: fc.nat(2), whose: fc.nat(2), drawer: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(tries, async (attempts) => {
        const fixture = kernelFixture();
        const { kernel } = fixture;
        const guests = ['ann', 'ben', 'cat'].map(fixture.guest);
        const root = fixture.till();
        const held = await Promise.all(
          guests.map(async (to) => {
            const { id } = kernel.grant(HOST, { parent: root, to });
            const till = kernel.reference(to, id);
            return { till, drawer: await kernel.use(to, till, 'drawer', []) };
          }),
        );
        for (const { who, whose, drawer } of attempts) {
          const own = held[whose] as (typeof held)[number];
          const reference = (drawer ? own.drawer : own.till) as typeof own.till;
          const used = kernel.use(guests[who] as string, reference, 'put', [1]);
          if (who === whose) await expect(used).resolves.toBeTypeOf('number');
          else await expect(used).rejects.toEqual(code('grant-unknown'));
          // Nor does it pass as an argument, which the receiver could call.
          const mine = (held[who] as (typeof held)[number]).till;
          const passed = useGrant(fixture, guests[who] as string, mine.grant, 'keep', reference);
          if (who === whose && drawer) await expect(passed).resolves.toBe(reference);
          else await expect(passed).rejects.toEqual(code('call-invalid'));
        }
      }),
      { numRuns: 30 },
    );
  });
});
