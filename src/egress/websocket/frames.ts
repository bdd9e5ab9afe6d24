import { Buffer, isUtf8 } from 'node:buffer';
import { CONTROL_BYTES_MAX, FRAME_BYTES_MAX } from './limits.ts';

/** RFC 6455 section 11.8. */
export const OPCODE = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Status codes of a close that are sent from here (RFC 6455 section 7.4.1, IANA's registry). */
export const CLOSE = {
  goingAway: 1001,
  malformed: 1002,
  notUtf8: 1007,
  refused: 1008,
  tooLong: 1009,
  badUpstream: 1014,
} as const;

export interface FrameHead {
  readonly final: boolean;
  readonly opcode: number;
  /** The message is compressed (RFC 7692 section 6); set in its first frame. */
  readonly compressed: boolean;
  /** Of the payload. */
  readonly bytes: number;
}

/** Whoever takes what a reader reads. */
export interface FrameSink {
  head(head: FrameHead): void;
  /**
   * The payload, without its mask, in pieces of any length, and at least one; `last` with the end
   * of the frame. That of a close, ping or pong comes whole.
   */
  payload(bytes: Buffer, last: boolean): void;
}

export interface FrameReader {
  /** Throws a FrameFault at the first byte that no frame can have there; the reader is spent. */
  write(chunk: Buffer): void;
  /** True where one frame has ended and the next has not begun. */
  readonly between: boolean;
  /** A close was read. */
  readonly closed: boolean;
}

/** What is wrong with frames; `close` is the status code that says so (RFC 6455 section 7.4.1). */
export class FrameFault extends Error {
  readonly close: number;

  constructor(reason: string, close: number = CLOSE.malformed) {
    super(reason);
    this.close = close;
  }
}

export interface FrameReaderOptions {
  /** A client masks each frame, and a server none (RFC 6455 section 5.1). */
  readonly from: 'client' | 'server';
  /** permessage-deflate was agreed on: the first frame of a message may have RSV1. */
  readonly deflate: boolean;
}

/** Reads the frames of one direction strictly (RFC 6455 section 5), and holds back next to nothing. */
export function makeFrameReader(options: FrameReaderOptions, sink: FrameSink): FrameReader {
  return new StrictReader(options, sink);
}

const NOTHING = Buffer.alloc(0);

class StrictReader implements FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #sink: FrameSink;
  /** Bytes of a head, or of the payload of a control frame, that is not whole yet. */
  #held: Buffer = NOTHING;
  #frame: FrameHead | null = null;
  #mask: Buffer | null = null;
  /** Bytes of the payload that were read. */
  #at = 0;
  /** A message has begun and not ended. */
  #message: { readonly utf8: Utf8 | null } | null = null;
  #closed = false;

  constructor(options: FrameReaderOptions, sink: FrameSink) {
    this.#options = options;
    this.#sink = sink;
  }

  get between(): boolean {
    return this.#frame === null && this.#held.length === 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    for (;;) {
      const used = this.#frame === null ? this.#head(rest) : this.#payload(this.#frame, rest);
      if (used === null) break;
      rest = rest.subarray(used);
    }
    // A copy, so that a few held bytes do not keep a whole chunk alive.
    if (rest.length > 0) this.#held = Buffer.from(rest);
  }

  /** How many bytes a head has taken; null while it is not whole. */
  #head(bytes: Buffer): number | null {
    const found = readHead(bytes, this.#options);
    if (found === null) return null;
    const { head, mask, used } = found;
    this.#order(head);
    this.#frame = head;
    this.#mask = mask;
    this.#at = 0;
    this.#sink.head(head);
    return used;
  }

  /** What may follow what (RFC 6455 sections 5.4 and 5.5.1). */
  #order({ opcode, compressed }: FrameHead): void {
    if (this.#closed && opcode !== OPCODE.ping && opcode !== OPCODE.pong) {
      throw new FrameFault('a frame follows the close');
    }
    if (opcode >= OPCODE.close) return;
    if ((opcode === OPCODE.continuation) !== (this.#message !== null)) {
      throw new FrameFault(
        this.#message === null
          ? 'a continuation continues nothing'
          : 'a message begins inside another',
      );
    }
    if (opcode === OPCODE.continuation) return;
    this.#message = { utf8: opcode === OPCODE.text && !compressed ? new Utf8() : null };
  }

  /** How many bytes of the payload it has taken; null when more are needed. */
  #payload(head: FrameHead, bytes: Buffer): number | null {
    const left = head.bytes - this.#at;
    const control = head.opcode >= OPCODE.close;
    if (bytes.length < left && (control || bytes.length === 0)) return null;
    const used = Math.min(left, bytes.length);
    const last = used === left;
    const raw = bytes.subarray(0, used);
    const plain = this.#mask === null ? raw : masked(raw, this.#mask, this.#at);
    this.#check(head, plain, last);
    this.#at += used;
    // Where the sink refuses it, the frame has not ended.
    this.#sink.payload(plain, last);
    if (last) this.#frame = null;
    return used;
  }

  #check(head: FrameHead, payload: Buffer, last: boolean): void {
    if (head.opcode === OPCODE.close) {
      checkClose(payload);
      this.#closed = true;
    }
    if (head.opcode >= OPCODE.close) return;
    const utf8 = this.#message?.utf8 ?? null;
    const over = last && head.final;
    if (utf8 !== null && !utf8.takes(payload, over)) {
      throw new FrameFault('a text is not UTF-8', CLOSE.notUtf8);
    }
    if (over) this.#message = null;
  }
}

