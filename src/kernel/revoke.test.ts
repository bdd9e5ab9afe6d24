import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HOST,
  type KernelFixture,
  kernelFixture,
  useGrant,
} from '../../test/support/kernel-fixture.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { Reference, Revocable } from './kernel.ts';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

/** Host to ann to ben to cat. */
function chainOfThree(fixture: KernelFixture) {
  const holders = ['ann', 'ben', 'cat'].map(fixture.guest) as [string, string, string];
  const root = fixture.till();
  const grants: string[] = [];
  let [giver, parent] = [HOST, root];
  for (const to of holders) {
    parent = fixture.kernel.grant(giver, { parent, to }).id;
    giver = to;
    grants.push(parent);
  }
  return { holders, root, grants: grants as [string, string, string] };
}

describe('revoke()', () => {
  it('ends everything that hangs on a grant, and nothing else', async () => {
    const fixture = kernelFixture();
    const { holders, grants, root } = chainOfThree(fixture);
    const report = await fixture.kernel.revoke(HOST, { grant: grants[1] }, 'too much');
    expect(report.grants.map(({ id }) => id)).toEqual([grants[1], grants[2]]);
    expect(report.guests).toEqual([holders[1], holders[2]]);
    await expect(useGrant(fixture, holders[2], grants[2], 'sum')).rejects.toThrow(
      new RegExp(
        `works no more: the grant ${grants[1]} that it hangs on was ended .* \\(too much\\)`,
      ),
    );
    await expect(useGrant(fixture, holders[0], grants[0], 'sum')).resolves.toBe(0);
    await expect(useGrant(fixture, HOST, root, 'sum')).resolves.toBe(0);
  });

  it('cuts what is in flight under it at once, and tells the power', async () => {
    const fixture = kernelFixture();
    const { holders, grants } = chainOfThree(fixture);
    const waiting = useGrant(fixture, holders[2], grants[2], 'wait');
    const other = useGrant(fixture, HOST, fixture.till('two'), 'wait');
    waiting.catch(() => {});
    await new Promise((next) => setTimeout(next, 20));
    const started = performance.now();
    const report = await fixture.kernel.revoke(HOST, { grant: grants[0] }, 'stop');
    await expect(waiting).rejects.toEqual(code('grant-revoked'));
    expect(performance.now() - started).toBeLessThan(20);
    expect(report.cut).toBe(1);
    expect(await Promise.race([other.then(String), 'still waiting'])).toBe('still waiting');
    other.catch(() => {});
    await fixture.kernel.revoke(HOST, { guest: HOST }, 'all of it');
  });

  it('is not needed to cut what a guest does now', async () => {
    const fixture = kernelFixture();
    const { holders, grants } = chainOfThree(fixture);
    const waiting = useGrant(fixture, holders[2], grants[2], 'wait');
    const above = useGrant(fixture, holders[1], grants[1], 'wait');
    for (const one of [waiting, above]) one.catch(() => {});
    await new Promise((next) => setTimeout(next, 20));
    const ended = new PowerboxError('compartment-ended', 'The run has ended.');
    expect(fixture.kernel.cutUses(holders[2], ended)).toBe(1);
    await expect(waiting).rejects.toEqual(code('compartment-ended'));
    expect(await Promise.race([above.then(String), 'still waiting'])).toBe('still waiting');
    await expect(useGrant(fixture, holders[2], grants[2], 'sum')).resolves.toBe(0);
    await fixture.kernel.revoke(HOST, { guest: HOST }, 'all of it');
  });

  it.each<[string, (fixture: KernelFixture) => Revocable]>([
    ['a guest', (fixture) => ({ guest: fixture.kernel.principal('ann').id })],
    ['a power', (fixture) => ({ power: (fixture.kernel.powers()[0] as { id: string }).id })],
    ['a secret', () => ({ secret: 'SAFE_KEY' })],
  ])('ends what hangs on %s', async (_, what) => {
    const fixture = kernelFixture();
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const first = fixture.kernel.grant(HOST, { parent: fixture.till('safe'), to: ann });
    const second = fixture.kernel.grant(ann, { parent: first.id, to: ben });
    const spared = fixture.kernel.grant(HOST, { parent: fixture.till('two'), to: ben });
    const named = what(fixture);
    const preview = fixture.kernel.preview(named);
    await expect(useGrant(fixture, ben, second.id, 'sum')).resolves.toBe(0);
    const report = await fixture.kernel.revoke(HOST, named, '');
    expect(report).toEqual({ ...preview, cut: 0 });
    await expect(useGrant(fixture, ben, second.id, 'sum')).rejects.toEqual(code('grant-revoked'));
    await expect(useGrant(fixture, ben, spared.id, 'sum')).resolves.toBe(0);
    expect(fixture.rows.filter(({ kind }) => kind === 'revoke')).toHaveLength(1);
  });

  it('cuts what cannot be written, says so, and is written when it is tried again', async () => {
    const fixture = kernelFixture();
    const { kernel, rows } = fixture;
    const ann = fixture.guest('ann');
    const { id } = kernel.grant(HOST, { parent: fixture.till(), to: ann });
    const waiting = useGrant(fixture, ann, id, 'wait');
    waiting.catch(() => {});
    await new Promise((next) => setTimeout(next, 20));
    rows.push = () => {
      throw new Error('the disk is full');
    };
    await expect(kernel.revoke(HOST, { grant: id }, 'now')).rejects.toThrow('the disk is full');
    await expect(waiting).rejects.toEqual(code('grant-revoked'));
    expect(kernel.view(id).valid).toMatchObject({ code: 'grant-revoked' });
    expect(kernelFixture({ store: fixture.store }).kernel.view(id).valid.allow).toBe(true);
    rows.push = Array.prototype.push;
    await kernel.revoke(HOST, { grant: id }, 'now');
    expect(rows.at(-1)).toMatchObject({ kind: 'revoke', id });
    expect(kernelFixture({ store: fixture.store }).kernel.view(id).valid.allow).toBe(false);
  });

  it('lets go of what the object behind a power holds, with the power', async () => {
    const fixture = kernelFixture();
    const root = fixture.till();
    await useGrant(fixture, HOST, root, 'sum');
    await fixture.kernel.revoke(HOST, { grant: root }, '');
    await new Promise((next) => setImmediate(next));
    expect(fixture.log).toEqual(['sum', 'closed']);
  });

  it('keeps a use from beginning whose power was still being opened', async () => {
    const fixture = kernelFixture({ openMs: 40 });
    const ann = fixture.guest('ann');
    const { id } = fixture.kernel.grant(HOST, { parent: fixture.till(), to: ann });
    const opening = useGrant(fixture, ann, id, 'put', 1);
    opening.catch(() => {});
    await new Promise((next) => setTimeout(next, 15));
    await fixture.kernel.revoke(HOST, { grant: id }, '');
    await expect(opening).rejects.toEqual(code('grant-revoked'));
    await new Promise((next) => setTimeout(next, 50));
    expect(fixture.log).toEqual([]);
  });

  it('is undone by a new grant only', async () => {
    const fixture = kernelFixture();
    const ann = fixture.guest('ann');
    const root = fixture.till();
    const first = fixture.kernel.grant(HOST, { parent: root, to: ann });
    await fixture.kernel.revoke(HOST, { grant: first.id }, '');
    expect((await fixture.kernel.revoke(HOST, { grant: first.id }, '')).grants).toEqual([]);
    const second = fixture.kernel.grant(HOST, { parent: root, to: ann });
    await expect(useGrant(fixture, ann, first.id, 'sum')).rejects.toEqual(code('grant-revoked'));
    await expect(useGrant(fixture, ann, second.id, 'sum')).resolves.toBe(0);
  });

  it('is for the host, the giver and the holder', async () => {
    const fixture = kernelFixture();
    const { holders, grants } = chainOfThree(fixture);
    const [ann, ben, cat] = holders;
    const { kernel } = fixture;
    await expect(kernel.revoke(cat, { grant: grants[1] }, '')).rejects.toEqual(
      code('grant-unknown'),
    );
    await expect(
      kernel.revoke(ann, { power: kernel.view(grants[0]).power.id }, ''),
    ).rejects.toEqual(code('grant-unknown'));
    await kernel.revoke(cat, { grant: grants[2] }, 'laid down');
    await kernel.revoke(ann, { grant: grants[1] }, 'taken back');
    await expect(useGrant(fixture, ben, grants[1], 'sum')).rejects.toEqual(code('grant-revoked'));
  });

  it('holds when the kernel is opened again', async () => {
    const fixture = kernelFixture();
    const { holders, grants } = chainOfThree(fixture);
    await fixture.kernel.revoke(HOST, { grant: grants[0] }, 'gone');
    const again = kernelFixture({ store: fixture.store });
    for (const [index, holder] of holders.entries()) {
      await expect(useGrant(again, holder, grants[index] as string, 'sum')).rejects.toEqual(
        code('grant-revoked'),
      );
    }
  });

  it('removes a guest and all that it gave, and frees its name', async () => {
    const fixture = kernelFixture();
    const { holders, grants } = chainOfThree(fixture);
    await fixture.kernel.removeGuest('ann', 'done');
    await expect(useGrant(fixture, holders[2], grants[2], 'sum')).rejects.toEqual(
      code('grant-revoked'),
    );
    expect(() => fixture.kernel.principal('ann')).toThrow(code('guest-unknown'));
    expect(fixture.guest('ann')).not.toBe(holders[0]);
    await expect(fixture.kernel.removeGuest(HOST, '')).rejects.toEqual(code('guest-invalid'));
  });

  it('leaves no use through a directory when the way to it has ended', async () => {
    const fixture = kernelFixture();
    const ann = fixture.guest('ann');
    const { id } = fixture.kernel.grant(HOST, { parent: fixture.till(), to: ann });
    const drawer = (await useGrant(fixture, ann, id, 'drawer')) as Reference;
    await fixture.kernel.revoke(HOST, { grant: id }, '');
    await expect(fixture.kernel.use(ann, drawer, 'put', [1])).rejects.toEqual(
      code('grant-revoked'),
    );
  });
});

