import { Transform } from 'node:stream';
import type { Scrubber, ScrubStream } from '../scrub/scrubber.ts';

/** RFC 6455 section 5.5: payload of a close, ping or pong. */
const CONTROL_BYTES_MAX = 125;
const BINARY = 2;
const CLOSE = 8;
const PONG = 10;

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly headBytes: number;
  readonly payloadBytes: number;
}

/**
 * Scrubs what a server sends over a WebSocket, message by message: an echo that lies across the
 * border of two frames is found too. Fragments may come out cut elsewhere than they went in, which
 * RFC 6455 section 5.4 allows to whoever stands between. Masked or compressed frames (no extension
 * was agreed on) and malformed ones end the stream with an error, since echoes could hide in them.
 */
export function websocketScrub(scrubber: Scrubber, count: (echoes: number) => void): Transform {
  let gathered: Buffer = Buffer.alloc(0);
  let frame: Frame | null = null;
  let left = 0;
  let message: ScrubStream | null = null;
  let opcode = 0;

  function begin(found: Frame): void {
    frame = found;
    left = found.payloadBytes;
    if (found.opcode >= CLOSE) return;
    if ((found.opcode === 0) !== (message !== null)) throw new Error('fragments out of order');
    if (message !== null) return;
    message = scrubber.stream();
    opcode = found.opcode;
  }

  function data(stream: ScrubStream, payload: Buffer, last: boolean, send: Send): void {
    let clean = stream.write(payload);
    if (last) clean = Buffer.concat([clean, stream.end()]);
    if (clean.length === 0 && !last) return;
    send(encode(last, opcode, clean));
    opcode = 0;
    if (!last) return;
    count(stream.count);
    message = null;
  }

  function control(found: Frame, payload: Buffer, send: Send): void {
    const stream = scrubber.stream();
    send(encode(true, found.opcode, Buffer.concat([stream.write(payload), stream.end()])));
    count(stream.count);
  }

  /** Takes one step; false when more bytes are needed. */
  function step(send: Send): boolean {
    if (frame === null) {
      const found = readHead(gathered);
      if (found === null) return false;
      gathered = gathered.subarray(found.headBytes);
      begin(found);
      return true;
    }
    const whole = gathered.length >= left;
    const isControl = frame.opcode >= CLOSE;
    if (!whole && (isControl || gathered.length === 0)) return false;
    const payload = gathered.subarray(0, left);
    gathered = gathered.subarray(payload.length);
    left -= payload.length;
    if (isControl) control(frame, payload, send);
    else if (message !== null) data(message, payload, whole && frame.final, send);
    if (whole) frame = null;
    return true;
  }

  return new Transform({
    transform(chunk: Buffer, _, done) {
      gathered = gathered.length === 0 ? chunk : Buffer.concat([gathered, chunk]);
      try {
        while (step((bytes) => this.push(bytes)));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

type Send = (bytes: Buffer) => void;

/** The head of the frame at the beginning (RFC 6455 section 5.2); null while it is not whole. */
function readHead(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const [first, second] = bytes as unknown as readonly [number, number];
  const frame = { final: (first & 0x80) !== 0, opcode: first & 15 };
  if ((first & 0x70) !== 0) throw new Error('an extension that was not agreed on');
  if ((second & 0x80) !== 0) throw new Error('a server does not mask');
  if (frame.opcode > BINARY && frame.opcode < CLOSE) throw new Error('an unknown frame');
  if (frame.opcode > PONG) throw new Error('an unknown frame');
  if (frame.opcode >= CLOSE && (!frame.final || second > CONTROL_BYTES_MAX)) {
    throw new Error('a control frame is short and whole');
  }
  if (second < 126) return { ...frame, headBytes: 2, payloadBytes: second };
  if (second === 126) {
    return bytes.length < 4
      ? null
      : { ...frame, headBytes: 4, payloadBytes: bytes.readUInt16BE(2) };
  }
  if (bytes.length < 10) return null;
  const length = bytes.readBigUInt64BE(2);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error('a frame has no such length');
  return { ...frame, headBytes: 10, payloadBytes: Number(length) };
}

function encode(final: boolean, opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (final ? 0x80 : 0) | opcode;
  if (length < 126) {
    head[1] = length;
  } else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
