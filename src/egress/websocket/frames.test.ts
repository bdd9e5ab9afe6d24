import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameFault, type FrameHead, makeFrameReader, masked } from './frames.ts';
import { encodeClose, encodeFrame, encodeHead, freshMask } from './write-frames.ts';

type From = 'client' | 'server';

interface Frame extends FrameHead {
  readonly payload: Buffer;
}

/** What a reader makes of bytes that come in these chunks. */
function read(chunks: readonly Buffer[], from: From, deflate = false): Frame[] {
  const frames: Frame[] = [];
  let head: FrameHead | null = null;
  let parts: Buffer[] = [];
  const reader = makeFrameReader(
    { from, deflate },
    {
      head(found) {
        head = found;
        parts = [];
      },
      payload(bytes, last) {
        parts.push(bytes);
        if (head !== null && last) frames.push({ ...head, payload: Buffer.concat(parts) });
      },
    },
  );
  for (const chunk of chunks) reader.write(chunk);
  return frames;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((to, index) => bytes.subarray(at[index], to));
}

function closeOf(bytes: Buffer, from: From, deflate = false): number | null {
  try {
    read([bytes], from, deflate);
    return null;
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
    return error.close;
  }
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(125, 126, 127, 65_535, 65_536).map((length) => new Uint8Array(length)),
);
const control = fc.record({
  opcode: fc.constantFrom(9, 10),
  payload: fc.uint8Array({ maxLength: 125 }),
});

/** A message in fragments, with control frames between them. */
const message = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.array(payload, { minLength: 1, maxLength: 4 }),
    fc.array(fc.option(control), { maxLength: 4 }),
  )
  .map(([opcode, parts, between]) =>
    parts.flatMap((part, index): Frame[] => {
      // Text that is not UTF-8 is refused, which is looked at by itself.
      const bytes = Buffer.from(opcode === 1 ? part.map((byte) => byte & 0x7f) : part);
      const own: Frame = {
        final: index === parts.length - 1,
        opcode: index === 0 ? opcode : 0,
        compressed: false,
        bytes: bytes.length,
        payload: bytes,
      };
      const extra = between[index] ?? null;
      if (extra === null) return [own];
      const { length } = extra.payload;
      const odd = { ...extra, final: true, compressed: false, bytes: length };
      return [{ ...odd, payload: Buffer.from(extra.payload) }, own];
    }),
  );

/** A comparison of buffers goes byte by byte; one of texts does not. */
function plain(frames: readonly Frame[]): unknown[] {
  return frames.map((frame) => ({ ...frame, payload: frame.payload.toString('latin1') }));
}

function written(frames: readonly Frame[], from: From): Buffer {
  return Buffer.concat(
    frames.map(({ opcode, payload: bytes, final }) =>
      encodeFrame(opcode, bytes, { client: from === 'client', final }),
    ),
  );
}

