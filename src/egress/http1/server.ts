import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Connection, connectionOf } from '../connection.ts';
import { parseAuthority } from '../exchange/request-head.ts';
import { serve } from '../exchange/serve.ts';
import {
  KEEP_ALIVE_MS_MAX,
  REQUEST_HEAD_BYTES_MAX,
  REQUEST_HEAD_MS_MAX,
  SLOW_HEADS_CHECK_MS,
} from '../limits.ts';
import type { Refusal } from '../refusal.ts';
import { refuseConnection } from '../refuse-connection.ts';
import { http1Socket } from '../websocket/http1-socket.ts';
import { serveSocket } from '../websocket/serve-socket.ts';
import { http1Caller } from './caller.ts';
import { answering, inTurn, isFree } from './in-turn.ts';
import { readRequestHead } from './request-head.ts';
import { writeRefusal } from './send-refusal.ts';

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
  server.on('request', (request, response) => onRequest(request, response, false));
  server.on('checkContinue', (request, response) => onRequest(request, response, true));
  server.on('checkExpectation', (request, response) => onRequest(request, response, false));
  server.on('upgrade', onUpgrade);
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
    refuseConnection(connection, refusal, () => {
      const before = answering(socket);
      // In the middle of an answer, this one would be taken for a part of it.
      if (before?.headersSent === true) socket.destroy();
      else writeRefusal(socket, refusal, connection.box.config.box, null);
      // Node reads no more, so that a use which waits for its answer would not learn of the end.
      if (before !== null) (socket as Socket).destroySoon();
    });
  });
  // Node looks for heads that take too long only from here on, and this server never listens.
  server.emit('listening');
  return server;
}

function onRequest(request: IncomingMessage, response: ServerResponse, waits: boolean): void {
  const connection = connectionOf(request.socket);
  if (connection === undefined) {
    response.destroy();
    return;
  }
  request.on('error', () => {});
  response.on('error', () => {});
  const read = readRequestHead(request);
  const hasBody = read.ok && read.head.hasBody;
  const options = { box: connection.box.config.box, hasBody, waits };
  inTurn(request, response, () => {
    void serve(connection, read, http1Caller(request, response, options));
  });
}

function onUpgrade(request: IncomingMessage, socket: Duplex, early: Buffer): void {
  const connection = connectionOf(request.socket);
  socket.on('error', () => {});
  if (connection === undefined) {
    socket.destroy();
    return;
  }
  if (!isFree(request.socket)) {
    const reason = 'A WebSocket was asked for before the request before it was answered.';
    refuseConnection(connection, { code: 'request-malformed', reason }, () => socket.destroy());
    return;
  }
  const program = http1Socket(request, socket, early, connection.box.config.box);
  void serveSocket(connection, readRequestHead(request), program);
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
  if (!isFree(socket)) {
    const reason = 'A tunnel was asked for before the request before it was answered.';
    refuseConnection(connection, { code: 'request-malformed', reason }, () => socket.destroy());
    return;
  }
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
