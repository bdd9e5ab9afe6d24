import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POLICY_DEPTH_MAX } from './limits.ts';
import { parseStrictJson } from './strict-json.ts';

describe('parseStrictJson', () => {
  test.each([
    ['{"a":1,\n "a":2}', 2, 2, 'twice'],
    ['{"a":{"b":1,"\\u0062":2}}', 1, 13, 'twice'],
    ['{"__proto__":1}', 1, 2, 'not allowed'],
    ['', 1, 1, 'value'],
    ['\ufeff{}', 1, 1, 'value'],
    ['{', 1, 2, 'key'],
    ['{"a"}', 1, 5, 'colon'],
    ['{"a":1,}', 1, 8, 'key'],
    ['[1,]', 1, 4, 'value'],
    ['[1 2]', 1, 4, 'comma'],
    ['{"a":1} x', 1, 9, 'more after'],
    ['["a\nb"]', 1, 2, 'string'],
    ['["\\x"]', 1, 2, 'string'],
    ['[01]', 1, 2, 'value'],
    ['[+1]', 1, 2, 'value'],
    ['[NaN]', 1, 2, 'value'],
    ['// x\n{}', 1, 1, 'value'],
    ["{'a':1}", 1, 2, 'key'],
  ])('refuses %j at line %i, column %i', (text, line, column, word) => {
    const json = parseStrictJson(text);
    expect(json).toMatchObject({ ok: false, line, column });
    if (!json.ok) expect(json.reason).toContain(word);
  });

  test('bounds the nesting', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseStrictJson(nested(POLICY_DEPTH_MAX)).ok).toBe(true);
    expect(parseStrictJson(nested(100_000)).ok).toBe(false);
  });

  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\t'), (text, space) => {
        const value: unknown = JSON.parse(text);
        if (text.includes('__proto__')) return;
        expect(parseStrictJson(JSON.stringify(value, null, space))).toEqual({ ok: true, value });
      }),
      { seed: 12, numRuns: 1000 },
    );
  });

  test('accepts nothing that JSON.parse refuses, and never throws', () => {
    const piece = fc.constantFrom(
      ...'{}[],:"\\'.split(''),
      '"a"',
      '1',
      '-',
      '.5',
      'e1',
      'null',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        const json = parseStrictJson(text);
        if (json.ok) expect(json.value).toEqual(JSON.parse(text));
        else expect(json.column).toBeLessThanOrEqual(text.length + 1);
      }),
      { seed: 13, numRuns: 5000 },
    );
  });

  test('does what its reader asks for', () => {
    const nested = '['.repeat(20) + ']'.repeat(20);
    expect(parseStrictJson(nested)).toMatchObject({ ok: false });
    expect(parseStrictJson(nested, { depthMax: 20 })).toMatchObject({ ok: true });
    const numbers = parseStrictJson('[1e400, true, -0.5, "1"]', {
      number: (token) => `<${token}>`,
    });
    expect(numbers).toEqual({ ok: true, value: ['<1e400>', true, '<-0.5>', '1'] });
    for (const half of ['"\\ud83d"', '{"\\ude00":1}', '"\\ude00\\ud83d"']) {
      expect(parseStrictJson(half)).toMatchObject({ ok: true });
      expect(parseStrictJson(half, { wellFormed: true })).toMatchObject({ ok: false });
    }
    expect(parseStrictJson('"\\ud83d\\ude00"', { wellFormed: true })).toMatchObject({ ok: true });
  });

  test('tells where each string is', () => {
    const text = ' {"a":[1,"x"],"b\\u002f": {"c":"\\u0078\\"y"}, "d":""}';
    const seen: unknown[] = [];
    const onString = (path: readonly (string | number)[], start: number, end: number) => {
      seen.push([path.join(' '), JSON.parse(text.slice(start, end))]);
    };
    expect(parseStrictJson(text, { onString })).toMatchObject({ ok: true });
    expect(seen).toEqual([
      ['a 1', 'x'],
      ['b/ c', 'x"y'],
      ['d', ''],
    ]);
  });
});