/** A random tree of grants: node n hangs on `parents[n]`, a node before it, or on the root. */
const trees = (size: number) =>
  fc
    .array(fc.nat(), { minLength: size, maxLength: size })
    .map((picks) => picks.map((pick, index) => (index === 0 ? -1 : (pick % (index + 1)) - 1)));

function buildTree(fixture: KernelFixture, parents: readonly number[]) {
  const root = fixture.till();
  const nodes: { readonly id: string; readonly holder: string; readonly depth: number }[] = [];
  const kept: number[] = [];
  for (const [index, wanted] of parents.entries()) {
    const parent = wanted === -1 ? undefined : nodes[kept.indexOf(wanted)];
    if ((parent?.depth ?? 0) > 50) continue;
    const holder = fixture.guest(`g${index}`);
    const ask = { parent: parent?.id ?? root, to: holder };
    const { id } = fixture.kernel.grant(parent?.holder ?? HOST, ask);
    nodes.push({ id, holder, depth: (parent?.depth ?? 0) + 1 });
    kept.push(index);
  }
  return nodes;
}

describe('over random graphs of 1,000 grants', () => {
  it('a revocation ends exactly what cannot be reached any more', async () => {
    await fc.assert(
      fc.asyncProperty(
        trees(1000),
        fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
        async (parents, picks) => {
          const fixture = kernelFixture();
          const nodes = buildTree(fixture, parents);
          const ended = new Set(
            picks.map((pick) => (nodes[pick % nodes.length] as { id: string }).id),
          );
          for (const grant of ended) await fixture.kernel.revoke(HOST, { grant }, '');
          for (const { id } of nodes) {
            const view = fixture.kernel.view(id);
            const reachable = !view.chain.some((each) => ended.has(each));
            expect(view.valid.allow).toBe(reachable);
          }
          // The same from the disk alone.
          const again = kernelFixture({ store: fixture.store });
          for (const { id } of nodes) {
            expect(again.kernel.view(id).valid.allow).toBe(fixture.kernel.view(id).valid.allow);
          }
        },
      ),
      { numRuns: 8 },
    );
  }, 60_000);
});
