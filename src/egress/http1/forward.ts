import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import type { Dispatcher } from 'undici';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import type { BoxState } from '../box-egress.ts';
import { originOf, type Target } from '../target.ts';
import { dialOptionsFor } from '../upstream/options.ts';
import type { Use } from '../use.ts';
import { type AnswerBody, answerBody, answerHead, tooLongAnswer } from './answer.ts';
import { makeResponseRow, type ResponseRow } from './response-row.ts';
import { sendRefusal } from './send-refusal.ts';

/**
 * Sends a request that may leave and streams its answer back. Whatever happens, exactly one
 * `response` row is written for the use.
 */
export function forward(
  box: BoxState,
  target: Target,
  use: Use,
  request: IncomingMessage,
  response: ServerResponse,
  hasBody: boolean,
): void {
  const exchange = new Exchange(box, use, request, response);
  // Its grant may have ended while the row was written.
  if (exchange.isOver) return;
  try {
    box.upstreams.poolFor(target, dialOptionsFor(box, target, use.grant)).dispatch(
      {
        origin: originOf(target),
        path: use.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: use.headers,
        body: hasBody ? exchange.countedBody() : null,
      },
      exchange,
    );
  } catch (error) {
    exchange.fail(error);
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #box: BoxState;
  readonly #use: Use;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #row: ResponseRow;
  #controller: Dispatcher.DispatchController | null = null;
  #body: AnswerBody | null = null;
  #status: number | null = null;
  #scrubbedHead = 0;
  #bytesOut = 0;
  /** Bytes of the answer are being paid for; the next ones wait. */
  #paying = false;

  constructor(box: BoxState, use: Use, request: IncomingMessage, response: ServerResponse) {
    this.#box = box;
    this.#use = use;
    this.#request = request;
    this.#response = response;
    this.#row = makeResponseRow(box, use);
    response.on('close', () => {
      if (this.#row.written) return;
      if (response.writableFinished) {
        this.#record(undefined);
        return;
      }
      this.#record('egress-down');
      this.#controller?.abort(new Error('the box went away'));
    });
    response.on('drain', () => this.#resume());
    use.hold.onEnd(({ code, reason }) => this.#cut(new PowerboxError(code, reason)));
  }

  get isOver(): boolean {
    return this.#row.written;
  }

  /** Both ends, at once. */
  #cut(error: PowerboxError): void {
    this.fail(error);
    this.#controller?.abort(error);
  }

  #resume(): void {
    if (!this.#paying) this.#controller?.resume();
  }

  /** The body as undici takes it; bytes are counted on the way. */
  countedBody(): Uint8Array | IncomingMessage | Transform {
    if (this.#use.body !== null) {
      this.#bytesOut = this.#use.body.length;
      return this.#use.body;
    }
    const { meter } = this.#use;
    const length = this.#request.headers['content-length'];
    if (length !== undefined && meter === null) {
      this.#bytesOut = Number(length);
      return this.#request;
    }
    const counter = new Transform({
      transform: (chunk: Buffer, _, done) => {
        this.#bytesOut += chunk.length;
        if (meter === null) done(null, chunk);
        else meter.pay(chunk.length).then(() => done(null, chunk), done);
      },
    });
    this.#request.on('error', (error) => counter.destroy(error));
    return this.#request.pipe(counter);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#response.destroyed || this.isOver) controller.abort(new Error('the box went away'));
    else this.#use.model?.sent();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message?: string,
  ): void {
    if (status < 200) return;
    const scrubber = this.#use.guarded ? this.#box.secrets.scrubber : null;
    const raw = controller.rawHeaders as Buffer[];
    const result = answerHead(status, message ?? '', raw, scrubber);
    if (!result.ok) {
      this.#refuse('response-unscrubbable', result.reason);
      controller.abort(new Error(result.reason));
      return;
    }
    const { head } = result;
    const { headers, coding } = head;
    const bodiless = this.#request.method === 'HEAD' || status === 204 || status === 304;
    const limit = bodiless ? null : this.#use.responseBytesMax;
    if (limit !== null && declaredLength(headers) > limit) {
      const failure = tooLongAnswer(limit);
      this.#refuse(failure.code, failure.message);
      controller.abort(failure);
      return;
    }
    this.#use.model?.begin(status, headerOf(headers, 'content-type'), coding === null);
    this.#status = status;
    this.#scrubbedHead = head.scrubbed;
    this.#response.sendDate = false;
    this.#response.writeHead(status, head.message, headers);
    this.#body = answerBody(
      this.#response,
      bodiless ? null : coding,
      scrubber,
      limit,
      (failure) => this.fail(failure),
      () => this.#resume(),
    );
    // A head that waits for its first body byte would stall event streams and long polls.
    setImmediate(() => {
      if (!this.#response.writableEnded) this.#response.flushHeaders();
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const limit = this.#use.responseBytesMax;
    if (limit !== null && (this.#body?.bytes ?? 0) + chunk.length > limit) {
      this.fail(tooLongAnswer(limit));
      return;
    }
    const { meter, model } = this.#use;
    model?.push(chunk);
    if (meter === null) {
      if (this.#body?.write(chunk) === false) controller.pause();
      return;
    }
    this.#paying = true;
    controller.pause();
    meter.pay(chunk.length).then(
      () => {
        this.#paying = false;
        if (this.isOver || this.#body?.write(chunk) === false) return;
        controller.resume();
      },
      (error: unknown) =>
        this.#cut(PowerboxError.is(error) ? error : new PowerboxError('internal', 'Not paid.')),
    );
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const raw = (controller.rawTrailers ?? []) as Buffer[];
    this.#body?.end(this.#trailers(raw));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  /** Before a head was sent the box gets an explanation, after that a cut connection. */
  fail(error: unknown): void {
    if (this.#row.written) return;
    const { code, reason } = explainFailure(error);
    if (this.#response.headersSent) {
      this.#record(code);
      this.#response.destroy();
      this.#controller?.abort(new Error(reason));
    } else {
      this.#refuse(code, reason);
    }
  }

  #refuse(code: ErrorCode, reason: string): void {
    this.#status = sendRefusal(this.#response, { code, reason }, this.#box.config.box, null);
    this.#record(code);
  }

  #trailers(raw: readonly Buffer[]): string[] {
    if (raw.length === 0) return [];
    const scrubber = this.#use.guarded ? this.#box.secrets.scrubber : null;
    const result = answerHead(200, '', raw, scrubber);
    if (!result.ok) return [];
    this.#scrubbedHead += result.head.scrubbed;
    return result.head.headers;
  }

  #record(code: ErrorCode | undefined): void {
    const passed = {
      bytesOut: this.#bytesOut,
      bytesIn: this.#body?.bytes ?? 0,
      scrubbed: this.#scrubbedHead + (this.#body?.scrubbed ?? 0),
    };
    this.#row.write(this.#status, passed, code);
    this.#use.model?.settle(code);
  }
}

/** The length that an answer says it has; zero when it says none. */
function declaredLength(headers: readonly string[]): number {
  return Number(headerOf(headers, 'content-length'));
}

function headerOf(headers: readonly string[], name: string): string {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? '' : (headers[at + 1] as string);
}

/** Only our own words reach the box; an upstream's error text could hold what it was sent. */
export function explainFailure(error: unknown): { code: ErrorCode; reason: string } {
  if (PowerboxError.is(error)) return { code: error.code, reason: error.message };
  const code = (error as NodeJS.ErrnoException | null)?.code ?? 'unknown';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return { code: 'upstream-timeout', reason: 'The upstream server took too long to answer.' };
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return { code: 'request-malformed', reason: 'The request cannot be sent as HTTP/1.1.' };
  }
  return {
    code: 'upstream-unreachable',
    reason: `The connection to the upstream server failed (${/^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown'}).`,
  };
}
