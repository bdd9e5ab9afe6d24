import type { Connection } from '../connection.ts';
import type { HeadResult } from '../exchange/request-head.ts';
import type { StreamTunnel } from '../http2/tunnel.ts';
import { http2Socket } from './http2-socket.ts';
import { serveSocket } from './serve-socket.ts';

/**
 * A WebSocket over one stream of HTTP/2 (RFC 8441). `read` is the head of the stream after every
 * check, with the method GET, which the WebSocket would have had over HTTP/1.1, and `websocket`
 * true. Never rejects: what goes wrong is a refusal on the stream.
 */
export function serveExtendedConnect(
  connection: Connection,
  read: HeadResult,
  stream: StreamTunnel,
): Promise<void> {
  return serveSocket(connection, read, http2Socket(stream));
}
