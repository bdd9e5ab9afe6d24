import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Connection, connectionOf, targetOf } from '../connection.ts';
import { guide, isGuide } from '../guide.ts';
import {
  KEEP_ALIVE_MS_MAX,
  REFUSAL_DELAY_MS_MAX,
  REQUEST_HEAD_BYTES_MAX,
  REQUEST_HEAD_MS_MAX,
  SLOW_HEADS_CHECK_MS,
} from '../limits.ts';
import type { Refusal } from '../refusal.ts';
import { displayOrigin, type Target } from '../target.ts';
import { useHttp } from '../use.ts';
import { explainFailure, forward } from './forward.ts';
import { makeBodyReader } from './read-body.ts';
import { parseAuthority, type RequestHead, readRequestHead } from './request-head.ts';
import { sendRefusal, writeRefusal } from './send-refusal.ts';
import { forwardUpgrade } from './upgrade.ts';

/** What the server needs of whoever accepts connections: to take a tunnel in as a new one. */
export type TunnelHandler = (
  connection: Connection,
  authority: NonNullable<ReturnType<typeof parseAuthority>>,
  socket: Socket,
) => void;

/**
 * The one HTTP server of the process. It listens on nothing: connections of every box, plain or
 * behind TLS, are handed to it once their target is known.
 */
export function makeHttpServer(onTunnel: TunnelHandler): Server {
  const server = createServer({
    maxHeaderSize: REQUEST_HEAD_BYTES_MAX,
    headersTimeout: REQUEST_HEAD_MS_MAX,
    requestTimeout: 0,
    connectionsCheckingInterval: SLOW_HEADS_CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS_MAX,
    // Its own checks of Host answer without a row and a reason; ours follow.
    requireHostHeader: false,
    joinDuplicateHeaders: false,
  });
  // Zero is no limit: with one, the parser would leave headers out of sight that it obeyed itself.
  server.maxHeadersCount = 0;
  server.timeout = 0;
  server.on('request', (request, response) => void onRequest(request, response, false));
  server.on('checkContinue', (request, response) => void onRequest(request, response, true));
  server.on('checkExpectation', (request, response) => void onRequest(request, response, false));
  server.on('upgrade', (request, socket, head) => void onUpgrade(request, socket, head));
  server.on('connect', (request, socket, head) => {
    onConnect(request, socket as Socket, head, onTunnel);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const connection = connectionOf(socket);
    if (connection === undefined || socket.destroyed) {
      socket.destroy();
      return;
    }
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      socket.destroy();
      return;
    }
    const refusal: Refusal = {
      code: 'request-malformed',
      reason: `The request was refused: it is not well-formed HTTP/1.1 (${error.code ?? 'unknown'}).`,
    };
    refuseConnection(connection, refusal, () =>
      writeRefusal(socket, refusal, connection.box.config.box, null),
    );
  });
  // Node looks for heads that take too long only from here on, and this server never listens.
  server.emit('listening');
  return server;
}

async function onRequest(
  request: IncomingMessage,
  response: ServerResponse,
  continues: boolean,
): Promise<void> {
  const connection = connectionOf(request.socket);
  if (connection === undefined) {
    response.destroy();
    return;
  }
  const { box } = connection;
  const refuse = (refusal: Refusal, ask: string | null) =>
    sendRefusal(response, refusal, box.config.box, ask);
  request.on('error', () => {});
  response.on('error', () => {});
  try {
    const admitted = admit(connection, request, (refusal) => refuse(refusal, null));
    if (admitted === null) return;
    const { head, target } = admitted;
    if (isGuide(target)) {
      if (continues) response.writeContinue();
      await guide(box, head, request, response, () => gone(response));
      return;
    }
    const reader = makeBodyReader(box, request, response, () => {
      if (continues) response.writeContinue();
    });
    const body = head.hasBody ? reader : null;
    const result = await useHttp(box, target, head, body, () => gone(response));
    if (!result.ok) {
      refuse(result, askFor(result, head, target));
      return;
    }
    if (continues && !reader.began) response.writeContinue();
    forward(box, target, result.use, request, response, head.hasBody);
  } catch (error) {
    refuse(explainFailure(error), null);
  }
}

