import type { Scrubber, ScrubStream } from './scrubber.ts';

/**
 * A stream of whatever scrubber there is at the time: a secret may get a new value while an answer
 * goes on, and a server that keeps it can tell that value in this answer too. What was held back is
 * looked at again, so an echo that lies across the change is found.
 */
export function followScrubber(current: () => Scrubber): ScrubStream {
  let scrubber = current();
  let stream = scrubber.stream();
  let counted = 0;
  return {
    write(chunk) {
      const now = current();
      if (now === scrubber) return stream.write(chunk);
      const held = stream.end();
      counted += stream.count;
      scrubber = now;
      stream = now.stream();
      return stream.write(held.length === 0 ? chunk : Buffer.concat([held, chunk]));
    },
    end: () => stream.end(),
    get count() {
      return counted + stream.count;
    },
  };
}