describe('frames', () => {
  it.each(['client', 'server'] as const)('of a %s read back, however they are cut', (from) => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 3 }).map((all) => all.flat()),
        fc.array(fc.nat(), { maxLength: 12 }),
        (frames, places) => {
          expect(plain(read(cut(written(frames, from), places), from))).toEqual(plain(frames));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are read or refused alike, whatever the bytes and however they are cut', () => {
    const outcome = (chunks: readonly Buffer[], from: From): unknown => {
      const frames: Frame[] = [];
      try {
        frames.push(...read(chunks, from));
        return plain(frames);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameFault);
        return (error as FrameFault).message;
      }
    };
    fc.assert(
      fc.property(
        fc.constantFrom<From>('client', 'server'),
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (from, bytes, places) => {
          const whole = Buffer.from(bytes);
          expect(outcome(cut(whole, places), from)).toEqual(outcome([whole], from));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('are refused from their first wrong byte on, wherever a cut is', () => {
    for (const bytes of [Buffer.from([0x83]), Buffer.from([0xf1]), Buffer.from([0x09])]) {
      expect(closeOf(bytes, 'client')).toBe(1002);
    }
    expect(closeOf(Buffer.from([0x81, 0x05]), 'client')).toBe(1002);
    expect(closeOf(Buffer.from([0x81, 0x85]), 'server')).toBe(1002);
    expect(closeOf(Buffer.from([0x89, 0x7e]), 'server')).toBe(1002);
  });

  it.each([
    ['RSV1 where nothing was agreed on', '\xc1\x00', 1002],
    ['RSV2', '\xa1\x00', 1002],
    ['RSV3', '\x91\x00', 1002],
    ['a reserved opcode', '\x83\x00', 1002],
    ['a reserved control opcode', '\x8b\x00', 1002],
    ['a mask', '\x81\x80\0\0\0\0', 1002],
    ['a continuation of nothing', '\x80\x00', 1002],
    ['a message inside a message', '\x01\x00\x81\x00', 1002],
    ['binary inside a text', '\x01\x00\x82\x00', 1002],
    ['a ping in pieces', '\x09\x00', 1002],
    ['a long ping', '\x89\x7e\x00\x7e', 1002],
    ['16 bits for a short length', '\x81\x7e\x00\x7d', 1002],
    ['64 bits for a length of 16', '\x81\x7f\0\0\0\0\0\0\xff\xff', 1002],
    ['a length of 2^63', '\x81\x7f\x80\0\0\0\0\0\0\0', 1009],
    ['a length of 2^53', '\x81\x7f\0\x20\0\0\0\0\0\0', 1009],
    ['half a status code', '\x88\x01\x03', 1002],
    ['the status code 1005', '\x88\x02\x03\xed', 1002],
    ['the status code 1006', '\x88\x02\x03\xee', 1002],
    ['the status code 1015', '\x88\x02\x03\xf7', 1002],
    ['the status code 999', '\x88\x02\x03\xe7', 1002],
    ['the status code 5000', '\x88\x02\x13\x88', 1002],
    ['a close whose reason is not UTF-8', '\x88\x03\x03\xe8\xff', 1007],
    ['a text after the close', '\x88\x00\x81\x00', 1002],
    ['a second close', '\x88\x00\x88\x00', 1002],
    ['a text that is not UTF-8', '\x81\x01\xff', 1007],
    ['a text that ends inside a character', '\x81\x01\xc3', 1007],
    ['half a surrogate pair', '\x81\x03\xed\xa0\x80', 1007],
    ['a character in more bytes than it needs', '\x81\x02\xc0\xaf', 1007],
    ['a wrong second half of a character', '\x01\x01\xc3\x80\x01\x28', 1007],
  ])('refuse %s', (_, text, close) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(closeOf(bytes, 'server')).toBe(close);
  });

  it.each([
    ['a character over the border of two frames', '\x01\x01\xc3\x80\x01\xa9'],
    [
      'a character of four bytes in four frames',
      '\x01\x01\xf0\x00\x01\x9f\x00\x01\x98\x80\x01\x80',
    ],
    ['a pong after the close', '\x88\x00\x8a\x00'],
    ['a close without a code', '\x88\x00'],
    ['a close with the code 4999 and a reason', '\x88\x04\x13\x87ok'],
  ])('take %s', (_, text) => {
    expect(closeOf(Buffer.from(text, 'latin1'), 'server')).toBe(null);
  });

  it('may be compressed where that was agreed on, in the first frame of a message alone', () => {
    const data = deflateRawSync('hello');
    const first = encodeHead(
      { final: false, opcode: 1, compressed: true, bytes: data.length },
      null,
    );
    const rest = encodeHead({ final: true, opcode: 0, compressed: false, bytes: 0 }, null);
    const good = Buffer.concat([first, data, rest]);
    expect(read([good], 'server', true)).toHaveLength(2);
    expect(closeOf(good, 'server')).toBe(1002);
    const again = encodeHead({ final: true, opcode: 0, compressed: true, bytes: 0 }, null);
    expect(closeOf(Buffer.concat([first, data, again]), 'server', true)).toBe(1002);
    expect(closeOf(Buffer.from([0xc9, 0]), 'server', true)).toBe(1002);
  });

  it('of a client have masks that differ, and lose them', () => {
    const masks = new Set(Array.from({ length: 2000 }, () => freshMask().toString('hex')));
    expect(masks.size).toBeGreaterThan(1990);
    const mask = Buffer.from([1, 2, 3, 4]);
    expect(masked(masked(Buffer.from('hello'), mask, 3), mask, 3).toString()).toBe('hello');
    const one = encodeFrame(1, Buffer.from('hello'), { client: true });
    expect(one.includes('hello')).toBe(false);
    expect(read([one], 'client')[0]?.payload.toString()).toBe('hello');
  });

  it('that close carry as much of a reason as they hold, in whole characters', () => {
    const [frame] = read([encodeClose(1008, '💶'.repeat(60), false)], 'server');
    expect(frame?.payload.readUInt16BE(0)).toBe(1008);
    expect(frame?.payload.subarray(2).toString()).toBe('💶'.repeat(30));
  });
});
