import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetWords, readBudget, readTime } from './quantity-words.ts';

const INVALID = expect.objectContaining({ code: 'grant-invalid' });
const NOW = Date.UTC(2030, 0, 1);

describe('the words of a budget', () => {
  it.each([
    ['uses=100', { uses: 100 }],
    ['tokens=1e6', { tokens: 1_000_000 }],
    ['bytes=1M', { bytes: 1_048_576 }],
    ['bytes=1.5k', { bytes: 1_536 }],
    ['usd=2.50', { microdollars: 2_500_000 }],
    ['usd=0.000001', { microdollars: 1 }],
    ['rate=10/minute', { rate: { uses: 10, per: 'minute' } }],
    ['uses=1,usd=1', { uses: 1, microdollars: 1_000_000 }],
  ])('%s', (text, budget) => {
    expect(readBudget([text])).toEqual(budget);
  });

  it.each([
    'uses=0',
    'uses=-1',
    'uses=1.5',
    'uses=1e99',
    'uses=',
    'uses',
    'use=1',
    'uses=Infinity',
    'uses=0x10',
    'usd=0.0000001',
    'usd=1e3',
    'usd=$1',
    'bytes=1X',
    'bytes=99999999T',
    'rate=10/hour',
    'rate=0/minute',
    'rate=10',
    'constructor=1',
    '__proto__=1',
    '',
    'uses=1,uses=2',
  ])('%j is refused', (text) => {
    expect(() => readBudget([text])).toThrow(INVALID);
  });

  it('are read back as they were, for every budget', () => {
    const count = fc.integer({ min: 1, max: 2 ** 45 });
    const budget = fc.record(
      {
        uses: count,
        bytes: count,
        tokens: count,
        microdollars: fc.integer({ min: 1, max: 999_999_999_999_999 }),
        rate: fc.record({
          uses: fc.integer({ min: 1, max: 999_999_999 }),
          per: fc.constantFrom('second' as const, 'minute' as const, 'day' as const),
        }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(budget, (one) => {
        const words = budgetWords(one);
        expect(readBudget(words)).toEqual(words.length === 0 ? null : one);
      }),
    );
    expect(budgetWords(null)).toEqual([]);
  });
});

describe('the words of a time', () => {
  it.each([
    ['90s', NOW + 90_000],
    ['2h', NOW + 7_200_000],
    ['30d', NOW + 30 * 86_400_000],
    ['2030-02-01', Date.UTC(2030, 1, 1)],
    ['2030-02-01T12:30Z', Date.UTC(2030, 1, 1, 12, 30)],
    ['2030-02-01T12:30:05+02:00', Date.UTC(2030, 1, 1, 10, 30, 5)],
  ])('%s', (text, time) => {
    expect(readTime(text, NOW)).toBe(time);
  });

  it.each([
    '2h30m',
    '-2h',
    '1.5h',
    '2',
    'h',
    '',
    '999999999w',
    '2030-02-01T12:30',
    '2030-13-01',
    'tomorrow',
    '1e3s',
    '+2h',
    '12:00',
  ])('%j is refused', (text) => {
    expect(() => readTime(text, NOW)).toThrow(INVALID);
  });
});
