import { Transform } from 'node:stream';
import type { Meter } from '../link/meter.ts';
import { WAITING_BYTES } from './limits.ts';

/** Counts bytes; those that a budget counts are paid for before they pass. */
export function meterBytes(count: (bytes: number) => void, meter: Meter | null): Transform {
  return new Transform({
    highWaterMark: WAITING_BYTES,
    transform(chunk: Buffer, _, done) {
      count(chunk.length);
      if (meter === null) done(null, chunk);
      else meter.pay(chunk.length).then(() => done(null, chunk), done);
    },
  });
}
