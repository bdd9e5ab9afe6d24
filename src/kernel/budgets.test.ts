import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOST, kernelFixture, useGrant } from '../../test/support/kernel-fixture.ts';
import type { Budget } from '../ocap/budget.ts';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

function granted(budget: Budget, options: Parameters<typeof kernelFixture>[0] = {}) {
  const fixture = kernelFixture(options);
  const ann = fixture.guest('ann');
  const { id } = fixture.kernel.grant(HOST, { parent: fixture.till(), to: ann, budget });
  return { ...fixture, ann, id };
}

describe('a budget', () => {
  it('of uses is spent by each use, and not by a refused one', async () => {
    const fixture = granted({ uses: 2 });
    const { ann, id, kernel } = fixture;
    await useGrant(fixture, ann, id, 'sum');
    await useGrant(fixture, ann, id, 'sum');
    await expect(useGrant(fixture, ann, id, 'sum')).rejects.toThrow(
      `The grant ${id} has a budget of 2 uses, and 2 are spent.`,
    );
    expect(kernel.view(id).spent).toEqual({ uses: 2 });
  });

  it('of bytes is spent while a call runs', async () => {
    const fixture = granted({ bytes: 10 });
    const { ann, id } = fixture;
    await useGrant(fixture, ann, id, 'cost', 10);
    await expect(useGrant(fixture, ann, id, 'cost', 1)).rejects.toEqual(code('budget-spent'));
    await expect(useGrant(fixture, ann, id, 'cost', -5)).rejects.toEqual(code('internal'));
    await expect(useGrant(fixture, ann, id, 'cost', 0.5)).rejects.toEqual(code('internal'));
    await expect(useGrant(fixture, ann, id, 'cost', 0)).resolves.toBe(0);
  });

  it('of rate begins anew with each window, and not when the clock goes back', async () => {
    const fixture = granted({ rate: { uses: 1, per: 'minute' } });
    const { ann, id, clock } = fixture;
    await useGrant(fixture, ann, id, 'sum');
    await expect(useGrant(fixture, ann, id, 'sum')).rejects.toEqual(code('rate-exceeded'));
    clock.now -= 120_000;
    await expect(useGrant(fixture, ann, id, 'sum')).rejects.toEqual(code('rate-exceeded'));
    clock.now += 180_000;
    await expect(useGrant(fixture, ann, id, 'sum')).resolves.toBe(0);
  });

  it('pays for what was used of a grant that has ended meanwhile', async () => {
    const fixture = kernelFixture();
    const { kernel } = fixture;
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const ask = { parent: fixture.till(), to: ann, budget: { tokens: 10 } };
    const first = kernel.grant(HOST, ask);
    const second = kernel.grant(ann, { parent: first.id, to: ben });
    // Whoever may end a grant must not have its uses for nothing.
    await kernel.revoke(ann, { grant: second.id }, '');
    expect(kernel.spend(second.id, { tokens: 7 })).toMatchObject({ code: 'grant-revoked' });
    expect(kernel.view(first.id).spent).toEqual({ tokens: 7 });
    expect(kernel.spend(second.id, { tokens: 7 })).toMatchObject({ code: 'budget-spent' });
  });

  it('lets uses go on at once that fit in together, and one by itself whatever it may cost', () => {
    const { kernel, id } = granted({ tokens: 100, uses: 5 });
    const foresee = (tokens: number) => kernel.foresee(id, { tokens });
    const far = foresee(1_000);
    if (!far.allow) throw new Error(far.reason);
    expect(foresee(1)).toMatchObject({ code: 'budget-spent' });
    far.release();
    far.release();
    const near = [foresee(60), foresee(40)];
    expect(near).toMatchObject([{ allow: true }, { allow: true }]);
    expect(foresee(1)).toMatchObject({ code: 'budget-spent' });
    for (const each of near) if (each.allow) each.release();
    kernel.spend(id, { tokens: 90 });
    expect([foresee(6), foresee(6)]).toMatchObject([{ allow: true }, { code: 'budget-spent' }]);
    expect(kernel.foresee('gr-none', {})).toMatchObject({ code: 'grant-unknown' });
  });

  it('counts what is foreseen of all that hangs on a grant', () => {
    const { kernel, id, ann, guest } = granted({ tokens: 100 });
    const [ben, cat] = [guest('ben'), guest('cat')].map(
      (to) => kernel.grant(ann, { parent: id, to }).id,
    ) as [string, string];
    const first = kernel.foresee(ben, { tokens: 80 });
    expect(kernel.foresee(cat, { tokens: 80 })).toMatchObject({ code: 'budget-spent' });
    if (first.allow) first.release();
    expect(kernel.foresee(cat, { tokens: 80 })).toMatchObject({ allow: true });
  });

  it('is still spent when the kernel is opened again', async () => {
    const fixture = granted({ uses: 1, rate: { uses: 1, per: 'day' } });
    const { ann, id } = fixture;
    await useGrant(fixture, ann, id, 'sum');
    const again = kernelFixture({ store: fixture.store });
    await expect(useGrant(again, ann, id, 'sum')).rejects.toEqual(code('budget-spent'));
  });

  it.each<[string, Budget]>([
    ['a negative amount', { uses: -1 }],
    ['a fraction', { bytes: 1.5 }],
    ['no number', { tokens: Number.NaN }],
    ['no end', { uses: Number.POSITIVE_INFINITY }],
    ['another measure', { kisses: 3 } as Budget],
    ['a rate of nothing', { rate: { uses: 0, per: 'day' } }],
    ['another window', { rate: { uses: 1, per: 'toString' as 'day' } }],
  ])('of %s is refused', (_, budget) => {
    expect(() => granted(budget)).toThrow(code('grant-invalid'));
  });
});

