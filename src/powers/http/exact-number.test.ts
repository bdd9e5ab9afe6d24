import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactNumber, InexactNumber } from './exact-number.ts';

/** The value of a decimal as a fraction of whole numbers. */
function fraction(text: string): readonly [bigint, bigint] {
  const [, sign = '', whole = '', part = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const exponent = Number(power) - part.length;
  const digits = BigInt(`${sign}${whole}${part}`);
  return exponent < 0 ? [digits, 10n ** BigInt(-exponent)] : [digits * 10n ** BigInt(exponent), 1n];
}

function equal(one: string, other: string): boolean {
  const [[a, b], [c, d]] = [fraction(one), fraction(other)];
  return a * d === c * b;
}

describe('exactNumber()', () => {
  test.each([
    ['0', 0],
    ['-0', -0],
    ['0.0e99', 0],
    ['100', 100],
    ['1e2', 100],
    ['1.50', 1.5],
    ['0.1', 0.1],
    ['9007199254740992', 2 ** 53],
    ['1e21', 1e21],
    ['5e-324', 5e-324],
  ])('keeps %s', (token, value) => {
    expect(exactNumber(token)).toBe(value);
  });

  test.each([
    '9007199254740993',
    '1e400',
    '-1e400',
    '1e-400',
    '100.00000000000000001',
    '0.10000000000000000001',
    '0.30000000000000004000000001',
    '1'.repeat(65),
    `1e${'9'.repeat(30)}`,
  ])('does not keep %s', (token) => {
    expect(exactNumber(token)).toBeInstanceOf(InexactNumber);
  });

  test('keeps a number exactly when its shortest form says the same', () => {
    const digits = (max: number): fc.Arbitrary<string> =>
      fc
        .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max })
        .map((all) => all.join(''));
    const token = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits(18),
        fc.option(digits(18)),
        fc.option(fc.integer({ min: -30, max: 30 })),
      )
      .map(([sign, whole, part, power]) =>
        [
          sign,
          whole.replace(/^0+(?=\d)/, ''),
          part === null ? '' : `.${part}`,
          power === null ? '' : `e${power}`,
        ].join(''),
      );
    fc.assert(
      fc.property(token, (text) => {
        const kept = typeof exactNumber(text) === 'number';
        expect(kept).toBe(equal(text, String(Number(text))));
      }),
      { seed: 41, numRuns: 3000 },
    );
  });
});
