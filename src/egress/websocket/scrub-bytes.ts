import { Transform } from 'node:stream';
import { followScrubber } from '../scrub/follow.ts';
import type { Scrubber } from '../scrub/scrubber.ts';

/** Scrubs a body; `count` is told of echoes as they are found. Null passes everything. */
export function scrubBytes(
  scrubber: (() => Scrubber) | null,
  count: (echoes: number) => void,
): Transform {
  const stream = scrubber === null ? null : followScrubber(scrubber);
  let told = 0;
  const found = (bytes: Buffer): Buffer | undefined => {
    count((stream?.count ?? 0) - told);
    told = stream?.count ?? 0;
    return bytes.length > 0 ? bytes : undefined;
  };
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, found(stream?.write(chunk) ?? chunk)),
    flush: (done) => done(null, stream === null ? undefined : found(stream.end())),
  });
}