async function onUpgrade(request: IncomingMessage, socket: Duplex, early: Buffer): Promise<void> {
  const connection = connectionOf(request.socket);
  socket.on('error', () => {});
  if (connection === undefined) {
    socket.destroy();
    return;
  }
  const { box } = connection;
  const refuse = (refusal: Refusal, ask: string | null) =>
    writeRefusal(socket, refusal, box.config.box, ask);
  try {
    const admitted = admit(connection, request, (refusal) => refuse(refusal, null));
    if (admitted === null) return;
    const { head, target } = admitted;
    const result = await useHttp(box, target, head, null, () => gone(socket));
    if (result.ok) forwardUpgrade(box, target, result.use, socket, early);
    else refuse(result, askFor(result, head, target));
  } catch (error) {
    refuse(explainFailure(error), null);
  }
}

/** Ends when the program does not wait for its answer any more. */
function gone(stream: ServerResponse | Duplex): AbortSignal {
  const controller = new AbortController();
  stream.once('close', () => controller.abort());
  return controller.signal;
}

/** The strict head of a request and its one target; null when it has none, and was refused. */
function admit(
  connection: Connection,
  request: IncomingMessage,
  refuse: (refusal: Refusal) => void,
): { readonly head: RequestHead; readonly target: Target } | null {
  const read = readRequestHead(request);
  if (!read.ok) {
    refuseConnection(connection, read, () => refuse(read));
    return null;
  }
  const frozen = targetOf(connection, read.head);
  if (!frozen.ok) {
    refuseConnection(connection, frozen, () => refuse(frozen));
    return null;
  }
  return { head: read.head, target: frozen.target };
}

/** CONNECT is honoured only at the proxy address; what comes through it is judged like the rest. */
function onConnect(
  request: IncomingMessage,
  socket: Socket,
  early: Buffer,
  onTunnel: TunnelHandler,
): void {
  const connection = connectionOf(request.socket);
  socket.on('error', () => {});
  if (connection === undefined) {
    socket.destroy();
    return;
  }
  const authority = connection.proxy ? parseAuthority(request.url ?? '') : null;
  if (authority === null || authority.port === null) {
    const refusal: Refusal = {
      code: 'request-malformed',
      reason:
        'CONNECT was refused: it needs a host and a port, and works at the proxy address only.',
    };
    refuseConnection(connection, refusal, () =>
      writeRefusal(socket, refusal, connection.box.config.box, null),
    );
    return;
  }
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  if (early.length > 0) socket.unshift(early);
  onTunnel(connection, authority, socket);
}

/** The exact rule that would have allowed the request, for the sentence that says how to ask. */
function askFor(refusal: Refusal, head: RequestHead, target: Target): string | null {
  switch (refusal.code) {
    case 'not-granted':
    case 'method-not-granted':
    case 'path-not-granted':
    case 'grant-revoked':
    case 'grant-expired':
    case 'budget-spent':
      return `${head.method} ${displayOrigin(target)}${head.path.path}`;
    default:
      return null;
  }
}

/** Refuses what never became a judged request: its row, then `answer`, at the box's pace. */
export function refuseConnection(
  connection: Connection,
  refusal: Refusal,
  answer: () => void,
): void {
  const { box, port, declared, address } = connection;
  const name = declared?.host ?? address;
  const target = name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
  const act = () => {
    box.recorder.note({
      kind: 'connection',
      box: box.config.box,
      target,
      verdict: 'deny',
      code: refusal.code,
      reason: refusal.reason,
    });
    box.tellRefused(target, `${target} was refused: ${refusal.reason}`);
    answer();
  };
  const delay = box.refusals.count();
  if (delay === 0) act();
  else if (delay < REFUSAL_DELAY_MS_MAX) box.later(act, delay);
  else {
    box.recordFlood(target);
    answer();
  }
}
