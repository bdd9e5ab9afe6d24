/**
 * Values in base64 and hex. A text is looked through for runs of their characters; a run is decoded
 * at every alignment that it can have, and what comes out is searched.
 */
import { ASCII_GROUPS_MIN, HEX_RUN_MIN } from './limits.ts';
import { type Budget, type Found, type PrintIndex, searchBytes } from './print-index.ts';

/** In a table of characters: none of them. */
export const FOREIGN = 0xff;

/** RFC 4648 §4 and §5 in one, since a text may hold either. */
export const SEXTETS: Uint8Array = tableOf(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
);
SEXTETS[0x2d] = 62;
SEXTETS[0x5f] = 63;

const NIBBLES = tableOf('0123456789abcdef');
for (let digit = 10; digit < 16; digit += 1) NIBBLES[0x41 + digit - 10] = digit;

function tableOf(alphabet: string): Uint8Array {
  const table = new Uint8Array(256).fill(FOREIGN);
  for (const [symbol, char] of [...alphabet].entries()) table[char.charCodeAt(0)] = symbol;
  return table;
}

/** Grows to the longest run; what is in it is of no use to the next search. */
let scratch: Uint8Array = Buffer.alloc(4096);

function roomFor(bytes: number): Uint8Array {
  if (scratch.length < bytes) scratch = Buffer.alloc(bytes * 2);
  return scratch;
}

/** Searches `data[from..to)`, all of it characters of base64. */
export function searchRun(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  to: number,
  budget: Budget,
): Found | null {
  if (!index.isAscii) {
    for (let lead = 0; lead < 4; lead += 1) {
      const found = searchGroups(index, data, from + lead, to, budget);
      if (found !== null) return found;
    }
    return searchHexRuns(index, data, from, to, budget);
  }
  return (
    searchAsciiGroups(index, data, from, to, budget) ?? searchHexRuns(index, data, from, to, budget)
  );
}

/**
 * Values are ASCII, so their base64 is a row of groups in which the highest bit of each byte is
 * zero. Text and pictures have few such rows, and only they are decoded.
 */
function searchAsciiGroups(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  to: number,
  budget: Budget,
): Found | null {
  const sextets = SEXTETS;
  const rowMin = ASCII_GROUPS_MIN;
  let first = sextets[data[from] as number] as number;
  let second = sextets[data[from + 1] as number] as number;
  // Groups in a row that were ASCII, at the four alignments; the next in turn is `row`.
  let [row, next, afterNext, last] = [0, 0, 0, 0];
  for (let at = from + 2; at < to; at += 1) {
    const third = sextets[data[at] as number] as number;
    const isAscii = ((first & 32) | (second & 8) | (third & 2)) === 0;
    if (!isAscii && row >= rowMin) {
      const found = searchRow(index, data, from, at - 4, to, row, budget);
      if (found !== null) return found;
    }
    const grown = isAscii ? row + 1 : 0;
    row = next;
    next = afterNext;
    afterNext = last;
    last = grown;
    first = second;
    second = third;
  }
  for (const [turn, open] of [row, next, afterNext, last].entries()) {
    if (open < rowMin) continue;
    const found = searchRow(index, data, from, to - 4 + turn, to, open, budget);
    if (found !== null) return found;
  }
  return null;
}

/** `row` groups, the last of which has its third character at `last`; one more at either end. */
function searchRow(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  last: number,
  to: number,
  row: number,
  budget: Budget,
): Found | null {
  const begin = last - 2 - (row - 1) * 4;
  const end = Math.min(to, last + 6);
  return searchGroups(index, data, begin - 4 >= from ? begin - 4 : begin, end, budget);
}

function searchGroups(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  to: number,
  budget: Budget,
): Found | null {
  const bytes = roomFor(to - from + 4);
  let length = 0;
  let at = from;
  for (; at + 3 < to; at += 4) {
    const group =
      ((SEXTETS[data[at] as number] as number) << 18) |
      ((SEXTETS[data[at + 1] as number] as number) << 12) |
      ((SEXTETS[data[at + 2] as number] as number) << 6) |
      (SEXTETS[data[at + 3] as number] as number);
    bytes[length] = group >>> 16;
    bytes[length + 1] = group >>> 8;
    bytes[length + 2] = group;
    length += 3;
  }
  // A group that is cut ends in one byte or two (RFC 4648 §4).
  if (to - at >= 2) {
    const group =
      ((SEXTETS[data[at] as number] as number) << 18) |
      ((SEXTETS[data[at + 1] as number] as number) << 12) |
      (to - at === 3 ? (SEXTETS[data[at + 2] as number] as number) << 6 : 0);
    bytes[length] = group >>> 16;
    bytes[length + 1] = group >>> 8;
    length += to - at - 1;
  }
  return searchBytes(index, bytes, 0, length, budget);
}

function searchHexRuns(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  to: number,
  budget: Budget,
): Found | null {
  return eachRun(NIBBLES, HEX_RUN_MIN, data, from, to, (begin, end) => {
    return (
      searchHex(index, data, begin, end, budget) ?? searchHex(index, data, begin + 1, end, budget)
    );
  });
}

/**
 * Gives `act` each run of at least `lengthMin` characters that `table` knows, until it finds
 * something. Such a run has a character at every so many places, so few places are looked at.
 */
export function eachRun(
  table: Uint8Array,
  lengthMin: number,
  data: Uint8Array,
  from: number,
  to: number,
  act: (begin: number, end: number) => Found | null,
): Found | null {
  let begin = from;
  let probe = begin + lengthMin - 1;
  while (probe < to) {
    let back = probe;
    while (back >= begin && table[data[back] as number] !== FOREIGN) back -= 1;
    if (back < begin) {
      let end = probe + 1;
      while (end < to && table[data[end] as number] !== FOREIGN) end += 1;
      const found = act(begin, end);
      if (found !== null) return found;
      back = end;
    }
    begin = back + 1;
    probe = begin + lengthMin - 1;
  }
  return null;
}

function searchHex(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  to: number,
  budget: Budget,
): Found | null {
  const bytes = roomFor((to - from) >> 1);
  let length = 0;
  for (let at = from; at + 1 < to; at += 2) {
    const high = NIBBLES[data[at] as number] as number;
    bytes[length] = (high << 4) | (NIBBLES[data[at + 1] as number] as number);
    length += 1;
  }
  return searchBytes(index, bytes, 0, length, budget);
}
