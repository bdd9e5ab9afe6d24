import { STATIC_FIELDS } from './field-table.ts';

/**
 * Header blocks: every field is written out, so that no table has to be kept, and nothing of one
 * message can be told from the length of another (RFC 7541 section 7.1). Whoever passes them on may
 * not put them into a table either (section 6.2.3), as a field can hold a value that was filled in.
 */

/** A change of the table's size to zero, which begins the first block of a connection. */
export const NO_TABLE: Buffer = Buffer.from([0x20]);

/** A literal that is never indexed, and whose name has a number or stands behind it. */
const NEVER_INDEXED = 0x10;

/** `status` is null for trailers; `headers` are names and values in turn, names lower-case. */
export function writeFields(status: number | null, headers: readonly string[]): Buffer {
  let most = 8;
  for (const text of headers) most += text.length + 6;
  const block = Buffer.allocUnsafe(most);
  let at = 0;
  if (status !== null) {
    const known = STATUS_INDEX.get(status);
    if (known !== undefined) {
      block[at++] = 0x80 | known;
    } else {
      at = writeNumber(block, at, NEVER_INDEXED, 4, 8);
      at = writeText(block, at, String(status));
    }
  }
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const index = NAME_INDEX.get(name);
    if (index === undefined) {
      block[at++] = NEVER_INDEXED;
      at = writeText(block, at, name);
    } else {
      at = writeNumber(block, at, NEVER_INDEXED, 4, index);
    }
    at = writeText(block, at, headers[i + 1] as string);
  }
  return block.subarray(0, at);
}

const NAME_INDEX: ReadonlyMap<string, number> = new Map(
  // The first of a name counts, and a later entry of a map replaces an earlier one.
  STATIC_FIELDS.map(({ name }, index) => [name, index + 1] as const).reverse(),
);

const STATUS_INDEX: ReadonlyMap<number, number> = new Map(
  STATIC_FIELDS.flatMap(({ name, value }, index) =>
    name === ':status' ? [[Number(value), index + 1] as const] : [],
  ),
);

function writeText(block: Buffer, at: number, text: string): number {
  const from = writeNumber(block, at, 0x00, 7, text.length);
  return from + block.write(text, from, 'latin1');
}

/** RFC 7541 section 5.1. */
function writeNumber(
  block: Buffer,
  from: number,
  first: number,
  bits: number,
  value: number,
): number {
  let at = from;
  const most = (1 << bits) - 1;
  if (value < most) {
    block[at++] = first | value;
    return at;
  }
  block[at++] = first | most;
  let left = value - most;
  while (left >= 0x80) {
    block[at++] = (left & 0x7f) | 0x80;
    left >>= 7;
  }
  block[at++] = left;
  return at;
}
