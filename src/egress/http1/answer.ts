import type { ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { PowerboxError } from '../../wire/errors.ts';
import { responseHeadersToDrop } from '../credentials/response-headers.ts';
import { DECODE_RATIO_MAX } from '../limits.ts';
import type { Scrubber, ScrubStream } from '../scrub/scrubber.ts';
import { isForwarded } from './rewrite.ts';

/** The head of an answer, ready for the box. */
export interface AnswerHead {
  readonly status: number;
  readonly message: string;
  /** Flat list of names and values. */
  readonly headers: string[];
  /** Coding that has to be undone before the body can be read; null when there is none. */
  readonly coding: Coding | null;
  readonly scrubbed: number;
}

type Coding = 'gzip' | 'deflate' | 'br';

export type AnswerHeadResult =
  | { readonly ok: true; readonly head: AnswerHead }
  | { readonly ok: false; readonly reason: string };

/** `scrubber` is null where no secret is bound to the origin: then the answer passes untouched. */
export function answerHead(
  status: number,
  message: string,
  raw: readonly Buffer[],
  scrubber: Scrubber | null,
): AnswerHeadResult {
  const headers: string[] = [];
  const codings: string[] = [];
  let scrubbed = 0;
  const dropped = responseHeadersToDrop(scrubber !== null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = latin1(raw[i]);
    const lower = name.toLowerCase();
    // What is coded on the hop comes out of the parser as it is; it was not asked for (RFC 9112
    // section 6.1), and an echo could hide in it.
    if (scrubber !== null && lower === 'transfer-encoding') {
      codings.push(...listed(latin1(raw[i + 1])).filter((coding) => coding !== 'chunked'));
    }
    if (!isForwarded(lower) || dropped.has(lower)) continue;
    const value = latin1(raw[i + 1]);
    if (scrubber === null) {
      headers.push(name, value);
      continue;
    }
    if (lower === 'content-encoding') {
      codings.push(...listed(value));
      continue;
    }
    const clean = scrubber.text(value);
    const inName = scrubber.text(name).count;
    scrubbed += clean.count + inName;
    if (inName === 0) headers.push(name, clean.text);
  }
  const coding = readable(codings);
  if (coding === undefined) {
    return { ok: false, reason: 'The answer came in a coding that cannot be read for echoes.' };
  }
  const cleanMessage = scrubber === null ? { text: message, count: 0 } : scrubber.text(message);
  return {
    ok: true,
    head: {
      status,
      message: cleanMessage.text,
      headers: coding === null ? headers : withoutLength(headers),
      coding,
      scrubbed: scrubbed + cleanMessage.count,
    },
  };
}

function listed(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
}

/** undefined: cannot be read. Stacked codings are what attacks use and servers do not. */
function readable(codings: readonly string[]): Coding | null | undefined {
  const named = codings.filter((coding) => coding !== '' && coding !== 'identity');
  if (named.length === 0) return null;
  if (named.length > 1) return undefined;
  if (named[0] === 'gzip' || named[0] === 'x-gzip') return 'gzip';
  if (named[0] === 'deflate' || named[0] === 'br') return named[0];
  return undefined;
}

function withoutLength(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] as string).toLowerCase() === 'content-length') continue;
    kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

/** Where the bytes of an answer go on their way to the box. */
export interface AnswerBody {
  /** False when the box reads slower than the upstream writes. */
  write(chunk: Buffer): boolean;
  end(trailers: readonly string[]): void;
  readonly scrubbed: number;
  readonly bytes: number;
}

/** Why an answer is cut that a grant limits. */
export function tooLongAnswer(bytesMax: number): PowerboxError {
  return new PowerboxError(
    'narrowing-refused',
    `The answer was cut: the grant allows ${bytesMax} bytes.`,
  );
}

/**
 * `bytesMax` bounds what a coded answer unfolds to; null for no bound of the grant. `broken` is told when the answer cannot go on: it unfolds without end, or is not what its coding
 * says. `drained` is told when more can be written.
 */
export function answerBody(
  response: ServerResponse,
  coding: Coding | null,
  scrubber: Scrubber | null,
  bytesMax: number | null,
  broken: (failure: PowerboxError) => void,
  drained: () => void,
): AnswerBody {
  if (scrubber === null) return plainBody(response);
  const stream = scrubber.stream();
  return coding === null
    ? scrubbedBody(response, stream)
    : decodedBody(response, stream, decoderOf(coding), bytesMax, broken, drained);
}

function plainBody(response: ServerResponse): AnswerBody {
  let bytes = 0;
  return {
    write(chunk) {
      bytes += chunk.length;
      return response.write(chunk);
    },
    end(trailers) {
      finish(response, trailers);
    },
    scrubbed: 0,
    get bytes() {
      return bytes;
    },
  };
}

function scrubbedBody(response: ServerResponse, stream: ScrubStream): AnswerBody {
  let bytes = 0;
  return {
    write(chunk) {
      bytes += chunk.length;
      const clean = stream.write(chunk);
      return clean.length === 0 ? true : response.write(clean);
    },
    end(trailers) {
      const rest = stream.end();
      if (rest.length > 0) response.write(rest);
      finish(response, trailers);
    },
    get scrubbed() {
      return stream.count;
    },
    get bytes() {
      return bytes;
    },
  };
}

function decodedBody(
  response: ServerResponse,
  stream: ScrubStream,
  decoder: Transform,
  bytesMax: number | null,
  broken: (failure: PowerboxError) => void,
  drained: () => void,
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
    if (clean.length > 0 && !response.write(clean)) {
      decoder.pause();
      response.once('drain', () => decoder.resume());
    }
  });
  decoder.on('error', () => broken(unscrubbable('The answer is not in the coding that it names.')));
  decoder.on('drain', drained);
  decoder.on('end', () => {
    const rest = stream.end();
    if (rest.length > 0) response.write(rest);
    finish(response, trailers);
  });
  return {
    write(chunk) {
      bytes += chunk.length;
      return decoder.write(chunk);
    },
    end(list) {
      trailers = list;
      // An empty body names its coding too, and is no fault of it.
      if (bytes === 0) finish(response, trailers);
      else decoder.end();
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

function finish(response: ServerResponse, trailers: readonly string[]): void {
  if (trailers.length > 0) {
    const pairs: [string, string][] = [];
    for (let i = 0; i < trailers.length; i += 2) {
      pairs.push([trailers[i] as string, trailers[i + 1] as string]);
    }
    response.addTrailers(pairs);
  }
  response.end();
}

function decoderOf(coding: Coding): Transform {
  if (coding === 'gzip') return createGunzip();
  if (coding === 'br') return createBrotliDecompress();
  return createInflate();
}

function latin1(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : bytes.toString('latin1');
}
