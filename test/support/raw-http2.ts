import type { Duplex } from 'node:stream';

/** Types of frames (RFC 9113 section 6). */
export const TYPE = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
  origin: 12,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const ACK = 1;

const PREFACE_BYTES = 24;

/** One frame, whatever it says. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Four bytes each. */
export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

/** Header fields as literals that no table is needed for (RFC 7541 section 6.2.2). */
export function fields(...pairs: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    parts.push(Buffer.from([0]), text(pairs[i] as string), text(pairs[i + 1] as string));
  }
  return Buffer.concat(parts);
}

/** A string with its length as an integer of a seven-bit prefix (RFC 7541 section 5.1). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** A server's end of HTTP/2 that says whatever it is told to. */
export interface RawPeer {
  readonly socket: Duplex;
  send(type: number, flags: number, stream: number, payload?: Buffer): void;
  /** The head of an answer, and whether it is all. */
  head(stream: number, pairs: readonly string[], flags?: number): void;
}

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Speaks as a server on `socket`: begins with empty SETTINGS, then each frame goes to `onFrame`. */
export function rawPeer(
  socket: Duplex,
  onFrame: (peer: RawPeer, frame: RawFrame) => void,
): RawPeer {
  let held = Buffer.alloc(0);
  let skipped = 0;
  const peer: RawPeer = {
    socket,
    send(type, flags, stream, payload = Buffer.alloc(0)) {
      if (!socket.destroyed) socket.write(frame(type, flags, stream, payload));
    },
    head(stream, pairs, flags = END_HEADERS) {
      peer.send(TYPE.headers, flags, stream, fields(...pairs));
    },
  };
  socket.on('data', (chunk: Buffer) => {
    const skip = Math.min(PREFACE_BYTES - skipped, chunk.length);
    skipped += skip;
    held = Buffer.concat([held, chunk.subarray(skip)]);
    while (held.length >= 9) {
      const length = held.readUIntBE(0, 3);
      if (held.length < 9 + length) return;
      const [type = 0, flags = 0] = held.subarray(3, 5);
      const stream = held.readUInt32BE(5);
      const payload = held.subarray(9, 9 + length);
      held = held.subarray(9 + length);
      onFrame(peer, { type, flags, stream, payload });
    }
  });
  peer.send(TYPE.settings, 0, 0);
  return peer;
}

/** Acknowledges settings, and answers each request by `answer`. */
export function answering(
  answer: (peer: RawPeer, stream: number) => void,
): (peer: RawPeer, frame: RawFrame) => void {
  return (peer, { type, flags, stream }) => {
    if (type === TYPE.settings && flags !== ACK) peer.send(TYPE.settings, ACK, 0);
    if (type === TYPE.headers) answer(peer, stream);
  };
}
