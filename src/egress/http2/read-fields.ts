import { type Field, makeFieldTable, sizeOf } from './field-table.ts';
import { huffmanText } from './huffman.ts';

/** Fields of a header block: names and values in turn, Latin-1, exactly as they were sent. */
export interface ReadFields {
  readonly fields: string[];
  /** There were more than are taken; `fields` is then without meaning. */
  readonly tooLong: boolean;
}

/** Null when the block is not well-formed: what follows on the connection cannot be read then. */
export type FieldReader = (block: Buffer) => ReadFields | null;

/**
 * A reader of the header blocks of one connection (RFC 7541 section 3), which all have to pass
 * through it in order. A block may unfold to so many octets, counted as RFC 9113 section 6.5.2
 * does. What is beyond is read on, since the table changes with it, but costs no memory: texts of
 * the table are not copied.
 */
export function makeFieldReader(listBytesMax: number): FieldReader {
  const table = makeFieldTable();
  return (block) => {
    const bytes = new Bytes(block);
    const fields: string[] = [];
    let size = 0;
    let begun = false;
    while (!bytes.ended) {
      const first = bytes.peek();
      // RFC 7541 section 4.2: a change of the size comes before everything else.
      if ((first & 0xe0) === 0x20) {
        const limit = bytes.number(5);
        if (begun || limit === null || !table.resize(limit)) return null;
        continue;
      }
      begun = true;
      const field = readField(bytes, first, table);
      if (field === null) return null;
      size += sizeOf(field);
      if (size <= listBytesMax) fields.push(field.name, field.value);
    }
    return { fields, tooLong: size > listBytesMax };
  };
}

function readField(
  bytes: Bytes,
  first: number,
  table: ReturnType<typeof makeFieldTable>,
): Field | null {
  if (first >= 0x80) {
    const index = bytes.number(7);
    return index === null ? null : (table.at(index) ?? null);
  }
  const kept = (first & 0x40) !== 0;
  const index = bytes.number(kept ? 6 : 4);
  if (index === null) return null;
  const name = index === 0 ? bytes.text() : (table.at(index)?.name ?? null);
  if (name === null) return null;
  const value = bytes.text();
  if (value === null) return null;
  const field = { name, value };
  if (kept) table.add(field);
  return field;
}

/** Numbers and texts of RFC 7541 section 5; each is null when it is not well-formed. */
class Bytes {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.#at] as number;
  }

  /** With so many bits of the first octet. No number that is of use needs more than four octets. */
  number(bits: number): number | null {
    const most = (1 << bits) - 1;
    let value = (this.#bytes[this.#at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; shift < 28; shift += 7) {
      const octet = this.#bytes[this.#at++];
      if (octet === undefined) return null;
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    return null;
  }

  text(): string | null {
    const packed = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    if (this.ended) return null;
    const length = this.number(7);
    if (length === null || length > this.#bytes.length - this.#at) return null;
    const from = this.#at;
    this.#at += length;
    if (!packed) return this.#bytes.toString('latin1', from, this.#at);
    return huffmanText(this.#bytes.subarray(from, this.#at));
  }
}
