import { KEY_CHARS_MAX } from './limits.ts';

/**
 * What no key holds: controls, format characters that nobody sees, halves of characters, ends of
 * lines, what Unicode says is no character (the last of these stands behind every key in order),
 * and `*`, so that a pattern is never a key.
 */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}*]/u;

/** Text that a key can begin with; in normal form C, so that what looks the same is the same. */
export function isPrefix(text: string): boolean {
  return text.length <= KEY_CHARS_MAX && !FORBIDDEN.test(text) && text.normalize('NFC') === text;
}

export function isKey(text: string): boolean {
  return text !== '' && isPrefix(text);
}

/** A key, or the beginning of keys with `*` behind it; `*` alone stands for all. */
export function isPattern(text: string): boolean {
  return text.endsWith('*') ? isPrefix(text.slice(0, -1)) : isKey(text);
}

export function matchesPattern(pattern: string, key: string): boolean {
  return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern;
}

/** Patterns of which no key matches two, in the order of their keys; null stands for all keys. */
export type KeySet = readonly string[] | null;

/** The same keys without the patterns that others cover. */
export function keySetOf(patterns: readonly string[]): KeySet {
  const distinct = [...new Set(patterns)];
  if (distinct.includes('*')) return null;
  return distinct
    .filter((one) => !distinct.some((other) => other !== one && covers(other, one)))
    .sort(compareKeys);
}

/** The keys that are in both. */
export function intersect(a: KeySet, b: KeySet): KeySet {
  if (a === null || b === null) return a ?? b;
  const both = a.flatMap((one) =>
    b.flatMap((other) => (covers(one, other) ? [other] : covers(other, one) ? [one] : [])),
  );
  return keySetOf(both);
}

export function holds(set: KeySet, key: string): boolean {
  return set === null || set.some((pattern) => matchesPattern(pattern, key));
}

/** Does every key of `inner` match `outer`? */
function covers(outer: string, inner: string): boolean {
  if (!outer.endsWith('*')) return outer === inner;
  return inner.replace(/\*$/, '').startsWith(outer.slice(0, -1));
}

/** By code point, which is the order of UTF-8 bytes and of the store. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}
