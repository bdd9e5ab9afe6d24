import {
  codeOf,
  turned,
  type Watched,
  type WatchedValues,
  WINDOW_BITS,
  windowWordsOf,
} from '../../vault/fingerprint.ts';
import { WINDOW_BYTES } from '../../vault/limits.ts';
import { PowerboxError } from '../../wire/errors.ts';

/** Whose value it is that was found. */
export type Found = Pick<WatchedValues, 'name' | 'kind'>;

/** Fingerprints, laid out for a search: one look tells most windows apart. */
export interface PrintIndex {
  /** What a byte counts that comes into the window, and one that leaves it. */
  readonly coming: Int32Array;
  readonly leaving: Int32Array;
  /** Not zero where a window's hash begins with these SIEVE_BITS bits. */
  readonly sieve: Uint8Array;
  readonly isEmpty: boolean;
  /** Every value ends in characters of tokens, so only long words need be looked at. */
  readonly isToken: boolean;
  /** Every value is ASCII. */
  readonly isAscii: boolean;
  /** Of no value an escape can be misread: none has a character that begins one, none is short. */
  readonly isPlain: boolean;
  /** What it is of which a value ends at `end` of `data`; null for none. `budget` is drawn on. */
  compare(data: Uint8Array, end: number, hash: number, budget: Budget): Found | null;
}

/** How many windows may still be compared in full. */
export interface Budget {
  left: number;
  /** How many were compared and are no value. */
  refuted: number;
}

/** A table of 16 KiB stays in the nearest cache. */
const SIEVE_BITS = 14;
const SIEVE_SHIFT = 32 - SIEVE_BITS;
/** What a mark before a value can take of its beginning, read as an escape: `\\` and `u0041`. */
const ESCAPE_REACH = 5;

interface Entry {
  readonly found: Found;
  readonly length: number;
  readonly mac: string;
}

export function makePrintIndex({ key: hex, values }: Watched): PrintIndex {
  const key = Buffer.from(hex, 'hex');
  const coming = windowWordsOf(key);
  const sieve = new Uint8Array(2 ** SIEVE_BITS);
  const entries = new Map<number, Entry[]>();
  let isToken = true;
  let isAscii = true;
  let isPlain = true;
  for (const { name, kind, prints } of values) {
    const found = { name, kind };
    for (const { window, length, mac, token, ascii, escapes } of prints) {
      sieve[window >>> (WINDOW_BITS - SIEVE_BITS)] = 1;
      entries.set(window, [...(entries.get(window) ?? []), { found, length, mac }]);
      if (!token) isToken = false;
      if (!ascii) isAscii = false;
      if (escapes || length < WINDOW_BYTES + ESCAPE_REACH) isPlain = false;
    }
  }
  return {
    coming,
    leaving: coming.map((word) => turned(word, WINDOW_BYTES)),
    sieve,
    isEmpty: entries.size === 0,
    isToken,
    isAscii,
    isPlain,
    compare(data, end, hash, budget) {
      const hit = entries.get(hash >>> (32 - WINDOW_BITS));
      if (hit === undefined) return null;
      for (const { found, length, mac } of hit) {
        budget.left -= 1;
        if (budget.left < 0) throw tooMany();
        if (length <= end && codeOf(key, data.subarray(end - length, end)) === mac) return found;
        budget.refuted += 1;
      }
      return null;
    },
  };
}

/** Looks at every window of `data[0..length)` that ends behind `from`. */
export function searchBytes(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  length: number,
  budget: Budget,
): Found | null {
  const { coming, leaving, sieve } = index;
  let at = Math.max(from + 1, WINDOW_BYTES);
  if (at > length) return null;
  let hash = 0;
  for (let before = at - WINDOW_BYTES; before < at; before += 1) {
    hash = turned(hash, 1) ^ (coming[data[before] as number] as number);
  }
  for (;;) {
    if (sieve[hash >>> SIEVE_SHIFT] !== 0) {
      const found = index.compare(data, at, hash, budget);
      if (found !== null) return found;
    }
    const passed = passFours(index, data, at, length, hash);
    at = passed.at;
    hash = passed.hash;
    if (at === length) return null;
    const byte = coming[data[at] as number] as number;
    hash = turned(hash, 1) ^ byte ^ (leaving[data[at - WINDOW_BYTES] as number] as number);
    at += 1;
  }
}

/** Where `passFours` stopped; one object is reused, since this runs for every few bytes. */
const passed = { at: 0, hash: 0 };

/**
 * Goes on from the window that ends at `from`, four bytes at a time, up to the four that hold a
 * window which the sieve lets through. The steps are written out: in a loop of its own each would
 * take twice as long.
 */
function passFours(
  { coming, leaving, sieve }: PrintIndex,
  data: Uint8Array,
  from: number,
  length: number,
  before: number,
): { readonly at: number; readonly hash: number } {
  const last = length - 3;
  let at = from;
  let hash = before;
  for (; at < last; at += 4) {
    const one = turned(hash, 1) ^ word(coming, data, at) ^ word(leaving, data, at - 12);
    const two = turned(one, 1) ^ word(coming, data, at + 1) ^ word(leaving, data, at - 11);
    const three = turned(two, 1) ^ word(coming, data, at + 2) ^ word(leaving, data, at - 10);
    const four = turned(three, 1) ^ word(coming, data, at + 3) ^ word(leaving, data, at - 9);
    const hits =
      (sieve[one >>> SIEVE_SHIFT] as number) |
      (sieve[two >>> SIEVE_SHIFT] as number) |
      (sieve[three >>> SIEVE_SHIFT] as number) |
      (sieve[four >>> SIEVE_SHIFT] as number);
    if (hits !== 0) break;
    hash = four;
  }
  passed.at = at;
  passed.hash = hash;
  return passed;
}

function word(words: Int32Array, data: Uint8Array, at: number): number {
  return words[data[at] as number] as number;
}

function tooMany(): PowerboxError {
  return new PowerboxError(
    'limit-exceeded',
    'The request was refused: too much of it looks like values of secrets.',
  );
}
