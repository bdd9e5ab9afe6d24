import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, PassThrough, Transform } from 'node:stream';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import type { BoxState } from '../box-egress.ts';
import { answerHead } from '../exchange/answer-head.ts';
import { explainFailure } from '../exchange/failure.ts';
import { makeResponseRow, type ResponseRow } from '../exchange/response-row.ts';
import { RESPONSE_HEAD_MS_MAX } from '../limits.ts';
import type { Meter } from '../link/meter.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Target } from '../target.ts';
import { dial, literalRefusal } from '../upstream/dial.ts';
import { dialOptionsFor } from '../upstream/options.ts';
import type { Use } from '../use.ts';
import { writeRefusal } from './send-refusal.ts';
import { websocketScrub } from './websocket-scrub.ts';

const UNREADABLE = 'The answer came in a coding that cannot be read for echoes.';

/**
 * A WebSocket: judged at its upgrade, with the secret in its slot there. Where a secret is bound
 * the compression extension was taken off the request, and an upstream that compresses all the same
 * is cut, so that echoes in its frames can be seen.
 */
export function forwardUpgrade(
  box: BoxState,
  target: Target,
  use: Use,
  socket: Duplex,
  early: Buffer,
): void {
  const exchange = new UpgradeExchange(box, use, socket);
  if (exchange.isOver) return;
  const options = dialOptionsFor(box, target, use.grant);
  const refusal = literalRefusal(target, options);
  if (refusal !== null) {
    exchange.fail(refusal);
    return;
  }
  dial(target, options, (error, upstream) => {
    if (upstream === null) {
      exchange.fail(error);
      return;
    }
    if (socket.destroyed || exchange.isOver) {
      upstream.destroy();
      exchange.fail(new Error('the box went away'));
      return;
    }
    exchange.hold(upstream);
    box.sockets.add(upstream);
    upstream.once('close', () => box.sockets.delete(upstream));
    let outgoing: ClientRequest;
    try {
      outgoing = httpRequest({
        createConnection: () => upstream,
        method: 'GET',
        path: use.path,
        headers: [...use.headers, 'connection', 'Upgrade', 'upgrade', 'websocket'],
        setHost: false,
        timeout: RESPONSE_HEAD_MS_MAX,
      });
    } catch (failure) {
      upstream.destroy();
      exchange.fail(failure);
      return;
    }
    outgoing.on('upgrade', (answer, _, first) => exchange.splice(answer, upstream, first, early));
    outgoing.on('response', (answer) => exchange.decline(answer));
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', (failure) => exchange.fail(failure));
    outgoing.end();
    socket.once('close', () => outgoing.destroy());
  });
}

/** One upgrade from the answer on: it is spliced, declined, or fails, and leaves one row. */
class UpgradeExchange {
  readonly #box: string;
  readonly #row: ResponseRow;
  readonly #socket: Duplex;
  readonly #scrubber: Scrubber | null;
  readonly #bytesMax: number;
  readonly #meter: Meter | null;
  readonly #passed = { bytesIn: 0, bytesOut: 0, scrubbed: 0 };
  #upstream: Socket | null = null;
  /** Of the head that the box was sent; null before that. */
  #status: number | null = null;

  constructor(box: BoxState, use: Use, socket: Duplex) {
    this.#box = box.config.box;
    this.#row = makeResponseRow(box, use);
    this.#socket = socket;
    this.#scrubber = use.guarded ? box.secrets.scrubber : null;
    this.#bytesMax = use.responseBytesMax ?? Number.POSITIVE_INFINITY;
    this.#meter = use.meter;
    use.hold.onEnd(({ code, reason }) => this.#cut(new PowerboxError(code, reason)));
  }

  get isOver(): boolean {
    return this.#row.written;
  }

  /** The other end, for when the grant ends. */
  hold(upstream: Socket): void {
    this.#upstream = upstream;
  }

  /** Both ends, at once; where no head was sent yet the box is told why. */
  #cut(error: PowerboxError): void {
    const joined = this.#status !== null;
    if (!joined) this.fail(error);
    this.#row.write(this.#status, this.#passed, error.code);
    if (joined) this.#socket.destroy();
    this.#upstream?.destroy();
  }

