import { describe, expect, it } from 'vitest';
import { type Holding, type Holdings, makeHoldings } from './holdings.ts';
import { ALL_HELD_BYTES_MAX } from './limits.ts';

interface Session extends Holding {
  bytes: number;
  readonly ended: string[];
}

function session(holdings: Holdings, bytes: number, holder?: string): Session {
  const ended: string[] = [];
  const one: Session = {
    bytes,
    ended,
    held: () => (ended.length === 0 ? one.bytes : 0),
    end: ({ code }) => void ended.push(code),
  };
  holdings.add(one);
  if (holder !== undefined) holdings.claim(one, holder);
  return one;
}

describe('what all sessions hold', () => {
  it('is the trouble of nobody as long as there is room', () => {
    const holdings = makeHoldings();
    const one = session(holdings, ALL_HELD_BYTES_MAX - 8, 'ann');
    holdings.makeRoom(8);
    expect(one.ended).toEqual([]);
    holdings.makeRoom(9);
    expect(one.ended).toEqual(['session-limit']);
  });

  it('is taken from whoever holds most in all, its largest session first, and from no other', () => {
    const holdings = makeHoldings();
    const share = ALL_HELD_BYTES_MAX / 16;
    const host = session(holdings, share * 3, 'host');
    const many = Array.from({ length: 15 }, (_, n) => session(holdings, share - n, 'mallory'));
    const alone = session(holdings, share * 2);
    holdings.makeRoom(0);
    expect([host, alone].map(({ ended }) => ended)).toEqual([[], []]);
    expect(many.map(({ ended }) => ended.length)).toEqual([1, 1, 1, 1, ...Array(11).fill(0)]);
  });

  it('counts no session that is gone, and ends when nothing is left to take', () => {
    const holdings = makeHoldings();
    const end = (): void => undefined;
    holdings.add({ held: () => ALL_HELD_BYTES_MAX, end })();
    const one = session(holdings, 1);
    holdings.makeRoom(0);
    expect(one.ended).toEqual([]);
    holdings.makeRoom(ALL_HELD_BYTES_MAX * 2);
    expect(one.ended).toEqual(['session-limit']);
  });
});
