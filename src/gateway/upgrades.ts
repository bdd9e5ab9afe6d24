import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { GREETING_MS_MAX, HEAD_BYTES_MAX, MESSAGE_BYTES_MAX } from './limits.ts';
import { PLAIN_PROTOCOL, TOKEN_PROTOCOL } from './login.ts';

/** What becomes of a request for a WebSocket: a status that refuses it, or what to do with it. */
export type Admission =
  | { readonly ok: false; readonly status: number }
  | { readonly ok: true; open(socket: WebSocket): void };

/**
 * A server that turns connections to WebSockets, and has nothing else to give: every other request
 * is answered by a bare status. It does not listen by itself.
 */
export function makeUpgradeServer(admit: (request: IncomingMessage) => Admission): Server {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    clientTracking: false,
    // A client that offers protocols must be given one of them. Its token is sent back to it only
    // when it offered nothing else.
    handleProtocols: (offered) => {
      if (offered.has(PLAIN_PROTOCOL)) return PLAIN_PROTOCOL;
      const others = [...offered].filter((protocol) => !protocol.startsWith(TOKEN_PROTOCOL));
      return others[0] ?? [...offered][0] ?? false;
    },
  });
  const server = createServer({
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: GREETING_MS_MAX,
    requestTimeout: GREETING_MS_MAX,
    keepAlive: false,
    connectionsCheckingInterval: GREETING_MS_MAX / 2,
  });
  server.on('request', (request, response) => {
    const status = admit(request).ok ? 426 : 404;
    response.writeHead(status, { connection: 'close', 'content-length': '0' }).end();
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const admission = admit(request);
    if (!admission.ok) refuse(socket, admission.status);
    else sockets.handleUpgrade(request, socket, head, (open) => admission.open(open));
  });
  server.on('connect', (_request, socket: Duplex) => refuse(socket, 404));
  server.on('clientError', (_error, socket: Duplex) => refuse(socket, 400));
  return server;
}

function refuse(socket: Duplex, status: number): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  socket.end(`${line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  socket.once('finish', () => socket.destroy());
}
