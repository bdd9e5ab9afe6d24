import { STATUS_CODES } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { Readable } from 'node:stream';
import { PowerboxError } from '../../wire/errors.ts';
import type { AnswerControl, AnswerHandler } from '../exchange/answer-handler.ts';
import { http2Head } from './http2-head.ts';
import { INTERIM_ANSWERS_MAX } from './limits.ts';
import type { OtherWay, OutgoingRequest } from './send.ts';
import type { KeptSession, Live } from './session.ts';
import type { Sessions, Waiting } from './sessions.ts';
import type { Times } from './times.ts';

/**
 * Sends a request over HTTP/2 by the kept sessions of an upstream; by `other` where it turns out to
 * speak HTTP/1.1 only.
 */
export function sendHttp2(
  sessions: Sessions,
  request: OutgoingRequest,
  handler: AnswerHandler,
  other: OtherWay | null,
): void {
  sessions.enter(new Http2Request(sessions, request, handler, other));
}

const UNSPOKEN = 'The upstream server speaks now this and then that version of HTTP.';
/** RFC 9113 section 7; the codes that are looked at. */
const CANCEL = 0x8;
const REFUSED_STREAM = 0x7;
/** The name of each code, for the reason that the box is given. */
const CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** The request of a stream or of a body: listeners are shared, and find it here. */
const REQUEST: unique symbol = Symbol('request');
interface OfRequest {
  [REQUEST]: Http2Request;
}
type RequestStream = ClientHttp2Stream & OfRequest;

class Http2Request implements Waiting, Live, AnswerControl {
  readonly #sessions: Sessions;
  readonly #request: OutgoingRequest;
  readonly #handler: AnswerHandler;
  readonly #other: OtherWay | null;
  readonly #head: OutgoingHttpHeaders;
  #session: KeptSession | null = null;
  #stream: ClientHttp2Stream | null = null;
  #isStarted = false;
  /** `end` or `fail` was told, or nobody wants to be told. */
  #isOver = false;
  /** The server has ended the answer itself (END_STREAM); a stream also ends when it is reset. */
  #isWhole = false;
  #hasHead = false;
  #interim = 0;
  #trailers: readonly Buffer[] = [];
  #error: unknown = null;
  #wasRefused = false;
  #isAgain = false;
  #isPaused = false;
  #idleMs = 0;

  constructor(
    sessions: Sessions,
    request: OutgoingRequest,
    handler: AnswerHandler,
    other: OtherWay | null,
  ) {
    this.#sessions = sessions;
    this.#request = request;
    this.#handler = handler;
    this.#other = other;
    this.#head = http2Head(request);
  }

