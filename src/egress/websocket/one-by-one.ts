import { type Duplex, Writable } from 'node:stream';
import { WAITING_BYTES } from './limits.ts';

/**
 * Writes to `end` one piece at a time, so that what it does not take waits where it came from; ends
 * it, too.
 */
export function oneByOne(end: Duplex): Writable {
  const writer = new Writable({
    highWaterMark: WAITING_BYTES,
    write(piece: Buffer, _, done) {
      end.write(piece, done);
    },
    final(done) {
      end.end();
      done();
    },
  });
  // Whoever joined the ends sees for itself how one of them ended.
  writer.on('error', () => {});
  return writer;
}