describe('budgets of a tree of grants', () => {
  it('are conserved, whoever spends at once', async () => {
    const budget = fc.option(fc.nat(12), { nil: null });
    const shape = fc.array(fc.record({ parent: fc.nat(), uses: budget }), {
      minLength: 1,
      maxLength: 8,
    });
    const seen = { done: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(shape, fc.array(fc.nat(), { maxLength: 40 }), async (nodes, picks) => {
        const fixture = kernelFixture();
        const { kernel } = fixture;
        const grants: { id: string; holder: string; uses: number | null }[] = [];
        for (const [index, { parent, uses }] of nodes.entries()) {
          const above = grants[(parent % (index + 1)) - 1];
          const holder = fixture.guest(`g${index}`);
          const ask = { parent: above?.id ?? fixture.till(), to: holder };
          const budgeted = uses === null ? {} : { budget: { uses } };
          const { id } = kernel.grant(above?.holder ?? HOST, { ...ask, ...budgeted });
          grants.push({ id, holder, uses });
        }
        const pick = (at: number) => grants[at % grants.length] as (typeof grants)[number];
        const tries = picks.map((at) => useGrant(fixture, pick(at).holder, pick(at).id, 'sum'));
        const outcomes = await Promise.allSettled(tries);
        const made = new Map<string, number>();
        for (const [index, { status }] of outcomes.entries()) {
          seen[status === 'fulfilled' ? 'done' : 'refused'] += 1;
          if (status === 'rejected') continue;
          const { chain } = kernel.view(pick(picks[index] as number).id);
          for (const each of chain) made.set(each, (made.get(each) ?? 0) + 1);
        }
        for (const { id, uses } of grants) {
          if (uses === null) continue;
          expect(made.get(id) ?? 0).toBeLessThanOrEqual(uses);
          expect(kernel.view(id).spent.uses ?? 0).toBe(made.get(id) ?? 0);
        }
      }),
      { numRuns: 60 },
    );
    expect(seen.done).toBeGreaterThan(10);
    expect(seen.refused).toBeGreaterThan(10);
  });
});
