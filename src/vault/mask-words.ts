import { PowerboxError } from '../wire/errors.ts';
import type { MaskedValue, PlaceholderMaker } from './env-file.ts';
import { PLACEHOLDER_SHARED_RUN_MAX } from './limits.ts';

/** Shortest word that is told of as a value of its own. */
const VALUE_CHARS_MIN = 6;
const ATTEMPTS_MAX = 1_000;
const PLAIN = /^(?:true|false|null|[0-9]{1,5})$/;

/** In this order: what stays, a character written as `\uXXXX`, a word. */
const PARTS = new RegExp(
  [
    '(-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----|"[A-Za-z0-9_.-]{1,64}"(?=[ \\t]*:)|\\\\[^u])',
    '(\\\\u[0-9a-fA-F]{4})',
    '([A-Za-z0-9\\x80-\\xff][A-Za-z0-9\\x80-\\xff+/_=.~-]*)',
  ].join('|'),
  'g',
);

/**
 * Masks a file of unknown form, as ISO 8859-1 text: every word (letters, digits, bytes beyond
 * ASCII, and what base64 and keys put between them) is replaced by one of the same length and
 * shape. Short words too: a recovery phrase is made of nothing else.
 *
 * What stays, so that JSON and PEM can still be parsed: names before a colon, backslash escapes,
 * true, false, null, numbers of at most five digits, and the lines that begin and end a PEM block.
 */
export function maskWords(
  bytes: string,
  make: PlaceholderMaker,
): { masked: string; values: readonly MaskedValue[] } {
  const values: MaskedValue[] = [];
  const masked = bytes.replace(PARTS, (all: string, kept?: string, code?: string, word = '') => {
    if (code !== undefined) return `\\u${make('a').charCodeAt(0).toString(16).padStart(4, '0')}`;
    if (kept !== undefined || PLAIN.test(word)) return all;
    const placeholder = /^[0-9]+$/.test(word) ? otherNumber(word, make) : make(word);
    const value = Buffer.from(word, 'latin1').toString('utf8');
    if (word.length >= VALUE_CHARS_MIN) values.push({ name: '', value, placeholder });
    return placeholder;
  });
  return { masked, values };
}

/** A number stays one, without a leading zero: JSON allows nothing else without quotes. */
function otherNumber(word: string, make: PlaceholderMaker): string {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const digits = Array.from(make(word), (char) => char.charCodeAt(0) % 10).join('');
    if (digits[0] !== '0' && !sharesRun(digits, word)) return digits;
  }
  throw new PowerboxError('internal', 'Cannot mask a number: no other one of its length came up.');
}

function sharesRun(text: string, value: string): boolean {
  const length = PLACEHOLDER_SHARED_RUN_MAX + 1;
  return Array.from(text).some(
    (_, at) => at + length <= text.length && value.includes(text.slice(at, at + length)),
  );
}
