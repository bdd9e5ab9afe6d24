import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERRORS } from '../../wire/errors.ts';
import { type Refusal, refusalBody } from '../refusal.ts';

/** Answers in place of the upstream and closes: what follows a refused request is not read. */
export function sendRefusal(
  response: ServerResponse,
  refusal: Refusal,
  box: string,
  ask: string | null,
): number {
  const status = ERRORS[refusal.code].http;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return status;
  }
  const body = refusalBody(refusal, box, ask);
  response.writeHead(status, refusalHeaders(refusal, body));
  response.end(body);
  return status;
}

/** An answer of our own. What is left of the body of a request that failed is not read. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed) return;
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 200 ? {} : { connection: 'close' }),
  });
  response.end(body);
}

/** A refusal on a connection that has left the server's hands (an upgrade, a tunnel). */
export function writeRefusal(
  socket: Duplex,
  refusal: Refusal,
  box: string,
  ask: string | null,
): number {
  const status = ERRORS[refusal.code].http;
  const body = refusalBody(refusal, box, ask);
  const headers = Object.entries(refusalHeaders(refusal, body))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${headers}\r\n${body}`);
  return status;
}

function refusalHeaders(refusal: Refusal, body: string): Record<string, string | number> {
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-powerbox-code': refusal.code,
    'cache-control': 'no-store',
    connection: 'close',
  };
}