  fail(error: unknown): void {
    const failure = explainFailure(error);
    if (!this.#row.written) writeRefusal(this.#socket, failure, this.#box, null);
    this.#row.write(null, this.#passed, failure.code);
  }

  /** The upstream answered with something else than an upgrade, for example 426. */
  decline(answer: IncomingMessage): void {
    const head = this.#head(answer, 'connection: close\r\n');
    const coded = answer.headers['content-encoding'] !== undefined && this.#scrubber !== null;
    if (head === null || coded) {
      answer.destroy();
      this.fail(new PowerboxError('response-unscrubbable', UNREADABLE));
      return;
    }
    this.#status = answer.statusCode ?? null;
    this.#socket.write(head, 'latin1');
    const paid = counter(() => {}, this.#meter);
    paid.on('error', (error) => this.#cut(errorOf(error)));
    const passing = answer.pipe(paid).pipe(scrubbing(this.#scrubber, this.#passed));
    passing.on('data', () => {
      if (this.#passed.bytesIn <= this.#bytesMax) return;
      this.#row.write(answer.statusCode ?? null, this.#passed, 'narrowing-refused');
      answer.destroy();
      this.#socket.destroy();
    });
    passing.pipe(this.#socket);
    answer.once('close', () => this.#row.write(answer.statusCode ?? null, this.#passed));
  }

  /** Joins both ends; `first` and `early` are what came behind the two heads. */
  splice(answer: IncomingMessage, upstream: Socket, first: Buffer, early: Buffer): void {
    const socket = this.#socket;
    const head = isPlainWebsocket(answer, this.#scrubber)
      ? this.#head(answer, 'connection: Upgrade\r\nupgrade: websocket\r\n')
      : null;
    const end = (status: number | null, code?: ErrorCode) => {
      this.#row.write(status, this.#passed, code);
      socket.destroy();
      upstream.destroy();
    };
    if (head === null) {
      end(null, 'response-unscrubbable');
      return;
    }
    this.#status = 101;
    socket.write(head, 'latin1');
    if (first.length > 0) upstream.unshift(first);
    if (early.length > 0) socket.unshift(early);
    const passed = this.#passed;
    const outward = counter((bytes) => {
      passed.bytesOut += bytes;
    }, this.#meter);
    const inward = counter((bytes) => {
      passed.bytesIn += bytes;
      if (passed.bytesIn > this.#bytesMax) end(101, 'narrowing-refused');
    }, this.#meter);
    for (const paid of [outward, inward]) paid.on('error', (error) => this.#cut(errorOf(error)));
    const frames =
      this.#scrubber === null
        ? new PassThrough()
        : websocketScrub(this.#scrubber, (echoes) => {
            passed.scrubbed += echoes;
          });
    socket.pipe(outward).pipe(upstream);
    upstream.pipe(inward).pipe(frames).pipe(socket);
    socket.once('close', () => end(101));
    upstream.once('close', () => end(101));
    upstream.on('error', () => end(101));
    frames.on('error', () => end(101, 'response-unscrubbable'));
  }

  #head(answer: IncomingMessage, extra: string): string | null {
    const raw = answer.rawHeaders.map((text) => Buffer.from(text, 'latin1'));
    const { statusCode = 502, statusMessage = '' } = answer;
    const result = answerHead(statusCode, statusMessage, raw, this.#scrubber);
    if (!result.ok) return null;
    const { status, message, headers, scrubbed } = result.head;
    this.#passed.scrubbed += scrubbed;
    let text = `HTTP/1.1 ${status} ${message}\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    return `${text}${extra}\r\n`;
  }
}

/** An extension would hide echoes; none was asked for where a secret is bound. */
function isPlainWebsocket(answer: IncomingMessage, scrubber: Scrubber | null): boolean {
  const { statusCode, headers } = answer;
  if (statusCode !== 101 || headers.upgrade?.toLowerCase() !== 'websocket') return false;
  return scrubber === null || headers['sec-websocket-extensions'] === undefined;
}

/** Bytes that a budget counts are paid for before they pass. */
function counter(count: (bytes: number) => void, meter: Meter | null): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      count(chunk.length);
      if (meter === null) done(null, chunk);
      else meter.pay(chunk.length).then(() => done(null, chunk), done);
    },
  });
}

function errorOf(error: unknown): PowerboxError {
  return PowerboxError.is(error) ? error : new PowerboxError('internal', 'The exchange broke.');
}

function scrubbing(
  scrubber: Scrubber | null,
  passed: { bytesIn: number; scrubbed: number },
): Transform {
  const stream = scrubber?.stream() ?? null;
  const before = passed.scrubbed;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      passed.bytesIn += chunk.length;
      if (stream === null) {
        done(null, chunk);
        return;
      }
      const clean = stream.write(chunk);
      passed.scrubbed = before + stream.count;
      done(null, clean.length > 0 ? clean : undefined);
    },
    flush(done) {
      const rest = stream?.end();
      done(null, rest !== undefined && rest.length > 0 ? rest : undefined);
    },
  });
}
