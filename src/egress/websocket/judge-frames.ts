import { Transform } from 'node:stream';
import type { HttpMessage } from '../../powers/http/call.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { Refusal } from '../refusal.ts';
import type { MessageGate } from '../use-message.ts';
import {
  CLOSE,
  FrameFault,
  type FrameHead,
  type FrameReader,
  makeFrameReader,
  OPCODE,
} from './frames.ts';
import { MESSAGE_BYTES_FIRST, MESSAGE_BYTES_MAX, WAITING_BYTES } from './limits.ts';
import { encodeFrame } from './write-frames.ts';

/** A message that may not leave; `close` is the status code that says so. */
export class MessageRefused extends Error {
  readonly refusal: Refusal;
  readonly close: number;

  constructor(refusal: Refusal, close: number = CLOSE.refused) {
    super(refusal.reason);
    this.refusal = refusal;
    this.close = close;
  }
}

/**
 * Gathers each message of a client whole, has it judged, and sends it as one frame with a mask of
 * our own. The stream ends with a MessageRefused at the first message that may not leave, or with a
 * FrameFault; what was said before is sent.
 */
export function judgeFrames(gate: Pick<MessageGate, 'pass' | 'room' | 'leak'>): Transform {
  const gathered = makeGathered(gate.room);
  const read: (HttpMessage | Buffer)[] = [];
  const reader = makeMessageReader(gate, gathered, read);

  async function send(frames: Transform, item: HttpMessage | Buffer): Promise<void> {
    if (Buffer.isBuffer(item)) {
      frames.push(item);
      return;
    }
    const verdict = await gate.pass(item);
    if (!verdict.ok) throw new MessageRefused(verdict);
    frames.push(
      encodeFrame(item.text ? OPCODE.text : OPCODE.binary, asBuffer(verdict.bytes), {
        client: true,
      }),
    );
  }

  async function pass(frames: Transform, chunk: Buffer): Promise<void> {
    let fault: unknown = null;
    try {
      reader.write(chunk);
    } catch (error) {
      fault = error;
    }
    for (let item = read.shift(); item !== undefined; item = read.shift()) {
      try {
        await send(frames, item);
      } finally {
        if (!Buffer.isBuffer(item)) gate.room(-item.bytes.length);
      }
    }
    if (fault !== null) throw fault;
  }

  return new Transform({
    highWaterMark: WAITING_BYTES,
    transform(chunk: Buffer, _, done) {
      pass(this, chunk).then(() => done(), done);
    },
    destroy(error, done) {
      gathered.drop();
      for (const item of read.splice(0)) if (!Buffer.isBuffer(item)) gate.room(-item.bytes.length);
      done(error);
    },
  });
}

/** Puts whole messages, and control frames as they are sent, behind each other into `read`. */
function makeMessageReader(
  gate: Pick<MessageGate, 'leak'>,
  gathered: Gathered,
  read: (HttpMessage | Buffer)[],
): FrameReader {
  let head: FrameHead | null = null;
  let text = false;
  return makeFrameReader(
    { from: 'client', deflate: false },
    {
      head(found) {
        head = found;
        if (found.opcode === OPCODE.text || found.opcode === OPCODE.binary) {
          text = found.opcode === OPCODE.text;
        }
        if (found.opcode < OPCODE.close) gathered.expect(found.bytes);
      },
      payload(bytes, last) {
        if (head === null) return;
        if (head.opcode >= OPCODE.close) {
          const leak = gate.leak(bytes);
          if (leak !== null) throw new MessageRefused(leak);
          read.push(encodeFrame(head.opcode, bytes, { client: true }));
          return;
        }
        gathered.add(bytes);
        if (last && head.final) read.push({ text, bytes: gathered.take() });
      },
    },
  );
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

interface Gathered {
  /** Throws where no message can be so long. */
  expect(bytes: number): void;
  add(bytes: Buffer): void;
  /** The message, which is over; its own bytes are still counted. */
  take(): Buffer;
  drop(): void;
}

/** One buffer that grows, since a message may come in a million pieces. */
function makeGathered(room: (bytes: number) => boolean): Gathered {
  let buffer: Buffer = Buffer.alloc(0);
  let length = 0;

  function grow(wanted: number): void {
    let size = Math.max(buffer.length, MESSAGE_BYTES_FIRST);
    while (size < wanted) size *= 2;
    if (!room(size - buffer.length)) {
      throw new MessageRefused(
        {
          code: 'limit-exceeded',
          reason: 'The box has too many messages on their way to be judged.',
        },
        CLOSE.tooLong,
      );
    }
    const larger = Buffer.allocUnsafe(size);
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }

  function drop(): void {
    room(-buffer.length);
    buffer = Buffer.alloc(0);
    length = 0;
  }

  return {
    expect(bytes) {
      if (length + bytes <= MESSAGE_BYTES_MAX) return;
      const reason = `The WebSocket was closed: a message that must be judged has ${MESSAGE_BYTES_MAX} bytes at most.`;
      throw new MessageRefused({ code: 'body-unreadable', reason }, CLOSE.tooLong);
    },
    add(bytes) {
      if (length + bytes.length > buffer.length) grow(length + bytes.length);
      bytes.copy(buffer, length);
      length += bytes.length;
    },
    take() {
      const whole = Buffer.from(buffer.subarray(0, length));
      buffer = buffer.subarray(length);
      drop();
      return whole;
    },
    drop,
  };
}

/** Why a WebSocket is closed, in the words that box, person and journal all get. */
export function refusalOf(
  error: unknown,
): { readonly refusal: Refusal; readonly close: number } | null {
  if (error instanceof MessageRefused) return error;
  if (PowerboxError.is(error)) {
    return { refusal: { code: error.code, reason: error.message }, close: CLOSE.refused };
  }
  if (!(error instanceof FrameFault)) return null;
  const reason = `The WebSocket was closed: ${error.message}.`;
  return { refusal: { code: 'request-malformed', reason }, close: error.close };
}
