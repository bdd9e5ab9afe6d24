import type { Duplex, Readable } from 'node:stream';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import type { BoxState } from '../box-egress.ts';
import { type AnswerHead, answerHead } from '../exchange/answer-head.ts';
import { explainFailure } from '../exchange/failure.ts';
import { makeResponseRow, type ResponseRow } from '../exchange/response-row.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Target } from '../target.ts';
import type { Use } from '../use.ts';
import { type MessageGate, makeMessageGate } from '../use-message.ts';
import { deflateOffers, protocolsOf, withoutHandshake } from './handshake.ts';
import { type Joined, joinSockets } from './join-sockets.ts';
import { meterBytes } from './meter-bytes.ts';
import { type HandshakeHandler, openUpstream, type SocketAnswer } from './open-upstream.ts';
import { scrubBytes } from './scrub-bytes.ts';
import type { SocketCaller } from './socket-caller.ts';

/**
 * A WebSocket that may begin: judged at its handshake, with the secret in its slot there. Where
 * its messages are judged, filled, watched or scrubbed no compression is offered, and an upstream
 * that compresses all the same is cut, so that they can be read. Whatever happens, exactly one
 * `response` row is written for the use.
 */
export function forwardSocket(box: BoxState, target: Target, use: Use, caller: SocketCaller): void {
  const exchange = new SocketExchange(box, target, use, caller);
  // Its grant may have ended while the row was written.
  if (exchange.isOver) return;
  const { path, headers } = use;
  const request = {
    path,
    headers: withoutHandshake(headers),
    deflate: exchange.readsFrames ? '' : deflateOffers(headers),
    protocols: protocolsOf(headers),
    preferred: caller.protocol,
  };
  openUpstream(box, target, use, request, exchange);
}

/** One WebSocket while it is under way: it is joined, declined, or fails, and leaves one row. */
class SocketExchange implements HandshakeHandler {
  readonly #box: BoxState;
  readonly #use: Use;
  readonly #caller: SocketCaller;
  readonly #gate: MessageGate;
  readonly #row: ResponseRow;
  readonly #passed = { bytesIn: 0, bytesOut: 0, scrubbed: 0 };
  #cutUpstream: (() => void) | null = null;
  #joined: Joined | null = null;
  /** Of the head that the box was sent; null before that. */
  #status: number | null = null;

  constructor(box: BoxState, target: Target, use: Use, caller: SocketCaller) {
    this.#box = box;
    this.#use = use;
    this.#caller = caller;
    this.#gate = makeMessageGate(box, target, use);
    this.#row = makeResponseRow(box, use);
    caller.onClose(() => this.#left());
    use.hold.onEnd(({ code, reason }) => this.#cut(new PowerboxError(code, reason)));
  }

  get isOver(): boolean {
    return this.#row.written;
  }

  /** What is said must be seen in plain. */
  get readsFrames(): boolean {
    return this.#use.guarded || this.#gate.reads || this.#gate.watches;
  }

  reached(cut: () => void): void {
    this.#cutUpstream = cut;
    if (this.isOver) cut();
  }

  failed(error: unknown): void {
    if (this.isOver || this.#status !== null) return;
    const failure = explainFailure(error);
    this.#caller.refuse(failure, null);
    this.#end(failure.code);
  }

  accepted(answer: SocketAnswer, upstream: Duplex, deflate: boolean): void {
    if (this.isOver) {
      upstream.destroy();
      return;
    }
    const head = this.#headOf(answer);
    if (head === null) return;
    this.#status = this.#caller.protocol === 'h2' ? 200 : 101;
    const extensions = deflate ? named(head.headers, 'sec-websocket-extensions') : [];
    const program = this.#caller.accept([...withoutHandshake(head.headers), ...extensions]);
    const { meter, responseBytesMax } = this.#use;
    this.#joined = joinSockets(
      { program, upstream },
      {
        meter,
        deflate,
        bytesInMax: responseBytesMax ?? Number.POSITIVE_INFINITY,
        scrubber: this.#scrubbers,
        gate: this.#gate,
        passed: this.#passed,
        over: (code) => this.#end(code),
      },
    );
  }

  declined(answer: SocketAnswer, body: Readable): void {
    const coded = named(answer.headers, 'content-encoding').length > 0;
    const head = this.#headOf(answer, coded && this.#use.guarded);
    if (head === null || this.isOver) {
      body.destroy();
      return;
    }
    this.#status = answer.status;
    const max = this.#use.responseBytesMax ?? Number.POSITIVE_INFINITY;
    const counted = meterBytes((bytes) => {
      this.#passed.bytesIn += bytes;
      if (this.#passed.bytesIn > max) this.#cut(tooLong(max));
    }, this.#use.meter);
    const clean = scrubBytes(this.#scrubbers, (echoes) => {
      this.#passed.scrubbed += echoes;
    });
    for (const stream of [counted, clean]) stream.on('error', (error) => this.#cut(errorOf(error)));
    body.on('error', () => this.#cut(new PowerboxError('upstream-unreachable', BROKEN)));
    body.once('close', () => {
      if (!body.readableEnded) this.#cut(new PowerboxError('upstream-unreachable', BROKEN));
    });
    clean.once('end', () => this.#end());
    this.#caller.decline(head.status, head.message, head.headers, body.pipe(counted).pipe(clean));
  }

  get #scrubbers(): (() => Scrubber) | null {
    return this.#use.guarded ? () => this.#box.secrets.scrubber : null;
  }

  /** The head for the box; null where it cannot be read for echoes, and the exchange has failed. */
  #headOf({ status, message, headers }: SocketAnswer, unreadable = false): AnswerHead | null {
    const raw = headers.map((text) => Buffer.from(text, 'latin1'));
    const scrubber = this.#use.guarded ? this.#box.secrets.scrubber : null;
    const result = answerHead(status, message, raw, scrubber);
    if (result.ok && !unreadable) {
      this.#passed.scrubbed += result.head.scrubbed;
      return result.head;
    }
    const reason = 'The answer came in a coding that cannot be read for echoes.';
    this.failed(new PowerboxError('response-unscrubbable', reason));
    return null;
  }

  /** The program went away. */
  #left(): void {
    if (this.#joined === null) this.#end(this.#status === null ? 'egress-down' : undefined);
    else this.#joined.left();
  }

  /** Both ends, at once; the box is told why. */
  #cut(error: PowerboxError): void {
    if (this.isOver) return;
    if (this.#joined !== null) this.#joined.cut(error);
    else if (this.#status === null) this.#caller.refuse(explainFailure(error), null);
    else this.#caller.cut();
    this.#end(error.code);
  }

  #end(code?: ErrorCode): void {
    if (this.isOver) return;
    this.#row.write(this.#status, this.#passed, code);
    this.#gate.over(this.#status);
    if (this.#joined === null) this.#cutUpstream?.();
  }
}

const BROKEN = 'The connection to the upstream server failed.';

function named(headers: readonly string[], name: string): string[] {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? [] : [headers[at] as string, headers[at + 1] as string];
}

function tooLong(bytesMax: number): PowerboxError {
  const reason = `The answer was cut: the grant allows ${bytesMax} bytes.`;
  return new PowerboxError('narrowing-refused', reason);
}

function errorOf(error: unknown): PowerboxError {
  return PowerboxError.is(error) ? error : new PowerboxError('internal', 'The exchange broke.');
}
