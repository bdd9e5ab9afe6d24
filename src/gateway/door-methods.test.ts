import { describe, expect, it } from 'vitest';
import { guardOf } from '../ocap/derive.ts';
import { HOST_METHODS } from './door-methods.ts';
import { ITEMS_MAX, LETTER_CHARS_MAX, RULES_MAX, TOKEN_MS_MAX, WORD_CHARS_MAX } from './limits.ts';

const guard = guardOf({ kind: 'door', facets: { root: HOST_METHODS } });
const word = (length: number): string => 'a'.repeat(length);
const many = (length: number): string[] => new Array<string>(length).fill('a');
const WORDS = { power: 'a', to: 'b' };

describe('the arguments of a door', () => {
  it.each([
    ['list', [word(WORD_CHARS_MAX)], [word(WORD_CHARS_MAX + 1)]],
    ['grant', [{ ...WORDS, only: many(RULES_MAX) }], [{ ...WORDS, only: many(RULES_MAX + 1) }]],
    [
      'request',
      [{ kind: 'http', text: word(LETTER_CHARS_MAX) }],
      [{ kind: 'http', text: word(LETTER_CHARS_MAX + 1) }],
    ],
    ['decide', [many(ITEMS_MAX), 'approved', ''], [many(ITEMS_MAX + 1), 'approved', '']],
    ['token', ['a', TOKEN_MS_MAX], ['a', TOKEN_MS_MAX + 1]],
    ['can', ['a', 'b', many(ITEMS_MAX)], ['a', 'b', many(ITEMS_MAX + 1)]],
  ])('of %s are bounded', (method, most, more) => {
    expect(guard('root', method, most)).toEqual(most);
    expect(() => guard('root', method, more)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
  });

  it.each([
    ['grant', [{ ...WORDS, parent: 'gr-other' }]],
    ['grant', [{ ...WORDS, box: 'bx-other' }]],
    ['grant', [{ ...WORDS, approval: 'never' }]],
    ['revoke', [{ what: 'host', id: 'a' }, '']],
    ['token', ['a', Number.NaN]],
    ['remove', ['a', 'yes']],
    ['list', [['a']]],
    ['whoami', ['a']],
  ])('of %s have the shapes of the contract', (method, args) => {
    expect(() => guard('root', method, args)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
  });
});
