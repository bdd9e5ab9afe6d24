/**
 * One character, as the usual encoders write it: raw, `%41`, `\u0041`, `\x41`, `\/`, `&#65;`,
 * `&#x41;`, `&amp;`. Reading says which character it is; writing puts another character in its
 * place in the same style and in exactly the same number of bytes.
 */
import { ESCAPE_BYTES_MAX } from './limits.ts';

/** Not an escape (or not the wanted one). */
export const NONE = -1;
/** The bytes end before it can be told. */
export const PARTIAL = -2;

export const PERCENT = 0x25;
export const BACKSLASH = 0x5c;
export const AMPERSAND = 0x26;

/** What `readEscape` found; one object is reused, since this runs for every candidate byte. */
export interface EscapeRead {
  /** The character, when the escape is whole. */
  symbol: number;
  /** When the escape is cut: the characters it can still become lie in low..high. */
  low: number;
  high: number;
}

export const NAMED: readonly (readonly [name: string, symbol: number])[] = [
  ['&amp;', 0x26],
  ['&lt;', 0x3c],
  ['&gt;', 0x3e],
  ['&quot;', 0x22],
  ['&apos;', 0x27],
];

const LETTER_ESCAPES: Readonly<Record<number, number>> = { 110: 0x0a, 114: 0x0d, 116: 0x09 };

export function isIntroducer(byte: number): boolean {
  return byte === PERCENT || byte === BACKSLASH || byte === AMPERSAND;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : NONE;
}

export function isPunctuation(byte: number): boolean {
  if (byte < 0x21 || byte > 0x7e) return false;
  const lower = byte | 0x20;
  return !((byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x7a));
}

/** The end of the escape at `at`, or NONE, or PARTIAL. `data[at]` is an introducer. */
export function readEscape(data: Uint8Array, at: number, read: EscapeRead): number {
  read.low = 0;
  read.high = 255;
  switch (data[at]) {
    case PERCENT:
      return readHexPair(data, at + 1, read);
    case BACKSLASH:
      return readBackslash(data, at, read);
    default:
      return readEntity(data, at, read);
  }
}

function readHexPair(data: Uint8Array, at: number, read: EscapeRead): number {
  if (at >= data.length) return PARTIAL;
  const high = hexDigit(data[at] ?? 0);
  if (high < 0) return NONE;
  if (at + 1 >= data.length) {
    read.low = high << 4;
    read.high = read.low | 15;
    return PARTIAL;
  }
  const low = hexDigit(data[at + 1] ?? 0);
  if (low < 0) return NONE;
  read.symbol = (high << 4) | low;
  return at + 2;
}

function readBackslash(data: Uint8Array, at: number, read: EscapeRead): number {
  if (at + 1 >= data.length) return PARTIAL;
  const next = data[at + 1] ?? 0;
  if (next === 0x75) {
    for (const place of [at + 2, at + 3]) {
      if (place >= data.length) return PARTIAL;
      if (data[place] !== 0x30) return NONE;
    }
    return readHexPair(data, at + 4, read);
  }
  if (next === 0x78) return readHexPair(data, at + 2, read);
  const letter = LETTER_ESCAPES[next];
  if (letter === undefined && !isPunctuation(next)) return NONE;
  read.symbol = letter ?? next;
  return at + 2;
}

function readEntity(data: Uint8Array, at: number, read: EscapeRead): number {
  if (at + 1 >= data.length) return PARTIAL;
  if (data[at + 1] !== 0x23) return readNamed(data, at, read);
  if (at + 2 >= data.length) return PARTIAL;
  const hex = ((data[at + 2] ?? 0) | 0x20) === 0x78;
  const from = hex ? at + 3 : at + 2;
  let symbol = 0;
  for (let place = from; place < at + ESCAPE_BYTES_MAX; place += 1) {
    if (place >= data.length) {
      read.low = symbol;
      return PARTIAL;
    }
    const byte = data[place] ?? 0;
    if (byte === 0x3b) {
      read.symbol = symbol;
      return place > from ? place + 1 : NONE;
    }
    const digit = hexDigit(byte);
    if (digit < 0 || (!hex && digit > 9)) return NONE;
    symbol = symbol * (hex ? 16 : 10) + digit;
    if (symbol > 255) return NONE;
  }
  return NONE;
}

function readNamed(data: Uint8Array, at: number, read: EscapeRead): number {
  let cut = false;
  for (const [name, symbol] of NAMED) {
    let same = 1;
    while (
      same < name.length &&
      at + same < data.length &&
      data[at + same] === name.charCodeAt(same)
    ) {
      same += 1;
    }
    if (same === name.length) {
      read.symbol = symbol;
      return at + same;
    }
    if (at + same >= data.length) cut = true;
  }
  return cut ? PARTIAL : NONE;
}

/**
 * Overwrites the character at `target[at..end)` by `symbol`, in the style found there. Where the
 * style has no room for it (`&#65;` for `z`), another harmless character of that width is written:
 * the length always stays, and the character that was there never does unless the two are equal.
 */
export function writeLike(
  target: Uint8Array,
  at: number,
  end: number,
  was: number,
  symbol: number,
): void {
  if (end - at === 1) {
    target[at] = symbol;
    return;
  }
  switch (target[at]) {
    case PERCENT:
      writeHex(target, end - 2, end, symbol, true);
      return;
    case BACKSLASH:
      if (end - at > 2) writeHex(target, end - 2, end, symbol, false);
      else target[at + 1] = escapable(was, symbol);
      return;
    default:
      writeEntity(target, at, end, was, symbol);
  }
}

/** JSON knows few two-byte escapes, so a stand-in is one of those. */
function escapable(was: number, symbol: number): number {
  if (symbol === was || symbol === 0x22 || symbol === BACKSLASH || symbol === 0x2f) return symbol;
  return was === 0x2f ? 0x22 : 0x2f;
}

function writeHex(
  target: Uint8Array,
  from: number,
  end: number,
  symbol: number,
  upper: boolean,
): void {
  let capital = upper;
  for (let at = from; at < end; at += 1) {
    const byte = target[at] ?? 0;
    if (byte >= 0x41 && byte <= 0x46) capital = true;
    if (byte >= 0x61 && byte <= 0x66) capital = false;
  }
  const text = symbol.toString(16).padStart(end - from, '0');
  writeAscii(target, from, capital ? text.toUpperCase() : text);
}

function writeEntity(
  target: Uint8Array,
  at: number,
  end: number,
  was: number,
  symbol: number,
): void {
  if (symbol === was) return;
  const hex = target[at + 1] === 0x23 && ((target[at + 2] ?? 0) | 0x20) === 0x78;
  if (hex && end - at >= 6) {
    writeHex(target, at + 3, end - 1, symbol, false);
    return;
  }
  const digits = end - at - 3;
  if (digits < 2) {
    writeAscii(target, at, was === 0x3c ? '&gt;' : '&lt;');
    return;
  }
  const fits = symbol < 10 ** digits;
  const other = was === 0x41 ? 0x42 : 0x41;
  writeAscii(target, at, `&#${String(fits ? symbol : other).padStart(digits, '0')};`);
}

function writeAscii(target: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) target[at + index] = text.charCodeAt(index);
}
