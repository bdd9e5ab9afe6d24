import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { PowerboxError } from '../../wire/errors.ts';
import type { BoxState } from '../box-egress.ts';
import { RESPONSE_HEAD_BYTES_MAX, RESPONSE_HEAD_MS_MAX } from '../limits.ts';
import type { Target } from '../target.ts';
import { type DialOptions, dial } from '../upstream/dial.ts';
import { dialOptionsFor } from '../upstream/options.ts';
import type { WebsocketStream } from '../upstream/websocket-stream.ts';
import type { Use } from '../use.ts';
import { type Agreed, agreed, freshKey } from './handshake.ts';
import { PROBE_MS } from './limits.ts';

/** The head of an upstream's answer, as it came. */
export interface SocketAnswer {
  readonly status: number;
  readonly message: string;
  /** Flat list of names and values. */
  readonly headers: readonly string[];
}

/** Told of one handshake with an upstream; after `accepted`, `declined` or `failed` of no more. */
export interface HandshakeHandler {
  /** The other end is there; `cut` ends it at once. */
  reached(cut: () => void): void;
  /** Frames come and go over `socket`; `deflate`: they may be compressed. */
  accepted(answer: SocketAnswer, socket: Duplex, deflate: boolean): void;
  /** It answered with something else, for example 426. */
  declined(answer: SocketAnswer, body: Readable): void;
  failed(error: unknown): void;
}

export interface SocketRequest {
  /** Path and query. */
  readonly path: string;
  /** Flat, Host first, without those of the handshake. */
  readonly headers: readonly string[];
  /** Offers of permessage-deflate; empty for none. */
  readonly deflate: string;
  readonly protocols: readonly string[];
  /** What the program speaks. */
  readonly preferred: 'http/1.1' | 'h2';
}

/**
 * Begins a WebSocket with an upstream: over HTTP/2 where the upstream takes extended CONNECT and
 * the program speaks HTTP/2 too, else by an upgrade of HTTP/1.1.
 */
export function openUpstream(
  box: BoxState,
  target: Target,
  use: Use,
  request: SocketRequest,
  handler: HandshakeHandler,
): void {
  const options = dialOptionsFor(box, target, use.grant);
  const { path, headers, deflate, preferred } = request;
  const extensions = deflate === '' ? [] : ['sec-websocket-extensions', deflate];
  const handshake = [...headers, 'sec-websocket-version', '13', ...extensions];
  box.upstreams
    .openWebsocketStream(target, options, { path, headers: handshake, preferred })
    .then((stream) => {
      if (stream === null)
        openHttp1(box, target, options, { ...request, headers: handshake }, handler);
      else overStream(stream, request, handler);
    })
    .catch((error: unknown) => handler.failed(error));
}

/** RFC 8441 section 5. */
function overStream(
  stream: WebsocketStream,
  { deflate, protocols }: SocketRequest,
  handler: HandshakeHandler,
): void {
  const timer = setTimeout(() => {
    handler.failed(tookTooLong());
    stream.destroy();
  }, RESPONSE_HEAD_MS_MAX);
  stream.once('close', () => {
    clearTimeout(timer);
    handler.failed(new Error('the stream ended before its answer'));
  });
  stream.once('response', (status: number, headers: readonly string[]) => {
    clearTimeout(timer);
    const answer: SocketAnswer = { status, message: '', headers };
    if (answer.status !== 200) {
      handler.declined(answer, stream);
      return;
    }
    const verdict = agreed(answer.headers, { key: null, deflate, protocols });
    if (verdict.ok) {
      handler.accepted(answer, stream, verdict.deflate);
      return;
    }
    handler.failed(disagreement(verdict));
    stream.destroy();
  });
  handler.reached(() => stream.destroy());
}

/**
 * An upgrade of HTTP/1.1. The key is one of our own: the program's proves nothing to anybody else
 * than us.
 */
function openHttp1(
  box: BoxState,
  target: Target,
  options: DialOptions,
  request: SocketRequest,
  handler: HandshakeHandler,
): void {
  dial(target, options, (error, socket) => {
    if (socket === null) {
      handler.failed(error);
      return;
    }
    box.sockets.add(socket);
    socket.once('close', () => box.sockets.delete(socket));
    socket.setKeepAlive(true, PROBE_MS);
    socket.on('error', () => {});
    handler.reached(() => socket.destroy());
    if (socket.destroyed) return;
    try {
      upgrade(socket, request, handler);
    } catch (failure) {
      socket.destroy();
      handler.failed(failure);
    }
  });
}

function upgrade(socket: Socket, request: SocketRequest, handler: HandshakeHandler): void {
  const { path, headers, deflate, protocols } = request;
  const key = freshKey();
  const own = ['connection', 'Upgrade', 'upgrade', 'websocket', 'sec-websocket-key', key];
  const outgoing: ClientRequest = httpRequest({
    createConnection: () => socket,
    method: 'GET',
    path,
    headers: [...headers, ...own],
    setHost: false,
    timeout: RESPONSE_HEAD_MS_MAX,
    maxHeaderSize: RESPONSE_HEAD_BYTES_MAX,
  });
  outgoing.on('upgrade', (answer: IncomingMessage, _: Socket, first: Buffer) => {
    socket.setTimeout(0);
    const verdict = agreed(answer.rawHeaders, { key, deflate, protocols });
    if (!verdict.ok) {
      socket.destroy();
      handler.failed(disagreement(verdict));
      return;
    }
    if (first.length > 0) socket.unshift(first);
    handler.accepted(answerOf(answer), socket, verdict.deflate);
  });
  outgoing.on('response', (answer) => handler.declined(answerOf(answer), answer));
  outgoing.on('timeout', () => outgoing.destroy(tookTooLong()));
  outgoing.on('error', (failure) => handler.failed(failure));
  outgoing.end();
}

function answerOf({
  statusCode = 502,
  statusMessage = '',
  rawHeaders,
}: IncomingMessage): SocketAnswer {
  return { status: statusCode, message: statusMessage, headers: rawHeaders };
}

function disagreement({ extension, reason }: Extract<Agreed, { ok: false }>): PowerboxError {
  return new PowerboxError(extension ? 'response-unscrubbable' : 'upstream-unreachable', reason);
}

function tookTooLong(): PowerboxError {
  return new PowerboxError('upstream-timeout', 'The upstream server took too long to answer.');
}
