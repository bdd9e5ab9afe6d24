import { Transform } from 'node:stream';
import { followScrubber } from '../scrub/follow.ts';
import type { Scrubber, ScrubStream } from '../scrub/scrubber.ts';
import { CLOSE, FrameFault, type FrameHead, makeFrameReader, OPCODE } from './frames.ts';
import { WAITING_BYTES } from './limits.ts';
import { encodeFrame } from './write-frames.ts';

/**
 * Scrubs what a server sends over a WebSocket, message by message: an echo that lies across the
 * border of two frames is found too. Fragments may come out cut elsewhere than they went in, which
 * RFC 6455 section 5.4 allows to whoever stands between; each chunk that comes out is whole frames.
 * Masked or compressed frames (no extension was agreed on) and malformed ones end the stream with
 * a FrameFault, since echoes could hide in them. `scrubber` is asked for again and again, as secrets
 * get new values while a WebSocket goes on.
 */
export function scrubFrames(scrubber: () => Scrubber, count: (echoes: number) => void): Transform {
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
  let head: FrameHead | null = null;
  let message: ScrubStream | null = null;
  let opcode: number = OPCODE.continuation;

  function control(payload: Buffer): void {
    const { clean, echoes } = cleanControl(scrubber(), head?.opcode ?? OPCODE.ping, payload);
    frames.push(encodeFrame(head?.opcode ?? OPCODE.ping, clean, { client: false }));
    count(echoes);
  }

  function data(payload: Buffer, last: boolean): void {
    message ??= followScrubber(scrubber);
    let clean = message.write(payload);
    if (last) clean = Buffer.concat([clean, message.end()]);
    if (clean.length === 0 && !last) return;
    frames.push(encodeFrame(opcode, clean, { client: false, final: last }));
    opcode = OPCODE.continuation;
    if (!last) return;
    count(message.count);
    message = null;
  }

  const reader = makeFrameReader(
    { from: 'server', deflate: false },
    {
      head(found) {
        head = found;
        const begins = found.opcode === OPCODE.text || found.opcode === OPCODE.binary;
        if (begins) opcode = found.opcode;
      },
      payload(bytes, last) {
        if (head === null) throw new FrameFault('a payload has no head', CLOSE.badUpstream);
        if (head.opcode >= OPCODE.close) control(bytes);
        else data(bytes, last && head.final);
      },
    },
  );
  return frames;
}

/** The status code of a close is no text. */
function cleanControl(
  scrubber: Scrubber,
  opcode: number,
  payload: Buffer,
): { readonly clean: Buffer; readonly echoes: number } {
  const from = opcode === OPCODE.close ? Math.min(2, payload.length) : 0;
  const stream = scrubber.stream();
  const text = Buffer.concat([stream.write(payload.subarray(from)), stream.end()]);
  return { clean: Buffer.concat([payload.subarray(0, from), text]), echoes: stream.count };
}
