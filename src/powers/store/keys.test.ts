import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, holds, intersect, isKey, keySetOf, matchesPattern } from './keys.ts';

const letter = fc.constantFrom('a', 'b', '/', 'é', '\u{1f600}', '\uffee');
const text = fc.array(letter, { maxLength: 4 }).map((letters) => letters.join(''));
const key = text.filter((one) => one !== '');
const pattern = fc.oneof(
  key,
  text.map((one) => `${one}*`),
);
const patterns = fc.array(pattern, { minLength: 1, maxLength: 6 });

describe('a set of keys', () => {
  it('holds what one of its patterns matches, by one of them only', () => {
    fc.assert(
      fc.property(patterns, key, (of, one) => {
        const set = keySetOf(of);
        expect(holds(set, one)).toBe(of.some((each) => matchesPattern(each, one)));
        const matching = (set ?? ['*']).filter((each) => matchesPattern(each, one));
        expect(matching.length).toBe(holds(set, one) ? 1 : 0);
      }),
      { numRuns: 500 },
    );
  });

  it('has in common with another what both hold', () => {
    fc.assert(
      fc.property(patterns, patterns, key, (a, b, one) => {
        const both = intersect(keySetOf(a), keySetOf(b));
        expect(holds(both, one)).toBe(holds(keySetOf(a), one) && holds(keySetOf(b), one));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps its patterns in the order of their keys', () => {
    fc.assert(
      fc.property(patterns, key, key, (of, a, b) => {
        const set = keySetOf(of) ?? ['*'];
        const at = (one: string) => set.findIndex((each) => matchesPattern(each, one));
        if (at(a) >= 0 && at(a) < at(b)) expect(compareKeys(a, b)).toBeLessThan(0);
      }),
      { numRuns: 500 },
    );
    expect(compareKeys('\uffee', '\u{1f600}')).toBeLessThan(0);
  });
});

it('no key is written in two ways', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), (one) => {
      for (const form of ['NFD', 'NFKD', 'NFKC', 'NFC']) {
        const other = one.normalize(form);
        if (isKey(one) && isKey(other)) expect(other.normalize('NFC')).toBe(other);
      }
      if (isKey(one) && one.normalize('NFD') !== one)
        expect(isKey(one.normalize('NFD'))).toBe(false);
    }),
    { numRuns: 500 },
  );
});
