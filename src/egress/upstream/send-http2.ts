import { STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import { PowerboxError } from '../../wire/errors.ts';
import type { AnswerControl, AnswerHandler } from '../exchange/answer-handler.ts';
import { headerValues } from '../exchange/request-head.ts';
import type { ClientStream, StreamHandler } from './client-stream.ts';
import { http2Head } from './http2-head.ts';
import { INTERIM_ANSWERS_MAX } from './limits.ts';
import type { OtherWay, OutgoingRequest } from './send.ts';
import type { KeptSession } from './session.ts';
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

const SHORTER = 'The upstream server ended its answer before it was as long as its head says.';

class Http2Request implements Waiting, StreamHandler, AnswerControl {
  readonly #sessions: Sessions;
  readonly #request: OutgoingRequest;
  readonly #handler: AnswerHandler;
  readonly #other: OtherWay | null;
  readonly #block: Buffer;
  #stream: ClientStream | null = null;
  #isStarted = false;
  /** `end` or `fail` was told, or nobody wants to be told. */
  #isOver = false;
  #hasHead = false;
  #interim = 0;
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
    this.#block = http2Head(request);
  }

  begin(session: KeptSession): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#handler.start(this);
    }
    if (this.#isOver) return;
    const { body } = this.#request;
    const stream = session.begin(this.#block, body === null, this);
    this.#stream = stream;
    if (this.#isPaused) stream.pause();
    if (body === null) return;
    if (body instanceof Uint8Array) {
      stream.write(Buffer.from(body.buffer, body.byteOffset, body.length));
      stream.end();
    } else {
      this.#pump(stream, body);
    }
  }

  unspoken(): void {
    if (this.#other !== null) this.#other.send(this.#request, this.#handler);
    else this.#fail(new PowerboxError('upstream-unreachable', UNSPOKEN));
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
    this.#stream?.reset();
  }

  sweep({ sweepMs, headMs, idleMs }: Times): void {
    if (this.#isPaused) return;
    this.#idleMs += sweepMs;
    if (this.#idleMs <= (this.#hasHead ? idleMs : headMs)) return;
    this.#fail(
      new PowerboxError('upstream-timeout', 'The upstream server took too long to answer.'),
    );
  }

  head(status: number, fields: readonly string[], isWhole: boolean): void {
    if (this.#isOver) return;
    this.#idleMs = 0;
    if (status >= 200) {
      if (isWhole && this.#lacksBody(status, fields)) {
        this.#fail(new PowerboxError('upstream-unreachable', SHORTER));
        return;
      }
      this.#hasHead = true;
      this.#handler.head(status, STATUS_CODES[status] ?? '', bytesOf(fields), isWhole);
      return;
    }
    // RFC 9110 section 15.2: what comes before the final answer may be left out.
    this.#interim += 1;
    if (this.#interim <= INTERIM_ANSWERS_MAX) return;
    this.#fail(new PowerboxError('upstream-unreachable', 'The upstream server never answers.'));
  }

  /** A length is of a body that must follow, except where none does (RFC 9110 section 8.6). */
  #lacksBody(status: number, fields: readonly string[]): boolean {
    if (this.#request.method === 'HEAD' || status === 304) return false;
    return headerValues(fields, 'content-length').some((length) => Number(length) > 0);
  }

  data(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#idleMs = 0;
    this.#handler.data(chunk);
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.end(bytesOf(trailers));
    // What the program still sends is of no use to a server that has answered whole.
    if (this.#stream?.allSent === false) this.#stream.reset();
    const { body } = this.#request;
    if (body !== null && !(body instanceof Uint8Array)) body.resume();
  }

  /**
   * What a server refused it has not processed (RFC 9113 section 8.7), so it is sent once more, where
   * its body is still here. Else, or from `Waiting`, it fails.
   */
  fail(error: unknown, refused = false): void {
    if (this.#isOver) return;
    const { body } = this.#request;
    const canRepeat = body === null || body instanceof Uint8Array;
    if (!refused || this.#hasHead || this.#isAgain || !canRepeat) {
      this.#fail(error);
      return;
    }
    this.#isAgain = true;
    this.#stream = null;
    this.#sessions.enter(this);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream?.reset();
    this.#handler.fail(error);
  }

  #pump(stream: ClientStream, body: Readable): void {
    body.on('data', (chunk: Buffer) => {
      this.#idleMs = 0;
      if (!stream.write(chunk)) body.pause();
    });
    body.once('end', () => stream.end());
    const gone = (): void => {
      if (stream.ended || this.#isOver) return;
      this.#fail(new PowerboxError('request-malformed', 'The body of the request ended early.'));
    };
    body.once('error', gone);
    body.once('close', gone);
  }

  /** What was written of the body has gone. */
  drain(): void {
    this.#idleMs = 0;
    const { body } = this.#request;
    if (body !== null && !(body instanceof Uint8Array)) body.resume();
  }
}

function bytesOf(fields: readonly string[]): Buffer[] {
  return fields.map((text) => Buffer.from(text, 'latin1'));
}
