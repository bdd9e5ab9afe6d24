import { malformedFrame, tooMuch } from './fault.ts';
import { FAULT, FLAG, FRAME, type Frame } from './frames.ts';
import type { Http2Limits } from './limits.ts';
import { type FieldReader, makeFieldReader, type ReadFields } from './read-fields.ts';

export interface HeaderBlock extends ReadFields {
  readonly stream: number;
  /** END_STREAM: nothing follows it. */
  readonly end: boolean;
}

interface Begun {
  readonly stream: number;
  readonly end: boolean;
  readonly parts: Buffer[];
  bytes: number;
  continuations: number;
}

/** Puts header blocks together that come in several frames (RFC 9113 section 4.3). */
export class HeaderBlocks {
  readonly #limits: Http2Limits;
  readonly #read: FieldReader;
  #begun: Begun | null = null;
  /** When the block began that is not whole yet, in milliseconds; null for none. */
  since: number | null = null;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
    this.#read = makeFieldReader(limits.listBytes);
  }

  /** A block that is not whole allows nothing but its own next part. */
  permits({ type, stream }: Frame): boolean {
    if (this.#begun === null) return type !== FRAME.continuation;
    return type === FRAME.continuation && stream === this.#begun.stream;
  }

  /** Takes HEADERS or CONTINUATION; gives the block once it is whole. */
  push({ type, flags, stream, payload }: Frame): HeaderBlock | null {
    if (type === FRAME.headers) {
      const end = (flags & FLAG.endStream) !== 0;
      this.#begun = { stream, end, parts: [], bytes: 0, continuations: 0 };
      this.since = Date.now();
    }
    const begun = this.#begun as Begun;
    const part = type === FRAME.headers ? withoutPadding(payload, flags) : payload;
    begun.parts.push(part);
    begun.bytes += part.length;
    if (type === FRAME.continuation) begun.continuations += 1;
    if (begun.bytes > this.#limits.blockBytes) {
      throw tooMuch(FAULT.enhanceYourCalm, 'the head of a request is too long');
    }
    if (begun.continuations > this.#limits.continuations) {
      throw tooMuch(FAULT.enhanceYourCalm, 'the head of a request comes in too many parts');
    }
    if ((flags & FLAG.endHeaders) === 0) return null;
    this.#begun = null;
    this.since = null;
    const [only] = begun.parts;
    const whole = begun.parts.length === 1 ? (only as Buffer) : Buffer.concat(begun.parts);
    const read = this.#read(whole);
    if (read === null) {
      throw malformedFrame(FAULT.compression, 'the head of a request cannot be unpacked');
    }
    return { stream, end: begun.end, ...read };
  }
}

/** RFC 9113 section 6.2: padding, and a priority that is not looked at, are around the block. */
function withoutPadding(payload: Buffer, flags: number): Buffer {
  const padded = (flags & FLAG.padded) !== 0;
  const from = (padded ? 1 : 0) + ((flags & FLAG.priority) === 0 ? 0 : 5);
  const padding = padded ? (payload[0] ?? 0) : 0;
  if (from + padding > payload.length) {
    throw malformedFrame(FAULT.protocol, 'a frame has more padding than content');
  }
  return payload.subarray(from, payload.length - padding);
}

/** What a DATA frame carries (RFC 9113 section 6.1). */
export function dataOf({ payload, flags }: Frame): Buffer {
  return withoutPadding(payload, flags & FLAG.padded);
}
