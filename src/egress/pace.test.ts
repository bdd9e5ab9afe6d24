import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { LEAVES_KNOWN_MAX, REFUSAL_DELAY_MS_MAX } from './limits.ts';
import { atMost, limited, paced } from './pace.ts';

let time: number;
const clock = (): number => time;

beforeEach(() => {
  time = 1_700_000_000_000;
});

const times = <T>(count: number, act: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => act(index));

describe('atMost()', () => {
  it('is true so many times in each stretch, and again in the next', () => {
    const may = atMost(3, 1_000, clock);
    expect(times(5, may)).toEqual([true, true, true, false, false]);
    time += 999;
    expect(may()).toBe(false);
    time += 1;
    expect(times(4, may)).toEqual([true, true, true, false]);
    time += 60_000;
    expect(may()).toBe(true);
  });

  it('counts stretches of another length', () => {
    const may = atMost(1, 60_000, clock);
    const begun = time % 60_000;
    expect(times(2, may)).toEqual([true, false]);
    time += 59_999 - begun;
    expect(may()).toBe(false);
    time += 1;
    expect(may()).toBe(true);
  });

  it('starts anew when the clock is set back, so that nobody waits for it', () => {
    const may = atMost(1, 1_000, clock);
    expect(times(2, may)).toEqual([true, false]);
    time -= 3_600_000;
    expect(times(2, may)).toEqual([true, false]);
  });

  it('never allows more than that in any stretch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat({ max: 700 })),
        (count, steps) => {
          const may = atMost(count, 1_000, clock);
          const allowed = new Map<number, number>();
          for (const step of steps) {
            time += step;
            const stretch = Math.floor(time / 1_000);
            if (may()) allowed.set(stretch, (allowed.get(stretch) ?? 0) + 1);
          }
          for (const number of allowed.values()) expect(number).toBeLessThanOrEqual(count);
        },
      ),
    );
  });
});

describe('limited()', () => {
  it('makes so many new names in a second, and known ones always', () => {
    const made: string[] = [];
    const leafFor = limited(
      (name) => {
        made.push(name);
        return `leaf of ${name}`;
      },
      3,
      clock,
    );
    expect(['a', 'b', 'c', 'd', 'a'].map(leafFor)).toEqual([
      'leaf of a',
      'leaf of b',
      'leaf of c',
      null,
      'leaf of a',
    ]);
    expect(times(100, () => leafFor('b'))).not.toContain(null);
    expect(made).not.toContain('d');
    time += 1_000;
    expect(['d', 'e', 'f', 'g'].map(leafFor)).toEqual([
      'leaf of d',
      'leaf of e',
      'leaf of f',
      null,
    ]);
  });

  it('remembers at most LEAVES_KNOWN_MAX names', () => {
    const leafFor = limited((name) => name, LEAVES_KNOWN_MAX + 1, clock);
    times(LEAVES_KNOWN_MAX, (index) => leafFor(`${index}`));
    // One more is the last that is free to be made now, and all others are forgotten for it.
    expect(leafFor('more')).toBe('more');
    expect(leafFor('0')).toBeNull();
    expect(leafFor('more')).toBe('more');
  });
});

describe('paced()', () => {
  it('lets so many through at once, and has the others wait for their turn', () => {
    const pace = paced(10, clock);
    expect(times(10, () => pace.count())).toEqual(times(10, () => 0));
    expect(times(3, () => pace.count())).toEqual([100, 200, 300]);
    time += 300;
    expect(pace.count()).toBe(100);
    time += 10_000;
    expect(times(11, () => pace.count()).slice(-2)).toEqual([0, 100]);
  });

  it('has nobody wait longer than REFUSAL_DELAY_MS_MAX and one turn, and keeps no room for them', () => {
    const pace = paced(10, clock);
    const waits = times(1_000, () => pace.count());
    expect(Math.max(...waits)).toBe(REFUSAL_DELAY_MS_MAX);
    time += REFUSAL_DELAY_MS_MAX;
    expect(pace.count()).toBe(100);
  });
});