interface FoundHead {
  readonly head: FrameHead;
  readonly mask: Buffer | null;
  readonly used: number;
}

/** The head at the beginning (RFC 6455 section 5.2); null while it is not whole. */
function readHead(bytes: Buffer, { from, deflate }: FrameReaderOptions): FoundHead | null {
  if (bytes.length === 0) return null;
  const first = bytes[0] as number;
  const opcode = first & 15;
  const final = (first & 0x80) !== 0;
  const control = opcode >= OPCODE.close;
  if ((opcode > OPCODE.binary && !control) || opcode > OPCODE.pong) {
    throw new FrameFault('a frame is of no known kind');
  }
  const compressed = (first & 0x40) !== 0;
  const mayCompress = deflate && (opcode === OPCODE.text || opcode === OPCODE.binary);
  if ((first & 0x30) !== 0 || (compressed && !mayCompress)) {
    throw new FrameFault('a frame uses an extension that was not agreed on');
  }
  if (control && !final) throw new FrameFault('a control frame is in pieces');
  if (bytes.length < 2) return null;
  const second = bytes[1] as number;
  if (((second & 0x80) !== 0) !== (from === 'client')) {
    throw new FrameFault(from === 'client' ? 'a frame is not masked' : 'a frame is masked');
  }
  if (control && (second & 0x7f) > CONTROL_BYTES_MAX) {
    throw new FrameFault('a control frame is too long');
  }
  const length = readLength(bytes, second & 0x7f);
  if (length === null) return null;
  const used = length.end + (from === 'client' ? 4 : 0);
  if (bytes.length < used) return null;
  const mask = from === 'client' ? Buffer.from(bytes.subarray(length.end, used)) : null;
  return { head: { final, opcode, compressed, bytes: length.bytes }, mask, used };
}

/** Lengths have one spelling, the shortest (RFC 6455 section 5.2). */
function readLength(bytes: Buffer, short: number): { bytes: number; end: number } | null {
  if (short < 126) return { bytes: short, end: 2 };
  if (short === 126) {
    if (bytes.length < 4) return null;
    const length = bytes.readUInt16BE(2);
    if (length < 126) throw new FrameFault('a length is not in its shortest form');
    return { bytes: length, end: 4 };
  }
  if (bytes.length < 10) return null;
  const length = bytes.readBigUInt64BE(2);
  if (length < 65_536n) throw new FrameFault('a length is not in its shortest form');
  if (length > BigInt(FRAME_BYTES_MAX)) {
    throw new FrameFault('a frame is longer than any can be', CLOSE.tooLong);
  }
  return { bytes: Number(length), end: 10 };
}

/** A status code that may be sent, and a reason in UTF-8 (RFC 6455 sections 5.5.1 and 7.4). */
function checkClose(payload: Buffer): void {
  if (payload.length === 0) return;
  if (payload.length === 1) throw new FrameFault('a close has half a status code');
  const code = payload.readUInt16BE(0);
  const known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  if (!known && !(code >= 3000 && code <= 4999)) {
    throw new FrameFault('a close has a status code that is never sent');
  }
  if (!isUtf8(payload.subarray(2))) {
    throw new FrameFault('the reason of a close is not UTF-8', CLOSE.notUtf8);
  }
}

/** UTF-8 that comes in pieces. */
class Utf8 {
  /** The beginning of a character whose end has not come. */
  #held: Buffer = NOTHING;

  takes(piece: Buffer, last: boolean): boolean {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    const whole = last ? bytes.length : wholeCharacters(bytes);
    this.#held = whole === bytes.length ? NOTHING : Buffer.from(bytes.subarray(whole));
    return isUtf8(whole === bytes.length ? bytes : bytes.subarray(0, whole));
  }
}

/** Length of the bytes without a character at their end that is cut. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** `bytes` with a mask put on or taken off; `from` is how many bytes of the payload came before. */
export function masked(bytes: Buffer, mask: Buffer, from: number): Buffer {
  const result = Buffer.allocUnsafe(bytes.length);
  for (let i = 0; i < bytes.length; i += 1) {
    result[i] = (bytes[i] as number) ^ (mask[(from + i) & 3] as number);
  }
  return result;
}
