/**
 * A text without its escapes (percent, JSON, backslash, HTML), without line breaks, which fold
 * base64, and without NULs, which UTF-16 has between characters.
 */
import { type EscapeRead, isIntroducer, PARTIAL, readEscape } from '../scrub/escape.ts';

/** What is not copied as it is. */
const SPECIAL = new Uint8Array(256);
for (const byte of [0x00, 0x0a, 0x0d, 0x25, 0x26, 0x5c]) SPECIAL[byte] = 1;

const reading: EscapeRead = { symbol: 0, low: 0, high: 0 };

export interface Unescaped {
  /** Bytes that were written. */
  readonly written: number;
  /** Bytes that were read; the rest is an escape that goes on. */
  readonly read: number;
}

/** Does the text have anything that `undoEscapes` changes? */
export function isEscaped(data: Buffer): boolean {
  // Each is a search of the C library, many times as fast as a loop here.
  return (
    data.includes(0x25) ||
    data.includes(0x5c) ||
    data.includes(0x0a) ||
    data.includes(0x26) ||
    data.includes(0x00) ||
    data.includes(0x0d)
  );
}

/** Writes to `out` from `to` on, which has room for as many bytes as `data`. */
export function undoEscapes(
  data: Uint8Array,
  out: Uint8Array,
  to: number,
  final: boolean,
): Unescaped {
  const { length } = data;
  const special = SPECIAL;
  let written = to;
  let at = 0;
  while (at < length) {
    // Most bytes are copied as they are, four at a time.
    while (at + 3 < length) {
      const one = data[at] as number;
      const two = data[at + 1] as number;
      const three = data[at + 2] as number;
      const four = data[at + 3] as number;
      const any =
        (special[one] as number) |
        (special[two] as number) |
        (special[three] as number) |
        (special[four] as number);
      if (any !== 0) break;
      out[written] = one;
      out[written + 1] = two;
      out[written + 2] = three;
      out[written + 3] = four;
      written += 4;
      at += 4;
    }
    const byte = data[at];
    if (byte === undefined) break;
    if (special[byte] === 0) {
      out[written] = byte;
      written += 1;
      at += 1;
      continue;
    }
    if (!isIntroducer(byte)) {
      at += 1;
      continue;
    }
    const end = readEscape(data, at, reading);
    if (end === PARTIAL && !final) break;
    if (end < 0) {
      out[written] = byte;
      written += 1;
      at += 1;
      continue;
    }
    at = end;
    const { symbol } = reading;
    if (symbol === 0x0a || symbol === 0x0d || symbol === 0) continue;
    out[written] = symbol;
    written += 1;
  }
  return { written: written - to, read: at };
}
