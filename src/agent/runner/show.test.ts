import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounded, showValue, wellFormed } from './show.ts';

describe('a value as a model reads it', () => {
  it.each([
    ['a text as it is', 'a\n"b"', 'a\n"b"'],
    ['nothing', undefined, 'undefined'],
    ['data as JSON', { a: [1, 'b', null, true], c: {} }, '{"a": [1, "b", null, true], "c": {}}'],
    ['bytes by their number', new Uint8Array(3), '<3 bytes>'],
    ['a whole number of any length', 12n, '12n'],
    ['an object of another', () => 1, '<object>'],
    ['an error by its message', { e: new Error('no') }, '{"e": "no"}'],
  ])('is %s', (_, value, text) => {
    expect(showValue(value, 1_000)).toBe(text);
  });

  it('says where it was cut, by depth and by length', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 20; level += 1) deep = [deep];
    expect(showValue(deep, 1_000)).toBe('[[[[[[[[…]]]]]]]]');
    expect(bounded('abcdef', 3)).toBe('abc\n(and 3 more characters)');
  });

  it('is never much longer than its bound, and always a text that a power takes', () => {
    fc.assert(
      fc.property(fc.anything(), fc.integer({ min: 1, max: 500 }), (value, most) => {
        const shown = showValue(value, most);
        expect(shown.length).toBeLessThan(most + 60);
        expect(wellFormed(shown)).toBe(shown);
      }),
    );
    const long = Array.from({ length: 1e6 }, (_, index) => index);
    expect(showValue(long, 100).length).toBeLessThan(160);
  });

  it('has no half of a pair', () => {
    expect(wellFormed('a\ud800b\udc00c😀')).toBe('a\ufffdb\ufffdc😀');
  });
});
