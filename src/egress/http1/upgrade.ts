import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, Transform } from 'node:stream';
import type { ErrorCode } from '../../wire/errors.ts';
import type { BoxState } from '../box-egress.ts';
import { RESPONSE_HEAD_MS_MAX } from '../limits.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Target } from '../target.ts';
import { dial, literalRefusal } from '../upstream/dial.ts';
import { dialOptionsFor } from '../upstream/options.ts';
import type { Use } from '../use.ts';
import { answerHead } from './answer.ts';
import { explainFailure } from './forward.ts';
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
  const exchange = makeExchange(box, use, socket);
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
    if (socket.destroyed) {
      upstream.destroy();
      exchange.fail(new Error('the box went away'));
      return;
    }
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

interface UpgradeExchange {
  fail(error: unknown): void;
  decline(answer: IncomingMessage): void;
  splice(answer: IncomingMessage, upstream: Socket, first: Buffer, early: Buffer): void;
}

function makeExchange(box: BoxState, use: Use, socket: Duplex): UpgradeExchange {
  const started = performance.now();
  const scrubber = use.guarded ? box.scrubber : null;
  const stats = { in: 0, out: 0, scrubbed: 0 };
  let recorded = false;
  function record(status: number | null, code?: ErrorCode): void {
    if (recorded) return;
    recorded = true;
    box.recorder.note({
      kind: 'response',
      box: box.config.box,
      of: use.seq,
      status,
      bytesOut: stats.out,
      bytesIn: stats.in,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      scrubbed: stats.scrubbed,
      ...(code === undefined ? {} : { code }),
    });
  }
  function head(answer: IncomingMessage, extra: string): string | null {
    const raw = answer.rawHeaders.map((text) => Buffer.from(text, 'latin1'));
    const result = answerHead(answer.statusCode ?? 502, answer.statusMessage ?? '', raw, scrubber);
    if (!result.ok) return null;
    stats.scrubbed += result.head.scrubbed;
    let text = `HTTP/1.1 ${result.head.status} ${result.head.message}\r\n`;
    for (let i = 0; i < result.head.headers.length; i += 2) {
      text += `${result.head.headers[i]}: ${result.head.headers[i + 1]}\r\n`;
    }
    return `${text}${extra}\r\n`;
  }
  return {
    fail(error) {
      const failure = explainFailure(error);
      if (!recorded) writeRefusal(socket, failure, box.config.box, null);
      record(null, failure.code);
    },
    /** The upstream answered with something else than an upgrade, for example 426. */
    decline(answer) {
      const text = head(answer, 'connection: close\r\n');
      const coded = answer.headers['content-encoding'] !== undefined && scrubber !== null;
      if (text === null || coded) {
        answer.destroy();
        writeRefusal(
          socket,
          { code: 'response-unscrubbable', reason: UNREADABLE },
          box.config.box,
          null,
        );
        record(null, 'response-unscrubbable');
        return;
      }
      socket.write(text, 'latin1');
      answer.pipe(scrubbing(scrubber, stats)).pipe(socket);
      answer.once('close', () => record(answer.statusCode ?? null));
    },
    splice(answer, upstream, first, early) {
      const text = isPlainWebsocket(answer, scrubber)
        ? head(answer, 'connection: Upgrade\r\nupgrade: websocket\r\n')
        : null;
      if (text === null) {
        upstream.destroy();
        socket.destroy();
        record(null, 'response-unscrubbable');
        return;
      }
      socket.write(text, 'latin1');
      if (first.length > 0) upstream.unshift(first);
      if (early.length > 0) socket.unshift(early);
      const outward = counter((bytes) => {
        stats.out += bytes;
      });
      const inward =
        scrubber === null
          ? scrubbing(null, stats)
          : websocketScrub(scrubber, (echoes) => {
              stats.scrubbed += echoes;
            });
      if (scrubber !== null) {
        upstream.on('data', (chunk: Buffer) => {
          stats.in += chunk.length;
        });
      }
      socket.pipe(outward).pipe(upstream);
      upstream.pipe(inward).pipe(socket);
      const over = () => {
        record(101);
        socket.destroy();
        upstream.destroy();
      };
      socket.once('close', over);
      upstream.once('close', over);
      upstream.on('error', over);
      inward.on('error', () => {
        record(101, 'response-unscrubbable');
        socket.destroy();
        upstream.destroy();
      });
    },
  };
}

/** An extension would hide echoes; none was asked for where a secret is bound. */
function isPlainWebsocket(answer: IncomingMessage, scrubber: Scrubber | null): boolean {
  const { statusCode, headers } = answer;
  if (statusCode !== 101 || headers.upgrade?.toLowerCase() !== 'websocket') return false;
  return scrubber === null || headers['sec-websocket-extensions'] === undefined;
}

function counter(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      count(chunk.length);
      done(null, chunk);
    },
  });
}

function scrubbing(scrubber: Scrubber | null, stats: { in: number; scrubbed: number }): Transform {
  const stream = scrubber?.stream() ?? null;
  const before = stats.scrubbed;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      stats.in += chunk.length;
      if (stream === null) {
        done(null, chunk);
        return;
      }
      const clean = stream.write(chunk);
      stats.scrubbed = before + stream.count;
      done(null, clean.length > 0 ? clean : undefined);
    },
    flush(done) {
      const rest = stream?.end();
      done(null, rest !== undefined && rest.length > 0 ? rest : undefined);
    },
  });
}