  begin(session: KeptSession): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#handler.start(this);
    }
    if (this.#isOver) return;
    const { body } = this.#request;
    try {
      const stream = session.begin(this.#head, body === null, this) as RequestStream;
      this.#session = session;
      this.#stream = stream;
      stream[REQUEST] = this;
      listen(stream);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (body === null) return;
    if (body instanceof Uint8Array) this.#stream.end(body);
    else this.#pump(body);
  }

  unspoken(): void {
    if (this.#other !== null) this.#other.send(this.#request, this.#handler);
    else this.#fail(new PowerboxError('upstream-unreachable', UNSPOKEN));
  }

  fail(error: unknown): void {
    this.#fail(error);
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  abort(): void {
    this.#isOver = true;
    this.#stop();
  }

  sweep({ sweepMs, headMs, idleMs }: Times): void {
    if (this.#isPaused) return;
    this.#idleMs += sweepMs;
    if (this.#idleMs <= (this.#hasHead ? idleMs : headMs)) return;
    this.#fail(
      new PowerboxError('upstream-timeout', 'The upstream server took too long to answer.'),
    );
  }

  refusedAfter(id: number): void {
    const own = this.#stream?.id;
    if (own !== undefined && own > id) this.#wasRefused = true;
  }

  /** Something went either way. */
  moved(): void {
    this.#idleMs = 0;
  }

  onInterim(): void {
    this.#interim += 1;
    if (this.#interim > INTERIM_ANSWERS_MAX) {
      this.#fail(new PowerboxError('upstream-unreachable', 'The upstream server never answers.'));
    }
  }

  onHead(status: number, raw: readonly string[]): void {
    if (this.#isOver) return;
    this.#idleMs = 0;
    this.#hasHead = true;
    this.#handler.head(status, STATUS_CODES[status] ?? '', bytesOf(raw), this.#isWhole);
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#idleMs = 0;
    this.#handler.data(chunk);
  }

  onTrailers(raw: readonly string[]): void {
    this.#trailers = bytesOf(raw);
  }

  onWhole(): void {
    this.#isWhole = true;
  }

  onEnd(): void {
    if (this.#isOver) return;
    if (!this.#isWhole || !this.#hasHead) {
      this.#fail(this.#explained());
      return;
    }
    this.#isOver = true;
    this.#handler.end(this.#trailers);
    // What the program still sends is of no use to a server that has answered whole.
    if (this.#stream?.writableEnded === false) this.#stop();
    const { body } = this.#request;
    if (body !== null && !(body instanceof Uint8Array)) body.resume();
  }

  onError(error: unknown): void {
    this.#error = error;
  }

  onClose(): void {
    const code = this.#stream?.rstCode;
    this.#session?.over(this);
    if (this.#isOver) return;
    if (this.#wasRefused || code === REFUSED_STREAM) this.#again();
    else this.#fail(this.#explained());
  }

  onBodyGone(): void {
    if (this.#stream?.writableEnded === true) return;
    this.#fail(new PowerboxError('request-malformed', 'The body of the request ended early.'));
  }

  /**
   * What a server refused it has not processed (RFC 9113 section 8.7), so it is sent once more, where
   * its body is still here.
   */
  #again(): void {
    const { body } = this.#request;
    const canRepeat = body === null || body instanceof Uint8Array;
    if (this.#isAgain || this.#hasHead || !canRepeat) {
      this.#fail(
        new PowerboxError(
          'upstream-unreachable',
          'The upstream server refused the request unread.',
        ),
      );
      return;
    }
    this.#isAgain = true;
    this.#wasRefused = false;
    this.#error = null;
    this.#stream = null;
    this.#sessions.enter(this);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop();
    this.#handler.fail(error);
  }

  #stop(): void {
    const stream = this.#stream;
    if (stream !== null && !stream.closed) stream.close(CANCEL);
  }

  #pump(body: Readable): void {
    const tagged = body as Readable & OfRequest;
    tagged[REQUEST] = this;
    tagged.on('data', onBodyData);
    tagged.once('end', onBodyEnd);
    tagged.once('error', onBodyGone);
    tagged.once('close', onBodyGone);
    this.#stream?.on('drain', () => body.resume());
  }

  /** Sends a piece of the body; false when the upstream reads slower than the program writes. */
  write(chunk: Buffer): boolean {
    this.#idleMs = 0;
    const stream = this.#stream;
    if (stream === null || stream.closed || stream.writableEnded) return true;
    return stream.write(chunk);
  }

  endBody(): void {
    const stream = this.#stream;
    if (stream !== null && !stream.closed) stream.end();
  }

  #explained(): unknown {
    if (PowerboxError.is(this.#error)) return this.#error;
    const code = this.#stream?.rstCode ?? CANCEL;
    const name = CODES[code] ?? 'unknown';
    return new PowerboxError(
      'upstream-unreachable',
      `The upstream server ended the answer before it was whole (${name}).`,
    );
  }
}

function listen(stream: RequestStream): void {
  stream.push = pushAndNote;
  stream.on('headers', onInterim);
  stream.on('response', onResponse as (headers: IncomingHttpHeaders, flags: number) => void);
  stream.on('trailers', onTrailers as (headers: IncomingHttpHeaders, flags: number) => void);
  stream.on('data', onData);
  stream.on('end', onEnd);
  stream.on('error', onError);
  stream.on('close', onClose);
}

/**
 * A stream ends alike whether the server ended it or reset it with NO_ERROR; only when it is pushed
 * its end is it told apart, by what was closed before.
 */
function pushAndNote(this: RequestStream, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this[REQUEST].onWhole();
  return Readable.prototype.push.call(this, chunk, encoding);
}

function onInterim(this: RequestStream): void {
  this[REQUEST].onInterim();
}

function onResponse(
  this: RequestStream,
  headers: IncomingHttpHeaders & { ':status'?: number },
  _flags: number,
  raw: readonly string[],
): void {
  this[REQUEST].onHead(Number(headers[':status']), raw);
}

function onTrailers(
  this: RequestStream,
  _headers: IncomingHttpHeaders,
  _flags: number,
  raw: readonly string[],
): void {
  this[REQUEST].onTrailers(raw);
}

function onData(this: RequestStream, chunk: Buffer): void {
  this[REQUEST].onData(chunk);
}

function onEnd(this: RequestStream): void {
  this[REQUEST].onEnd();
}

function onError(this: RequestStream, error: unknown): void {
  this[REQUEST].onError(error);
}

function onClose(this: RequestStream): void {
  this[REQUEST].onClose();
}

function onBodyData(this: Readable & OfRequest, chunk: Buffer): void {
  if (!this[REQUEST].write(chunk)) this.pause();
}

function onBodyEnd(this: Readable & OfRequest): void {
  this[REQUEST].endBody();
}

function onBodyGone(this: Readable & OfRequest): void {
  this[REQUEST].onBodyGone();
}

/** Names and values as bytes, without pseudo-headers. */
function bytesOf(raw: readonly string[]): Buffer[] {
  const bytes: Buffer[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.startsWith(':')) continue;
    bytes.push(Buffer.from(name, 'latin1'), Buffer.from(raw[i + 1] as string, 'latin1'));
  }
  return bytes;
}
