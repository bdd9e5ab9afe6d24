import type { Scrubber, ScrubStream } from './scrubber.ts';

/**
 * A stream of whatever scrubber there is at the time: a secret may get a new value while an answer
 * goes on, and a server that keeps it can tell that value in this answer too. What was held back is
 * looked at again, so an echo that lies across the change is found.
 */
export function followScrubber(current: () => Scrubber): ScrubStream {
  return new Following(current);
}

/** A class, because accessors of an object literal are made anew for every answer. */
class Following implements ScrubStream {
  readonly #current: () => Scrubber;
  #scrubber: Scrubber;
  #stream: ScrubStream;
  /** Of the streams before. */
  #counted = 0;

  constructor(current: () => Scrubber) {
    this.#current = current;
    this.#scrubber = current();
    this.#stream = this.#scrubber.stream();
  }

  get count(): number {
    return this.#counted + this.#stream.count;
  }

  write(chunk: Buffer): Buffer {
    const now = this.#current();
    if (now === this.#scrubber) return this.#stream.write(chunk);
    const held = this.#stream.end();
    this.#counted += this.#stream.count;
    this.#scrubber = now;
    this.#stream = now.stream();
    return this.#stream.write(held.length === 0 ? chunk : Buffer.concat([held, chunk]));
  }

  end(): Buffer {
    return this.#stream.end();
  }
}
