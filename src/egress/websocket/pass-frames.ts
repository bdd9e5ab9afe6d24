import { Transform } from 'node:stream';
import { type FrameReader, makeFrameReader, masked } from './frames.ts';
import { encodeHead, freshMask } from './write-frames.ts';

export interface FramePass {
  readonly frames: Transform;
  /** What it gave so far ends with a frame. */
  readonly between: boolean;
}

/**
 * Checks frames and passes them on as they are, but for the mask: a client's frames get one of our
 * own, so that a program never chooses the bytes that an upstream, or what stands before it, reads
 * (RFC 6455 section 10.3). Frames that are none end the stream with a FrameFault.
 */
export function passFrames(from: 'client' | 'server', deflate: boolean): FramePass {
  const client = from === 'client';
  let mask: Buffer | null = null;
  let at = 0;
  const frames = new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        reader.write(chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const reader: FrameReader = makeFrameReader(
    { from, deflate },
    {
      head(head) {
        mask = client ? freshMask() : null;
        at = 0;
        frames.push(encodeHead(head, mask));
      },
      payload(bytes) {
        if (bytes.length === 0) return;
        frames.push(mask === null ? bytes : masked(bytes, mask, at));
        at += bytes.length;
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
