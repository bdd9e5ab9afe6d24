import { Transform } from 'node:stream';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import type { BoxState } from '../box-egress.ts';
import { REQUEST_IDLE_MS_MAX, SHARE_OF_CHUNK } from '../limits.ts';
import type { Target } from '../target.ts';
import { dialOptionsFor } from '../upstream/options.ts';
import type { RequestBody } from '../upstream/send.ts';
import { refused, type Use } from '../use.ts';
import { type AnswerBody, answerBody, tooLongAnswer } from './answer-body.ts';
import type { AnswerControl, AnswerHandler } from './answer-handler.ts';
import { answerHead } from './answer-head.ts';
import type { Caller } from './caller.ts';
import { explainFailure } from './failure.ts';
import { makeResponseRow, type ResponseRow } from './response-row.ts';
import { type Silence, watchSilence } from './silence.ts';

/**
 * Sends a request that may leave and streams its answer back. Whatever happens, exactly one
 * `response` row is written for the use.
 */
export function forward(box: BoxState, target: Target, use: Use, caller: Caller): void {
  const exchange = new Exchange(box, target, use, caller);
  // Its grant may have ended while the row was written.
  if (exchange.isOver) return;
  try {
    const request = {
      method: caller.method,
      path: use.path,
      headers: use.headers,
      body: exchange.requestBody(),
      preferred: caller.protocol,
    };
    box.upstreams.send(target, dialOptionsFor(box, target, use.grant), request, exchange);
  } catch (error) {
    exchange.fail(error);
  }
}

/** One use while it is under way, between the program and the upstream. */
class Exchange implements AnswerHandler {
  readonly #box: BoxState;
  readonly #target: Target;
  readonly #use: Use;
  readonly #caller: Caller;
  readonly #row: ResponseRow;
  #control: AnswerControl | null = null;
  #body: AnswerBody | null = null;
  #status: number | null = null;
  #scrubbedHead = 0;
  #bytesOut = 0;
  /** While a body goes to the upstream and nothing has come back. */
  #silence: Silence | null = null;
  /** Bytes of the answer are being paid for; the next ones wait. */
  #paying = false;
  /** The box has been sent more than it reads. */
  #full = false;
  /** The box has had its share of this turn. */
  #yielding = false;

  constructor(box: BoxState, target: Target, use: Use, caller: Caller) {
    this.#box = box;
    this.#target = target;
    this.#use = use;
    this.#caller = caller;
    this.#row = makeResponseRow(box, use);
    caller.onClose((whole) => {
      if (this.#row.written) return;
      if (whole) {
        this.#record(undefined);
        return;
      }
      this.#record('egress-down');
      this.#control?.abort(new Error('the box went away'));
    });
    caller.onDrain(() => {
      this.#body?.drained();
      this.#resume();
    });
    use.hold.onEnd(({ code, reason }) => this.#cut(new PowerboxError(code, reason)));
  }

  get isOver(): boolean {
    return this.#row.written;
  }

  /** Both ends, at once. */
  #cut(error: PowerboxError): void {
    this.fail(error);
    this.#control?.abort(error);
  }

  #resume(): void {
    this.#full = false;
    if (!this.#paying && !this.#yielding) this.#control?.resume();
  }

  /** Goes on when the other boxes have had their turn. */
  #yield(): void {
    if (this.#yielding) return;
    this.#yielding = true;
    this.#control?.pause();
    this.#box.share.when(SHARE_OF_CHUNK, () => {
      this.#yielding = false;
      if (!this.#full) this.#resume();
    });
  }

