/** Frames of HTTP/2 (RFC 9113 sections 4 and 6). */

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Error codes of RFC 9113 section 7. */
export const FAULT = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const;

/** The client begins with these octets (RFC 9113 section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** The largest payload that this side takes and sends: the default, which every peer takes. */
export const PAYLOAD_BYTES_MAX = 16_384;
/** Flow-control windows are no larger (RFC 9113 section 6.9.1). */
export const WINDOW_MAX = 0x7fffffff;
/** Windows begin with it where no setting says otherwise. */
export const WINDOW_DEFAULT = 65_535;

export const HEAD_BYTES = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The nine octets before a payload. */
export function frameHead(length: number, type: number, flags: number, stream: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head;
}

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  return Buffer.concat([frameHead(payload.length, type, flags, stream), payload]);
}

/** A frame whose payload is whole numbers of four octets. */
export function numberFrame(type: number, stream: number, ...numbers: number[]): Buffer {
  const payload = Buffer.allocUnsafe(4 * numbers.length);
  for (const [index, number] of numbers.entries()) payload.writeUInt32BE(number, 4 * index);
  return frame(type, 0, stream, payload);
}

export function settingsFrame(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(6 * settings.length);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return frame(FRAME.settings, 0, 0, payload);
}

/** A header block as HEADERS and, where it is long, CONTINUATION frames. */
export function headerFrames(stream: number, block: Buffer, end: boolean): Buffer {
  const flags = end ? FLAG.endStream : 0;
  if (block.length <= PAYLOAD_BYTES_MAX) {
    return frame(FRAME.headers, flags | FLAG.endHeaders, stream, block);
  }
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += PAYLOAD_BYTES_MAX) {
    const last = at + PAYLOAD_BYTES_MAX >= block.length ? FLAG.endHeaders : 0;
    const payload = block.subarray(at, at + PAYLOAD_BYTES_MAX);
    const type = at === 0 ? FRAME.headers : FRAME.continuation;
    frames.push(frame(type, (at === 0 ? flags : 0) | last, stream, payload));
  }
  return Buffer.concat(frames);
}

/** Cuts what arrives into frames. */
export interface FrameReader {
  /** Takes a piece; what is left of it and is no whole frame is kept. */
  push(chunk: Buffer): void;
  /** The next whole frame; null for none yet; 'long' when it is longer than any may be. */
  next(): Frame | null | 'long';
}

export function makeFrameReader(): FrameReader {
  /** At most one frame and a piece: each piece is read to its end before the next one comes. */
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    },
    next() {
      if (held.length < HEAD_BYTES) return null;
      const length = held.readUIntBE(0, 3);
      if (length > PAYLOAD_BYTES_MAX) return 'long';
      const whole = HEAD_BYTES + length;
      if (held.length < whole) return null;
      const frame: Frame = {
        type: held[3] as number,
        flags: held[4] as number,
        stream: held.readUInt32BE(5) & WINDOW_MAX,
        payload: held.subarray(HEAD_BYTES, whole),
      };
      held = held.subarray(whole);
      return frame;
    },
  };
}
