import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeScrubber } from '../scrub/scrubber.ts';
import { scrubFrames } from './scrub-frames.ts';

const VALUE = 'tok_9fQ2mZ7xLw4TbR6y';
const PLACEHOLDER = 'tok_AAAAAAAAAAAAAAAA';

interface Message {
  readonly opcode: number;
  readonly text: string;
}

function frame(opcode: number, payload: Buffer, final = true, extra = 0): Buffer {
  const { length } = payload;
  const first = (final ? 0x80 : 0) | opcode | extra;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  if (length < 65_536) {
    return Buffer.concat([Buffer.from([first, 126, length >> 8, length & 255]), payload]);
  }
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** An independent reader of what came out. */
function messagesOf(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  let parts: Buffer[] = [];
  let opcode = 0;
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] as number;
    let length = bytes[at + 1] as number;
    let from = at + 2;
    if (length === 126) {
      length = bytes.readUInt16BE(from);
      from += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(from));
      from += 8;
    }
    const payload = bytes.subarray(from, from + length);
    if (payload.length !== length) throw new Error('cut');
    if ((first & 15) >= 8) {
      messages.push({ opcode: first & 15, text: payload.toString('latin1') });
    } else {
      if ((first & 15) !== 0) opcode = first & 15;
      parts.push(payload);
      if ((first & 0x80) !== 0) {
        messages.push({ opcode, text: Buffer.concat(parts).toString('latin1') });
        parts = [];
      }
    }
    at = from + length;
  }
  return messages;
}

async function through(chunks: readonly Buffer[]): Promise<{ out: Buffer; echoes: number }> {
  let echoes = 0;
  const scrubber = makeScrubber([{ value: VALUE, placeholder: PLACEHOLDER }]);
  const scrub = scrubFrames(
    () => scrubber,
    (found) => {
      echoes += found;
    },
  );
  const out: Buffer[] = [];
  scrub.on('data', (chunk: Buffer) => out.push(chunk));
  const over = new Promise<void>((done, fail) => scrub.once('end', done).once('error', fail));
  for (const chunk of chunks) scrub.write(chunk);
  scrub.end();
  await over;
  return { out: Buffer.concat(out), echoes };
}

describe('the frames of a WebSocket', () => {
  it('lose an echo that lies across the border of two frames, wherever it is', async () => {
    for (let cut = 1; cut < VALUE.length; cut += 1) {
      const bytes = Buffer.concat([
        frame(1, Buffer.from(`you sent ${VALUE.slice(0, cut)}`), false),
        frame(9, Buffer.from('ping')),
        frame(0, Buffer.from(`${VALUE.slice(cut)}!`)),
      ]);
      const { out, echoes } = await through([bytes]);
      expect(messagesOf(out)).toEqual([
        { opcode: 9, text: 'ping' },
        { opcode: 1, text: `you sent ${PLACEHOLDER}!` },
      ]);
      expect(echoes).toBe(1);
    }
  });

  it('lose an echo in a close, a ping and a pong', async () => {
    for (const opcode of [8, 9, 10]) {
      const code = opcode === 8 ? '\x03\xe8' : '';
      const { out } = await through([frame(opcode, Buffer.from(code + VALUE, 'latin1'))]);
      expect(messagesOf(out)).toEqual([{ opcode, text: code + PLACEHOLDER }]);
    }
  });

  it('stay one frame where they were one and were not cut on the way', async () => {
    const whole = frame(2, Buffer.alloc(300, 7));
    expect((await through([whole, frame(1, Buffer.from('')), whole])).out).toEqual(
      Buffer.concat([whole, frame(1, Buffer.from('')), whole]),
    );
  });

  it('mean the same however they are cut', async () => {
    const part = fc.oneof(
      fc.constant(VALUE),
      fc.string({ maxLength: 200 }),
      fc.constant('x'.repeat(66_000)),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
        cuts,
        async (messages, lengths) => {
          const bytes = Buffer.concat(
            messages.flatMap((parts) =>
              parts.map((text, index) =>
                frame(index === 0 ? 1 : 0, Buffer.from(text), index === parts.length - 1),
              ),
            ),
          );
          const chunks: Buffer[] = [];
          let at = 0;
          for (const length of lengths) {
            chunks.push(bytes.subarray(at, at + length));
            at += length;
          }
          chunks.push(bytes.subarray(at));
          const { out } = await through(chunks);
          expect(messagesOf(out)).toEqual(
            messages.map((parts) => ({
              opcode: 1,
              text: Buffer.from(parts.join('')).toString('latin1').replaceAll(VALUE, PLACEHOLDER),
            })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['masked', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])],
    ['compressed', frame(1, Buffer.from('x'), true, 0x40)],
    ['of an unknown kind', frame(3, Buffer.from('x'))],
    ['of an unknown control kind', frame(11, Buffer.from('x'))],
    ['a continuation of nothing', frame(0, Buffer.from('x'))],
    [
      'a new message inside another',
      Buffer.concat([frame(1, Buffer.from('x'), false), frame(1, Buffer.from('x'))]),
    ],
    ['a long ping', frame(9, Buffer.alloc(126))],
    ['a fragmented ping', frame(9, Buffer.from('x'), false)],
    [
      'longer than a number can be',
      Buffer.from([0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255]),
    ],
  ])('end the stream when one is %s', async (_, bytes) => {
    await expect(through([bytes])).rejects.toThrow();
  });
});