  /** The body as an upstream is sent it; bytes are counted on the way. */
  requestBody(): RequestBody {
    const { body } = this.#caller;
    if (this.#use.body !== null) {
      this.#bytesOut = this.#use.body.length;
      return this.#use.body;
    }
    if (body === null) return null;
    const { meter } = this.#use;
    // Also where there is nothing to look for yet: a secret may come while the body does.
    const leaks = this.#box.leaks.stream('the body');
    const { share } = this.#box;
    const counter = new Transform({
      // What waits in a stream is counted in bytes, and may be tiny pieces.
      highWaterMark: 1,
      transform: (chunk: Buffer, _, done) => {
        this.#silence?.heard();
        if (!this.#isClean(() => leaks.write(chunk))) return;
        this.#bytesOut += chunk.length;
        const go = () => done(null, chunk);
        if (meter !== null) meter.pay(chunk.length).then(go, done);
        else if (share.did(chunk.length)) go();
        else share.when(SHARE_OF_CHUNK, go);
      },
      flush: (done) => {
        this.#silence?.over();
        if (this.#isClean(() => leaks.end())) done();
      },
    });
    this.#silence = watchSilence(REQUEST_IDLE_MS_MAX, () => this.#cut(stalled(counter)));
    body.on('error', (error) => counter.destroy(error));
    return body.pipe(counter);
  }

  /** False for a piece of the body that holds a value: then both ends are cut before it is sent. */
  #isClean(look: () => void): boolean {
    if (this.isOver) return false;
    try {
      look();
      return true;
    } catch (error) {
      const { call, url, grant } = this.#use;
      const refusal = explainFailure(error);
      void refused(this.#box, this.#target, call, url, refusal, grant);
      this.#cut(new PowerboxError(refusal.code, refusal.reason));
      return false;
    }
  }

  start(control: AnswerControl): void {
    this.#control = control;
    if (this.#caller.gone || this.isOver) control.abort(new Error('the box went away'));
    else this.#use.model?.sent();
  }

  head(status: number, message: string, raw: readonly Buffer[], isWhole: boolean): void {
    this.#silence?.over();
    const scrubber = this.#use.guarded ? this.#box.secrets.scrubber : null;
    const result = answerHead(status, message, raw, scrubber);
    if (!result.ok) {
      this.#refuse('response-unscrubbable', result.reason);
      this.#control?.abort(new Error(result.reason));
      return;
    }
    const { head } = result;
    const { headers, coding } = head;
    const bodiless = isWhole || this.#caller.method === 'HEAD' || status === 204 || status === 304;
    const limit = bodiless ? null : this.#use.responseBytesMax;
    if (limit !== null && declaredLength(headers) > limit) {
      const failure = tooLongAnswer(limit);
      this.#refuse(failure.code, failure.message);
      this.#control?.abort(failure);
      return;
    }
    this.#use.model?.begin(status, headerOf(headers, 'content-type'), coding === null);
    this.#status = status;
    this.#scrubbedHead = head.scrubbed;
    this.#caller.begin(status, head.message, headers, bodiless);
    this.#body = answerBody(this.#caller, {
      coding: bodiless ? null : coding,
      scrubber: scrubber === null ? null : () => this.#box.secrets.scrubber,
      bytesMax: limit,
      broken: (failure) => this.fail(failure),
      drained: () => this.#resume(),
    });
  }

  data(piece: Buffer): void {
    // A tiny piece that waits for the program would keep all that was read with it.
    const roomy = piece.buffer.byteLength > ROOM_RATIO_MAX * piece.length;
    const chunk = roomy ? Buffer.from(piece) : piece;
    const limit = this.#use.responseBytesMax;
    if (limit !== null && (this.#body?.bytes ?? 0) + chunk.length > limit) {
      this.fail(tooLongAnswer(limit));
      return;
    }
    const { meter, model } = this.#use;
    model?.push(chunk);
    if (meter === null) {
      if (this.#body?.write(chunk) === false) {
        this.#full = true;
        this.#control?.pause();
      }
      if (!this.#box.share.did(chunk.length)) this.#yield();
      return;
    }
    this.#paying = true;
    this.#control?.pause();
    meter.pay(chunk.length).then(
      () => {
        this.#paying = false;
        if (this.isOver || this.#body?.write(chunk) === false) return;
        this.#control?.resume();
      },
      (error: unknown) =>
        this.#cut(PowerboxError.is(error) ? error : new PowerboxError('internal', 'Not paid.')),
    );
  }

  end(rawTrailers: readonly Buffer[]): void {
    this.#body?.end(this.#trailers(rawTrailers));
  }

  /** Before a head was sent the box gets an explanation, after that a cut connection. */
  fail(error: unknown): void {
    if (this.#row.written) return;
    const { code, reason } = explainFailure(error);
    if (this.#caller.answered) {
      this.#record(code);
      this.#caller.cut();
      this.#control?.abort(new Error(reason));
    } else {
      this.#refuse(code, reason);
    }
  }

  #refuse(code: ErrorCode, reason: string): void {
    this.#status = this.#caller.refuse({ code, reason }, null);
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
    this.#silence?.over();
    const passed = {
      bytesOut: this.#bytesOut,
      bytesIn: this.#body?.bytes ?? 0,
      scrubbed: this.#scrubbedHead + (this.#body?.scrubbed ?? 0),
    };
    this.#row.write(this.#status, passed, code);
    this.#use.model?.settle(code);
  }
}

/** How many times its own length the buffer may have that a piece of an answer was cut from. */
const ROOM_RATIO_MAX = 8;

/** Which of the two ends it was that a body came to a stop at. */
function stalled(body: Transform): PowerboxError {
  return body.readableLength > 0
    ? new PowerboxError('upstream-timeout', 'The upstream server stopped taking the request.')
    : new PowerboxError('limit-exceeded', 'The body of the request stopped arriving.');
}

/** The length that an answer says it has; zero when it says none. */
function declaredLength(headers: readonly string[]): number {
  return Number(headerOf(headers, 'content-length'));
}

function headerOf(headers: readonly string[], name: string): string {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? '' : (headers[at + 1] as string);
}
