import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseRule } from '../../policy/rule.ts';
import type { Change, LinkGrant } from '../../wire/link.ts';
import type { HttpGrant } from '../grant-index.ts';
import { makeBoxGrants } from './box-grants.ts';

function grant(id: string, rule = 'example.com', expires: number | null = null): LinkGrant {
  const { config, narrowing, text } = parseRule(rule);
  const common = { kind: 'http', chain: ['root', id], text, notBefore: null, asks: false };
  return {
    ...common,
    id,
    config,
    narrowings: [narrowing],
    expires,
    approval: 'none',
    secret: null,
  };
}

function change(fields: Partial<Change>): Change {
  const empty = { grants: [], ended: [], secrets: [], own: [] };
  return { type: 'change', change: 1, whole: false, guest: 'gu-1', ...empty, ...fields };
}

describe('makeBoxGrants()', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('cuts the uses of a grant that ends, and no others', () => {
    const grants = makeBoxGrants();
    grants.apply(change({ whole: true, grants: [grant('a'), grant('b')] }));
    const [a, b] = grants.all() as [HttpGrant, HttpGrant];
    const cuts: string[] = [];
    const hold = grants.hold(a);
    hold?.onEnd(({ code }) => cuts.push(`a ${code}`));
    grants.hold(b)?.onEnd(({ code }) => cuts.push(`b ${code}`));
    const ended = [{ id: 'a', code: 'grant-revoked' as const, reason: 'Because.' }];
    expect(grants.apply(change({ ended }))).toBe(1);
    expect(cuts).toEqual(['a grant-revoked']);
    expect(hold?.ended).toEqual({ code: 'grant-revoked', reason: 'Because.' });
    expect(grants.all().map(({ id }) => id)).toEqual(['b']);
    expect(grants.ended().map((past) => [past.grant.id, past.why.reason])).toEqual([
      ['a', 'Because.'],
    ]);
    expect(grants.hold(a)).toBeNull();
  });

  it('tells of an end to whoever asks late, and not to a use that is over', () => {
    const grants = makeBoxGrants();
    grants.apply(change({ whole: true, grants: [grant('a')] }));
    const [a] = grants.all() as [HttpGrant];
    const late = grants.hold(a);
    const over = grants.hold(a);
    const cut = vi.fn();
    over?.onEnd(cut);
    over?.release();
    const ended = [{ id: 'a', code: 'grant-revoked' as const, reason: 'x' }];
    expect(grants.apply(change({ ended }))).toBe(1);
    expect(cut).not.toHaveBeenCalled();
    late?.onEnd(cut);
    expect(cut).toHaveBeenCalledOnce();
  });

  it('ends what a whole replica does not name', () => {
    const grants = makeBoxGrants();
    grants.apply(change({ whole: true, grants: [grant('a'), grant('b')] }));
    grants.apply(change({ whole: true, grants: [grant('b')] }));
    expect(grants.all().map(({ id }) => id)).toEqual(['b']);
    expect(grants.ended()[0]?.why.code).toBe('grant-revoked');
  });

  it('cuts a use at the end of its time', () => {
    const grants = makeBoxGrants();
    grants.apply(change({ whole: true, grants: [grant('a', 'a.com', Date.now() + 1000)] }));
    const cut = vi.fn();
    grants.hold(grants.all()[0] as HttpGrant)?.onEnd(cut);
    vi.advanceTimersByTime(999);
    expect(cut).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(cut).toHaveBeenCalledWith(expect.objectContaining({ code: 'grant-expired' }));
  });
});
