import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesAny, matchWildcard } from './wildcard.ts';

describe('matchWildcard()', () => {
  it.each([
    ['', '', true],
    ['*', '', true],
    ['a', 'a', true],
    ['a', 'ab', false],
    ['a*', 'a', true],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['*b*a*', 'xxaxxbxx', false],
    ['a.c', 'abc', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matchWildcard(pattern, text)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '[^]*')}$`).test(text);
        expect(matchWildcard(pattern, text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('stays quick on what makes other matchers slow', () => {
    const began = performance.now();
    expect(matchWildcard(`${'a*'.repeat(200)}b`, 'a'.repeat(10_000))).toBe(false);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe('matchesAny()', () => {
  it('asks for one match', () => {
    expect(matchesAny(['x', 'a*'], 'ab')).toBe(true);
    expect(matchesAny([], 'ab')).toBe(false);
  });
});
