import { Transform } from 'node:stream';
import type { GuardedStream } from '../leaks/guard.ts';
import { type FrameHead, type FrameReader, makeFrameReader, masked, OPCODE } from './frames.ts';
import { SEARCHED_BYTES_MAX, WAITING_BYTES } from './limits.ts';
import { encodeHead, freshMask } from './write-frames.ts';

export interface FramePass {
  readonly frames: Transform;
  /** What it gave so far ends with a frame. */
  readonly between: boolean;
}

/**
 * Checks frames and passes them on as they are, but for the mask: a client's frames get one of our
 * own, so that a program never chooses the bytes that an upstream, or what stands before it, reads
 * (RFC 6455 section 10.3). Frames that are none end the stream with a FrameFault. `search` makes
 * what looks through one message, and throws.
 */
export function passFrames(
  from: 'client' | 'server',
  deflate: boolean,
  search: (() => GuardedStream) | null = null,
): FramePass {
  const client = from === 'client';
  let mask: Buffer | null = null;
  let at = 0;
  let frame: FrameHead | null = null;
  const frames = new Transform({
    highWaterMark: WAITING_BYTES,
    transform(chunk: Buffer, _, done) {
      try {
        reader.write(chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const searched = search === null ? null : makeSearched(search, (bytes) => frames.push(bytes));
  const send = (bytes: Buffer): void => {
    if (searched === null || frame === null) frames.push(bytes);
    else searched.send(frame, bytes);
  };
  const reader: FrameReader = makeFrameReader(
    { from, deflate },
    {
      head(head) {
        frame = head;
        mask = client ? freshMask() : null;
        at = 0;
        send(encodeHead(head, mask));
      },
      payload(bytes, last) {
        if (frame !== null) searched?.look(frame, bytes);
        if (bytes.length > 0) send(mask === null ? bytes : masked(bytes, mask, at));
        at += bytes.length;
        if (frame !== null && last) searched?.end(frame);
      },
    },
  );
  return {
    frames,
    get between() {
      return reader.between && frames.readableLength === 0;
    },
  };
}

/** Holds back what was not searched to its end. */
interface Searched {
  look(frame: FrameHead, payload: Buffer): void;
  send(frame: FrameHead, bytes: Buffer): void;
  /** The frame is over. */
  end(frame: FrameHead): void;
}

function makeSearched(begin: () => GuardedStream, push: (bytes: Buffer) => void): Searched {
  const message = makeHeldBack(begin, push);
  // A control frame may stand between two fragments, and is by itself.
  const control = makeHeldBack(begin, push);
  const partOf = ({ opcode }: FrameHead): HeldBack => (opcode >= OPCODE.close ? control : message);
  return {
    look: (frame, payload) => partOf(frame).look(payload),
    send: (frame, bytes) => partOf(frame).send(bytes),
    end(frame) {
      if (frame.final) partOf(frame).end();
    },
  };
}

interface HeldBack {
  look(payload: Buffer): void;
  send(bytes: Buffer): void;
  end(): void;
}

function makeHeldBack(begin: () => GuardedStream, push: (bytes: Buffer) => void): HeldBack {
  let stream: GuardedStream | null = null;
  let held: Buffer[] = [];
  let bytesHeld = 0;
  let flows = false;
  const release = (): void => {
    for (const bytes of held) push(bytes);
    held = [];
    bytesHeld = 0;
  };
  return {
    look(payload) {
      stream ??= begin();
      stream.write(payload);
    },
    send(bytes) {
      if (flows) {
        push(bytes);
        return;
      }
      held.push(bytes);
      bytesHeld += bytes.length;
      if (bytesHeld <= SEARCHED_BYTES_MAX) return;
      flows = true;
      release();
    },
    end() {
      stream?.end();
      release();
      stream = null;
      flows = false;
    },
  };
}
