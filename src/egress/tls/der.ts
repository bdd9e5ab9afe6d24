/** Writes and reads the little of DER (X.690) that a certificate needs. */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One value: tag, length, content. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

/** An object identifier from its dotted text. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const bytes = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

/** A time: UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
export function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return digits < '2050'
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits));
}

export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

/** The values inside a content, in order. Throws a RangeError where it is not well-formed. */
export function readAll(content: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < content.length; ) {
    const tag = content.readUInt8(at);
    let length = content.readUInt8(at + 1);
    let from = at + 2;
    if (length === 0x80) throw new RangeError('Cannot read DER: a length is indefinite');
    if (length > 0x80) {
      const bytes = length & 0x7f;
      length = content.readUIntBE(from, bytes);
      from += bytes;
    }
    if (from + length > content.length) throw new RangeError('Cannot read DER: it is cut off');
    values.push({ tag, content: content.subarray(from, from + length) });
    at = from + length;
  }
  return values;
}

/** The values inside the one value that `bytes` is. */
export function readSequence(bytes: Buffer): DerValue[] {
  const [value] = readAll(bytes);
  return value === undefined ? [] : readAll(value.content);
}
