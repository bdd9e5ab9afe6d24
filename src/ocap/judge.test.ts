import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeldGrant } from './grant.ts';
import { judge } from './judge.ts';
import type { PowerKind } from './power.ts';
import { ALLOWED, refuse } from './verdict.ts';

/** A power to open doors: one house each, and the doors of it that are allowed. */
const doors: PowerKind<string, readonly number[], { house: string; door: number }> = {
  kind: 'door',
  concerns: (house, call) => house === call.house,
  permits: (allowed, { door }) =>
    allowed.includes(door)
      ? ALLOWED
      : refuse('path-not-granted', `Not door ${door}.`, allowed.length),
  effect: () => 'read',
  describe: ({ house, door }) => `door ${door} of ${house}`,
};

function grant(
  id: string,
  house: string,
  allowed: readonly number[],
  kind = 'door',
): HeldGrant<string, readonly number[]> {
  const times = { notBefore: null, expires: null };
  const common = { id, kind, config: house, chain: [id], text: id, asks: false };
  return { ...common, ...times, narrowings: [allowed] };
}

describe('judge()', () => {
  it('allows nothing without a grant, and says what was asked', () => {
    expect(judge(doors, [], { house: 'a', door: 1 }, 0)).toMatchObject({
      allow: false,
      code: 'not-granted',
      reason: expect.stringContaining('door 1 of a'),
    });
  });

  it('gives the first grant that permits', () => {
    const grants = [grant('no', 'a', [2]), grant('yes', 'a', [1]), grant('also', 'a', [1])];
    expect(judge(doors, grants, { house: 'a', door: 1 }, 0)).toMatchObject({
      grant: { id: 'yes' },
    });
  });

  it('explains with the refusal that came nearest', () => {
    const grants = [grant('far', 'a', [2]), grant('near', 'a', [2, 3, 4])];
    const verdict = judge(doors, grants, { house: 'a', door: 1 }, 0);
    expect(verdict).toMatchObject({ allow: false, distance: 3 });
  });

  it('never asks a grant of another kind or for another resource', () => {
    const grants = [grant('kind', 'a', [1], 'window'), grant('house', 'b', [1])];
    expect(judge(doors, grants, { house: 'a', door: 1 }, 0).allow).toBe(false);
  });

  it('asks every narrowing of a grant', () => {
    const both = {
      ...grant('g', 'a', []),
      narrowings: [
        [1, 2],
        [2, 3],
      ],
    };
    const allowed = [1, 2, 3].filter((door) => judge(doors, [both], { house: 'a', door }, 0).allow);
    expect(allowed).toEqual([2]);
  });

  it('allows from the beginning of a grant until before its end', () => {
    const timed = { ...grant('g', 'a', [1]), notBefore: 10, expires: 20 };
    const at = (now: number) => judge(doors, [timed], { house: 'a', door: 1 }, now);
    expect([9, 10, 19, 20].map((now) => at(now).allow)).toEqual([false, true, true, false]);
    expect(at(9)).toMatchObject({ code: 'grant-not-yet' });
    expect(at(20)).toMatchObject({ code: 'grant-expired' });
  });

  it('allows exactly what one of the grants allows', () => {
    const some = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.array(fc.nat(5))));
    fc.assert(
      fc.property(some, fc.constantFrom('a', 'b'), fc.nat(5), (list, house, door) => {
        const grants = list.map(([at, allowed], index) => grant(String(index), at, allowed));
        const expected = list.some(([at, allowed]) => at === house && allowed.includes(door));
        expect(judge(doors, grants, { house, door }, 0).allow).toBe(expected);
      }),
    );
  });
});
