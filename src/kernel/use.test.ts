import { describe, expect, it } from 'vitest';
import { HOST, kernelFixture, useGrant } from '../../test/support/kernel-fixture.ts';
import { entryText } from '../journal/canonical.ts';
import type { Reference } from './kernel.ts';
import { APPROVALS_PENDING_MAX, METHOD_CHARS_MAX, ROW_CALLS_MAX, USES_OPEN_MAX } from './limits.ts';
import { callback } from './reference.ts';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('use()', () => {
  it('does what the grant allows, and records it before and after', async () => {
    const fixture = kernelFixture();
    const { kernel, rows, log } = fixture;
    const guest = fixture.guest('ann');
    const { id, ...grant } = kernel.grant(HOST, { parent: fixture.till(), to: guest });
    expect(await useGrant(fixture, guest, id, 'put', 5)).toBe(5);
    await kernel.close();
    const [use, done] = rows.slice(-2);
    expect(use).toEqual({
      kind: 'use',
      guest,
      grant: id,
      chain: [grant.parent, id],
      power: 'till',
      call: 'put 5',
      effect: 'write',
      verdict: 'allow',
    });
    expect(done).toMatchObject({ kind: 'done', guest, of: rows.length - 1 });
    expect(log).toEqual(['put', 'closed']);
  });

  it('asks the narrowing of every ancestor, and records the refusal', async () => {
    const fixture = kernelFixture();
    const { kernel, rows, log } = fixture;
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const first = kernel.grant(HOST, { parent: fixture.till(), to: ann, narrowing: { most: 5 } });
    const second = kernel.grant(ann, { parent: first.id, to: ben, narrowing: { most: 100 } });
    await expect(useGrant(fixture, ben, second.id, 'put', 6)).rejects.toEqual(
      code('narrowing-refused'),
    );
    expect(rows.at(-1)).toMatchObject({ verdict: 'deny', code: 'narrowing-refused', guest: ben });
    expect(log).toEqual([]);
    await expect(useGrant(fixture, ben, second.id, 'put', 5)).resolves.toBe(5);
  });

  it('refuses a reference of somebody else, and one that only looks like one', async () => {
    const fixture = kernelFixture();
    const { kernel } = fixture;
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const { id } = kernel.grant(HOST, { parent: fixture.till(), to: ann });
    const reference = kernel.reference(ann, id);
    await expect(kernel.use(ben, reference, 'sum', [])).rejects.toEqual(code('grant-unknown'));
    const forged: Reference = { ...reference };
    await expect(kernel.use(ann, forged, 'sum', [])).rejects.toEqual(code('grant-unknown'));
    expect(() => kernel.reference(ben, id)).toThrow(code('grant-unknown'));
    await expect(kernel.use(ann, reference, 'sum', [])).resolves.toBe(0);
  });

  it('begins and ends with the times of every grant on the way', async () => {
    const fixture = kernelFixture();
    const { kernel, clock } = fixture;
    const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
    const times = { notBefore: clock.now + 10, expires: clock.now + 20 };
    const first = kernel.grant(HOST, { parent: fixture.till(), to: ann, ...times });
    const second = kernel.grant(ann, { parent: first.id, to: ben });
    await expect(useGrant(fixture, ben, second.id, 'sum')).rejects.toEqual(code('grant-not-yet'));
    clock.now += 10;
    await expect(useGrant(fixture, ben, second.id, 'sum')).resolves.toBe(0);
    clock.now += 10;
    await expect(useGrant(fixture, ben, second.id, 'sum')).rejects.toEqual(code('grant-expired'));
  });

  it('records what cannot be judged at all', async () => {
    const fixture = kernelFixture();
    const guest = fixture.guest('ann');
    const { id } = fixture.kernel.grant(HOST, { parent: fixture.till(), to: guest });
    await expect(useGrant(fixture, guest, id, 'put', 'much')).rejects.toEqual(code('call-invalid'));
    await expect(useGrant(fixture, guest, id, 'x'.repeat(1000))).rejects.toEqual(
      code('method-unknown'),
    );
    expect(fixture.rows.slice(-2)).toMatchObject([
      { kind: 'use', guest, grant: id, call: 'put', verdict: 'deny', code: 'call-invalid' },
      { call: 'x'.repeat(METHOD_CHARS_MAX), verdict: 'deny', code: 'method-unknown' },
    ]);
  });

  it('records what is one too many, of calls that go on or that wait for the host', async () => {
    const { kernel, rows, ...fixture } = kernelFixture();
    const parent = fixture.till();
    for (const [most, name, approval] of [
      [USES_OPEN_MAX, 'ann', 'none'],
      [APPROVALS_PENDING_MAX, 'ben', 'always'],
    ] as const) {
      const guest = fixture.guest(name);
      const { id } = kernel.grant(HOST, { parent, to: guest, approval });
      const wait = () => useGrant({ kernel }, guest, id, 'wait').catch((error: unknown) => error);
      const going = Array.from({ length: most }, wait);
      expect(await wait()).toEqual(code('limit-exceeded'));
      const last = rows.filter(({ kind }) => kind === 'use').at(-1);
      expect(last).toMatchObject({ guest, grant: id, verdict: 'deny', code: 'limit-exceeded' });
      await kernel.revoke(HOST, { grant: id }, '');
      await Promise.all(going);
    }
  });

  it('does nothing that cannot be recorded', async () => {
    const fixture = kernelFixture();
    const { kernel, rows, log } = fixture;
    const root = fixture.till();
    rows.push = () => {
      throw new Error('the disk is full');
    };
    await expect(useGrant(fixture, HOST, root, 'put', 1)).rejects.toEqual(
      code('journal-unavailable'),
    );
    expect(log).toEqual([]);
    await kernel.close().catch(() => {});
  });

  it('says nothing of what a power failed with', async () => {
    const fixture = kernelFixture();
    const told = useGrant(fixture, HOST, fixture.till(), 'each', 'no function: hunter2');
    await expect(told).rejects.toThrow('The power failed (TypeError).');
  });

  it('lets uses of one moment share a row, and tells of each', async () => {
    const fixture = kernelFixture();
    const { kernel, rows } = fixture;
    const guest = fixture.guest('ann');
    const ask = { parent: fixture.till(), to: guest, budget: { bytes: 1 } };
    const { id } = kernel.grant(HOST, ask);
    const before = rows.length;
    const outcomes = await Promise.allSettled([
      useGrant(fixture, guest, id, 'sum'),
      useGrant(fixture, guest, id, 'cost', 2),
      useGrant(fixture, guest, id, 'put', 3),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await kernel.close();
    expect(rows.slice(before)).toMatchObject([
      { kind: 'use', calls: ['sum 0', 'cost 2', 'put 3'], effect: 'write', verdict: 'allow' },
      { kind: 'done', of: before + 1, code: 'budget-spent', faults: [{ use: 1 }] },
    ]);
  });

  it('leaves no use out of a row that is full', async () => {
    const fixture = kernelFixture();
    const root = fixture.till();
    const before = fixture.rows.length;
    const uses = Array.from({ length: 2 * ROW_CALLS_MAX + 1 }, (_, index) =>
      useGrant(fixture, HOST, root, 'put', index),
    );
    await Promise.all(uses);
    await fixture.kernel.close();
    const written = fixture.rows.slice(before).filter((row) => row.kind === 'use');
    expect(written.map(({ calls = ['one'] }) => calls.length)).toEqual([
      ROW_CALLS_MAX,
      ROW_CALLS_MAX,
      1,
    ]);
    const done = fixture.rows.slice(before).filter((row) => row.kind === 'done');
    expect(done).toHaveLength(3);
    // The longest row is not cut by the journal.
    for (const row of written) expect(JSON.parse(entryText(row))).toEqual(row);
  });

  it('tells whether it would be allowed, and does nothing', () => {
    const fixture = kernelFixture();
    const { kernel, rows, log } = fixture;
    const guest = fixture.guest('ann');
    const ask = { parent: fixture.till(), to: guest, narrowing: { most: 5 }, budget: { uses: 1 } };
    const reference = kernel.reference(guest, kernel.grant(HOST, ask).id);
    const before = rows.length;
    expect(kernel.can(guest, reference, 'put', [5])).toEqual({ allow: true });
    expect(kernel.can(guest, reference, 'put', [5])).toEqual({ allow: true });
    expect(kernel.can(guest, reference, 'put', [6])).toMatchObject({ code: 'narrowing-refused' });
    expect(rows).toHaveLength(before);
    expect(log).toEqual([]);
  });
});

describe('what comes back through a grant', () => {
  async function drawerOf() {
    const fixture = kernelFixture();
    const guest = fixture.guest('ann');
    const ask = { parent: fixture.till(), to: guest, narrowing: { most: 5 } };
    const { id } = fixture.kernel.grant(HOST, ask);
    const drawer = (await useGrant(fixture, guest, id, 'drawer')) as Reference;
    return { fixture, guest, id, drawer };
  }

  it('carries the grant: its narrowing, its record and its end', async () => {
    const { fixture, guest, id, drawer } = await drawerOf();
    const { kernel, rows, log } = fixture;
    expect(drawer).toEqual({ grant: id, requires: [], kind: 'till', facet: 'drawer' });
    await expect(kernel.use(guest, drawer, 'put', [5])).resolves.toBe(5);
    expect(rows.findLast(({ kind }) => kind === 'use')).toMatchObject({ grant: id, call: 'put 5' });
    await expect(kernel.use(guest, drawer, 'put', [6])).rejects.toEqual(code('narrowing-refused'));
    await kernel.revoke(HOST, { grant: id }, 'enough');
    expect(log.at(-1)).toBe('drawer closed');
    await expect(kernel.use(guest, drawer, 'put', [5])).rejects.toEqual(code('grant-revoked'));
  });

  it('is of one holder', async () => {
    const { fixture, drawer } = await drawerOf();
    const other = fixture.guest('ben');
    await expect(fixture.kernel.use(other, drawer, 'put', [1])).rejects.toEqual(
      code('grant-unknown'),
    );
  });

  it('is itself again when it goes back in', async () => {
    const { fixture, guest, id, drawer } = await drawerOf();
    const again = await useGrant(fixture, guest, id, 'keep', drawer);
    expect(again).toBe(drawer);
    const [inside] = fixture.kept;
    expect(inside).toMatchObject({ facet: 'drawer', at: 'drawer' });
  });

  it('is closed when its holder lets go of it', async () => {
    const { fixture, drawer } = await drawerOf();
    fixture.kernel.release(drawer);
    fixture.kernel.release(drawer);
    expect(fixture.log).toEqual(['drawer', 'drawer closed']);
  });
});

describe('what goes in through a grant', () => {
  it('is called back only while the grant lives', async () => {
    const fixture = kernelFixture();
    const { kernel, kept } = fixture;
    const guest = fixture.guest('ann');
    const { id } = kernel.grant(HOST, { parent: fixture.till(), to: guest });
    const heard: unknown[] = [];
    const listen = callback((sum) => heard.push(sum));
    await useGrant(fixture, guest, id, 'each', listen);
    expect(heard).toEqual([0]);
    expect(await useGrant(fixture, guest, id, 'keep', listen)).toBe(listen);
    const [inside] = kept as Set<(sum: number) => unknown>;
    expect(inside).not.toBe(listen);
    await kernel.revoke(HOST, { grant: id }, '');
    expect(() => inside?.(1)).toThrow(code('grant-revoked'));
    expect(heard).toEqual([0]);
  });

  it('is no function that was not marked, and no reference of another grant', async () => {
    const fixture = kernelFixture();
    const [one, other] = [fixture.till('one'), fixture.till('other')];
    await expect(useGrant(fixture, HOST, one, 'keep', () => 1)).rejects.toEqual(
      code('call-invalid'),
    );
    const foreign = await useGrant(fixture, HOST, other, 'drawer');
    await expect(useGrant(fixture, HOST, one, 'keep', foreign)).rejects.toEqual(
      code('call-invalid'),
    );
  });
});
