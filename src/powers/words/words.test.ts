import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TEXT_CHARS_MAX, TEXTS_MAX, VALUES_MAX } from './limits.ts';
import {
  numberOf,
  readRules,
  readWords,
  switchOf,
  type WordForms,
  writeRule,
  writeWord,
} from './words.ts';

const FORMS: WordForms = {
  go: 'alone',
  list: 'texts',
  one: 'text',
  count: 'count',
  size: 'bytes',
  light: 'switch',
};
const read = (text: string) => readWords(text, FORMS, 'narrowing-invalid');

describe('readWords()', () => {
  it('reads words of every form', () => {
    const words = read(' go  list=a,b-c,"d, \\"e\\"" one=x=y count=12 size=2K light=off ');
    expect([...words]).toEqual([
      ['go', []],
      ['list', ['a', 'b-c', 'd, "e"']],
      ['one', ['x=y']],
      ['count', ['12']],
      ['size', ['2K']],
      ['light', ['off']],
    ]);
    expect(numberOf(words, 'size', 'bytes')).toBe(2048);
    expect(switchOf(words, 'light')).toBe(false);
  });

  it.each([
    ['other', 'is none of'],
    ['constructor', 'is none of'],
    ['go go', 'twice'],
    ['go=1', 'takes no value'],
    ['list', 'needs a value'],
    ['list=', 'needs a value'],
    ['list=a,', 'needs a value'],
    ['list=,a', 'needs a value'],
    ['list=a,,b', 'needs a value'],
    ['list=a"b"', 'needs a value'],
    ['list="a"b', 'needs a value'],
    ['list="a', 'cannot be read'],
    ['list="\\x"', 'needs a value'],
    ['one=a,b', 'takes one value'],
    ['count=1K', 'whole number'],
    ['count=-1', 'whole number'],
    ['size=1.5M', 'whole number'],
    ['size=999999999999G', 'whole number'],
    ['light=1', 'neither on nor off'],
    ['go, list=a', 'cannot be read'],
    ['GO', 'cannot be read'],
    [`list=${'a'.repeat(TEXT_CHARS_MAX)}`, 'longer than'],
    [`list=${Array(VALUES_MAX + 1).fill('a')}`, 'more than'],
  ])('refuses %s', (text, reason) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'narrowing-invalid',
        message: expect.stringContaining(reason),
      }),
    );
  });

  it('reads any values back that writeWord wrote', () => {
    const values = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(values, (list) => {
        expect(read(writeWord('list', list)).get('list')).toEqual(list);
      }),
    );
  });

  it('takes a time in proportion to the text, whatever stands in it', () => {
    const began = performance.now();
    for (const evil of ['list=b', 'list="\\', 'list=",', 'go ', 'list=a,']) {
      const text = `${evil.repeat(400).slice(0, 2000)}"`;
      expect(() => read(text)).toThrow();
    }
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('readRules()', () => {
  const rules = (texts: readonly string[]) => readRules(texts, FORMS, (words) => words.size);

  it('reads a rule of each text, and "any" alone', () => {
    expect(rules(['go', 'any', 'go one=a'])).toEqual([1, 1, 2]);
    expect(writeRule([])).toBe('any');
  });

  it('refuses no text, an empty one, too many, and "any" with others', () => {
    for (const texts of [[], [' '], Array(TEXTS_MAX + 1).fill('go'), ['any go']]) {
      expect(() => rules(texts)).toThrow(expect.objectContaining({ code: 'narrowing-invalid' }));
    }
    expect(rules(Array(TEXTS_MAX).fill('go'))).toHaveLength(TEXTS_MAX);
  });
});
