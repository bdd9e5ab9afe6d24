import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { PowerboxError } from '../../wire/errors.ts';
import { DECODE_RATIO_MAX } from '../limits.ts';
import { followScrubber } from '../scrub/follow.ts';
import type { Scrubber, ScrubStream } from '../scrub/scrubber.ts';
import type { Coding } from './answer-head.ts';

/** Where the bytes of an answer go on their way to the box. */
export interface AnswerBody {
  /** False when the box reads slower than the upstream writes. */
  write(chunk: Buffer): boolean;
  end(trailers: readonly string[]): void;
  /** The box has read what was written; more may follow. */
  drained(): void;
  readonly scrubbed: number;
  readonly bytes: number;
}

/** Whoever takes the bytes. */
export interface AnswerSink {
  /** False when it has enough for now. */
  write(chunk: Buffer): boolean;
  end(trailers: readonly string[]): void;
}

export interface AnswerBodyOptions {
  /** What has to be undone before the body can be read; null for nothing. */
  readonly coding: Coding | null;
  /**
   * The one of the time, since secrets get new values while an answer goes on. Null where no secret
   * is bound to the origin: then the body passes untouched.
   */
  readonly scrubber: (() => Scrubber) | null;
  /** Bounds what a coded answer unfolds to; null for no bound of the grant. */
  readonly bytesMax: number | null;
  /** Told when the answer cannot go on: it unfolds without end, or is not what its coding says. */
  broken(failure: PowerboxError): void;
  /** Told when a coded answer can take more. */
  drained(): void;
}

export function answerBody(sink: AnswerSink, options: AnswerBodyOptions): AnswerBody {
  const { scrubber, coding } = options;
  if (scrubber === null) return new PlainBody(sink);
  const stream = followScrubber(scrubber);
  return coding === null
    ? new ScrubbedBody(sink, stream)
    : decodedBody(sink, stream, decoderOf(coding), options);
}

/** Why an answer is cut that a grant limits. */
export function tooLongAnswer(bytesMax: number): PowerboxError {
  return new PowerboxError(
    'narrowing-refused',
    `The answer was cut: the grant allows ${bytesMax} bytes.`,
  );
}

class PlainBody implements AnswerBody {
  readonly scrubbed = 0;
  bytes = 0;
  readonly #sink: AnswerSink;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  write(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    return this.#sink.write(chunk);
  }

  end(trailers: readonly string[]): void {
    this.#sink.end(trailers);
  }

  drained(): void {}
}

class ScrubbedBody implements AnswerBody {
  bytes = 0;
  readonly #sink: AnswerSink;
  readonly #stream: ScrubStream;

  constructor(sink: AnswerSink, stream: ScrubStream) {
    this.#sink = sink;
    this.#stream = stream;
  }

  get scrubbed(): number {
    return this.#stream.count;
  }

  write(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    const clean = this.#stream.write(chunk);
    return clean.length === 0 ? true : this.#sink.write(clean);
  }

  end(trailers: readonly string[]): void {
    const rest = this.#stream.end();
    if (rest.length > 0) this.#sink.write(rest);
    this.#sink.end(trailers);
  }

  drained(): void {}
}

function decodedBody(
  sink: AnswerSink,
  stream: ScrubStream,
  decoder: Transform,
  { bytesMax, broken, drained }: AnswerBodyOptions,
): AnswerBody {
  let bytes = 0;
  let unfolded = 0;
  let trailers: readonly string[] = [];
  decoder.on('data', (chunk: Buffer) => {
    unfolded += chunk.length;
    if (unfolded > 1_048_576 + bytes * DECODE_RATIO_MAX) {
      decoder.destroy();
      broken(unscrubbable('The answer unfolds to far more than was sent.'));
      return;
    }
    if (bytesMax !== null && unfolded > bytesMax) {
      decoder.destroy();
      broken(tooLongAnswer(bytesMax));
      return;
    }
    const clean = stream.write(chunk);
    if (clean.length > 0 && !sink.write(clean)) decoder.pause();
  });
  decoder.on('error', () => broken(unscrubbable('The answer is not in the coding that it names.')));
  decoder.on('drain', drained);
  decoder.on('end', () => {
    const rest = stream.end();
    if (rest.length > 0) sink.write(rest);
    sink.end(trailers);
  });
  return {
    write(chunk) {
      bytes += chunk.length;
      return decoder.write(chunk);
    },
    end(list) {
      trailers = list;
      // An empty body names its coding too, and is no fault of it.
      if (bytes === 0) sink.end(trailers);
      else decoder.end();
    },
    drained() {
      if (decoder.isPaused()) decoder.resume();
    },
    get scrubbed() {
      return stream.count;
    },
    get bytes() {
      return bytes;
    },
  };
}

function unscrubbable(reason: string): PowerboxError {
  return new PowerboxError('response-unscrubbable', reason);
}

function decoderOf(coding: Coding): Transform {
  if (coding === 'gzip') return createGunzip();
  if (coding === 'br') return createBrotliDecompress();
  return createInflate();
}
