import { describe, expect, it } from 'vitest';
import { HOST, kernelFixture, useGrant } from '../../test/support/kernel-fixture.ts';
import type { Approval } from '../ocap/grant.ts';
import { APPROVALS_PENDING_MAX } from './limits.ts';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

function asking(approval: Approval, approvalMs = 60_000) {
  const fixture = kernelFixture({ approvalMs });
  const ann = fixture.guest('ann');
  const ask = { parent: fixture.till(), to: ann, approval, budget: { uses: 5 } };
  const { id } = fixture.kernel.grant(HOST, ask);
  const pendingId = () => (fixture.kernel.pending()[0] as { id: string }).id;
  return { ...fixture, ann, id, pendingId };
}

describe('a grant that asks', () => {
  it('before writes lets reads through, and does a write when it was approved', async () => {
    const fixture = asking('writes');
    const { ann, id, kernel, log, pendingId } = fixture;
    await expect(useGrant(fixture, ann, id, 'sum')).resolves.toBe(0);
    const write = useGrant(fixture, ann, id, 'put', 3);
    expect(kernel.pending()).toMatchObject([{ guest: ann, grant: id, call: 'put 3' }]);
    expect(log).toEqual(['sum']);
    kernel.decide([pendingId()], 'approved', 'fine');
    await expect(write).resolves.toBe(3);
    expect(kernel.pending()).toEqual([]);
    expect(fixture.rows.filter(({ kind }) => kind === 'approval')).toMatchObject([
      { state: 'pending' },
      { state: 'approved', reason: 'fine' },
    ]);
  });

  it('does the very call that was approved, whatever the caller does to it meanwhile', async () => {
    const fixture = asking('always');
    const { ann, id, kernel, pendingId } = fixture;
    const thing = { to: 'a friend' };
    const given = useGrant(fixture, ann, id, 'keep', thing);
    const { digest } = kernel.pending()[0] as { digest: string };
    thing.to = 'a thief';
    kernel.decide([pendingId()], 'approved', '');
    await expect(given).resolves.toEqual({ to: 'a friend' });
    void useGrant(fixture, ann, id, 'keep', thing).catch(() => {});
    expect((kernel.pending()[0] as { digest: string }).digest).not.toBe(digest);
    await kernel.close();
  });

  it('is refused with the reason, and once', async () => {
    const fixture = asking('always');
    const { ann, id, kernel, log, pendingId } = fixture;
    const write = useGrant(fixture, ann, id, 'put', 3);
    const asked = pendingId();
    // A reason may be a sentence of its own.
    kernel.decide([asked], 'denied', 'not today.');
    await expect(write).rejects.toThrow('The host refused put 3: not today.');
    expect(() => kernel.decide([asked], 'approved', '')).toThrow(code('approval-decided'));
    expect(() => kernel.decide(['ap-nothing'], 'approved', '')).toThrow(code('approval-unknown'));
    expect(log).toEqual([]);
    expect(kernel.view(id).spent).toEqual({});
  });

  it('is decided in a batch, all or none', async () => {
    const fixture = asking('always');
    const { ann, id, kernel } = fixture;
    const both = [useGrant(fixture, ann, id, 'put', 1), useGrant(fixture, ann, id, 'put', 2)];
    const ids = kernel.pending().map((each) => each.id);
    expect(() => kernel.decide([...ids, 'ap-nothing'], 'approved', '')).toThrow();
    expect(kernel.pending()).toHaveLength(2);
    kernel.decide(ids, 'approved', '');
    await expect(Promise.all(both)).resolves.toEqual([1, 3]);
  });

  it('gives up after its time', async () => {
    const fixture = asking('always', 30);
    const { ann, id, kernel } = fixture;
    const write = useGrant(fixture, ann, id, 'put', 3);
    const asked = (kernel.pending()[0] as { id: string }).id;
    await expect(write).rejects.toEqual(code('approval-timeout'));
    expect(() => kernel.decide([asked], 'approved', '')).toThrow(code('approval-decided'));
  });

  it('ends with the grant that it waits for', async () => {
    const fixture = asking('always');
    const { ann, id, kernel } = fixture;
    const write = useGrant(fixture, ann, id, 'put', 3);
    write.catch(() => {});
    await kernel.revoke(HOST, { grant: id }, 'enough');
    await expect(write).rejects.toEqual(code('grant-revoked'));
    expect(kernel.pending()).toEqual([]);
  });

  it('does not do what was revoked or spent between the approval and the call', async () => {
    const fixture = asking('always');
    const { ann, id, kernel, log, pendingId } = fixture;
    const write = useGrant(fixture, ann, id, 'put', 3);
    write.catch(() => {});
    kernel.decide([pendingId()], 'approved', '');
    await kernel.revoke(HOST, { grant: id }, 'at once');
    await expect(write).rejects.toEqual(code('grant-revoked'));
    expect(log).toEqual([]);
  });

  it('cannot bury the host in questions', async () => {
    const fixture = asking('always');
    const { ann, id, kernel } = fixture;
    const all = Array.from({ length: APPROVALS_PENDING_MAX }, () =>
      useGrant(fixture, ann, id, 'put', 1).catch(() => {}),
    );
    await expect(useGrant(fixture, ann, id, 'put', 1)).rejects.toEqual(code('limit-exceeded'));
    await kernel.close();
    await Promise.all(all);
  });

  it('forgets those who waited when the kernel was killed', async () => {
    const fixture = asking('always');
    const { ann, id } = fixture;
    void useGrant(fixture, ann, id, 'put', 1).catch(() => {});
    const again = kernelFixture({ store: fixture.store });
    expect(again.store.approvals.pending()).toEqual([]);
    expect(again.kernel.pending()).toEqual([]);
    await fixture.kernel.close();
  });
});
