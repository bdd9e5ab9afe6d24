import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME, frame, settingsFrame } from '../http2/frames.ts';
import { writeFields } from '../http2/write-fields.ts';
import { Http2Connection } from './http2-connection.ts';

const REQUEST = writeFields(null, [':method', 'GET', ':scheme', 'https', ':path', '/']);

/** What a server may send: frames of every kind that mostly make sense, and bytes that do not. */
const payloads = fc.oneof(
  fc.constant(writeFields(200, ['content-length', '3'])),
  fc.constant(writeFields(200, [])),
  fc.constant(writeFields(103, [])),
  fc.constant(writeFields(null, ['grpc-status', '0'])),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(4, 5, 8).map((length) => Buffer.alloc(length)),
);
const frames = fc
  .tuple(
    fc.constantFrom(...Object.values(FRAME), 0xfa),
    fc.constantFrom(0, 1, 4, 5, 8, 32),
    fc.constantFrom(0, 1, 1, 3, 3, 5, 2),
    payloads,
  )
  .map(([type, flags, stream, payload]) => frame(type, flags, stream, payload));
/** Pieces of answers that are as they should be. */
const pieces = fc
  .tuple(fc.constantFrom(1, 3), fc.constantFrom('head', 'whole', 'data', 'end', 'trailers'))
  .map(([stream, what]) => {
    if (what === 'head') return frame(FRAME.headers, 4, stream, writeFields(200, []));
    if (what === 'whole') return frame(FRAME.headers, 5, stream, writeFields(204, []));
    if (what === 'trailers') return frame(FRAME.headers, 5, stream, writeFields(null, ['a', 'b']));
    return frame(FRAME.data, what === 'end' ? 1 : 0, stream, Buffer.from('abc'));
  });
const said = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: pieces },
    { weight: 1, arbitrary: frames },
    { weight: 1, arbitrary: fc.constant(frame(FRAME.ping, 0, 0, Buffer.alloc(8))) },
  ),
  { maxLength: 20 },
);

/** What one stream was told, in order. */
function talk(frames: readonly Buffer[], cut: number): string[][] {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const owner = { settings() {}, leaving() {}, freed() {}, closed() {} };
  const connection = new Http2Connection(socket, owner);
  const streams = [1, 3].map(() => {
    const told: string[] = [];
    connection.begin(REQUEST, true, {
      head: (status) => void told.push(`head ${status}`),
      data: () => void told.push('data'),
      end: () => void told.push('end'),
      fail: () => void told.push('fail'),
      drain() {},
      sweep() {},
    });
    return told;
  });
  const bytes = Buffer.concat([settingsFrame([]), ...frames]);
  for (let at = 0; at < bytes.length; at += cut) {
    socket.emit('data', bytes.subarray(at, at + cut));
  }
  socket.emit('end');
  socket.destroy();
  return streams;
}

describe('a connection to a server that sends anything', () => {
  it('never throws, and tells each stream of its end once', () => {
    let whole = 0;
    const cuts = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(said, cuts, (frames, cut) => {
        for (const told of talk(frames, cut)) {
          const ends = told.filter((what) => what === 'end' || what === 'fail');
          expect(ends).toHaveLength(1);
          expect(told.at(-1)).toBe(ends[0]);
          const final = told.findIndex((what) => /^head [2-5]/.test(what));
          const data = told.indexOf('data');
          if (data !== -1) expect(final).toBeLessThan(data);
          if (ends[0] === 'end') expect(final).not.toBe(-1);
          if (ends[0] === 'end') whole += 1;
        }
      }),
      { numRuns: 500 },
    );
    // Else nothing would have been shown of answers.
    expect(whole).toBeGreaterThan(50);
  });
});
