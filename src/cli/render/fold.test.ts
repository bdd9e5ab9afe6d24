import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { painter } from './colour.ts';
import { folded, widthOf } from './fold.ts';

describe('a folded line', () => {
  it('is all there, and no line of it is wider than it may be', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.integer({ min: 2, max: 20 }),
        (text, columns) => {
          const lines = folded(text, columns);
          expect(lines.join('')).toBe(text);
          for (const line of lines) {
            expect([...line].reduce((sum, one) => sum + widthOf(one), 0)).toBeLessThanOrEqual(
              columns,
            );
          }
        },
      ),
    );
  });

  it('takes no room for its colours', () => {
    const red = painter(true)('red', 'abcd');
    expect(folded(`${red}ef`, 4)).toEqual([red, 'ef']);
  });
});
