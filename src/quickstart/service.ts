import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ServerCertificate } from './certificates.ts';

/** Of each body so much is kept; the rest is only counted. */
const BODY_BYTES_KEPT = 64 * 1024;
const STREAM_EVENTS = 5;
const STREAM_INTERVAL_MS = 100;

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  /** Name and value as they were spelt, in their order. */
  readonly headers: readonly (readonly [string, string])[];
  /** The beginning of the body (64 KiB), empty until the request has ended. */
  readonly body: string;
  /** The length of the whole body in bytes; 0 until the request has ended. */
  readonly bodyBytes: number;
}

/** A small HTTPS server on 127.0.0.1 that remembers every request it received. */
export interface Service {
  readonly port: number;
  readonly server: Server;
  /** Every request in order of arrival. */
  readonly requests: ReceivedRequest[];
  /** How many TCP connections were made to it, with or without a request. */
  connections(): number;
  /** Ends it and its connections. */
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly certificate: ServerCertificate;
  /** What `GET /v1/me` wants to see as a bearer token. */
  readonly token: string;
  /** Sees each request first; true when it has answered (or will). */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/**
 * `GET /v1/me` answers only with the token, `/echo` answers with what it was sent, `GET /stream`
 * sends five events, 100 ms apart, that repeat the authorization header.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const requests: ReceivedRequest[] = [];
  let connections = 0;
  const { cert, key } = options.certificate;
  const server = createServer({ cert, key }, (request, response) => {
    const received = record(request);
    requests.push(received);
    if (options.handle?.(request, response) === true) return;
    answer(options.token, request, response, received);
  });
  server.on('connection', () => {
    connections += 1;
  });
  const port = await listen(server);
  return {
    port,
    server,
    requests,
    connections: () => connections,
    close: () => shut(server),
  };
}

/** The value of the first header `name` (lower case), or undefined. */
export function headerOf(request: ReceivedRequest, name: string): string | undefined {
  return request.headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

/** Listens on a free port of 127.0.0.1 and gives its number. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(0, '127.0.0.1', done);
  });
  return (server.address() as AddressInfo).port;
}

export async function shut(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeAllConnections();
  await closed;
}

/** The record of a request whose body may still come; it is completed when it has. */
export function record(request: IncomingMessage): ReceivedRequest {
  const { method = '', url = '', rawHeaders } = request;
  const headers: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  const received = { method, url, headers, body: '', bodyBytes: 0 };
  const kept: Buffer[] = [];
  let [keptBytes, bytes] = [0, 0];
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (keptBytes >= BODY_BYTES_KEPT) return;
    kept.push(chunk.subarray(0, BODY_BYTES_KEPT - keptBytes));
    keptBytes += chunk.length;
  });
  request.on('end', () => {
    received.body = Buffer.concat(kept).toString();
    received.bodyBytes = bytes;
  });
  return received;
}

function answer(
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
  received: ReceivedRequest,
): void {
  const path = (request.url ?? '').split('?')[0];
  if (path === '/echo') {
    request.on('end', () => json(response, 200, received));
  } else if (path === '/stream') {
    stream(response, headerOf(received, 'authorization') ?? '');
  } else if (path !== '/v1/me' || request.method !== 'GET') {
    json(response, 404, { error: 'no such page' });
  } else if (request.headers.authorization === `Bearer ${token}`) {
    json(response, 200, { name: 'demo', plan: 'enterprise' });
  } else {
    response.setHeader('www-authenticate', 'Bearer');
    json(response, 401, { error: 'the token is wrong' });
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}

/** Each event tells when it was sent, so that whoever reads it can tell how long it took. */
function stream(response: ServerResponse, authorization: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let count = 0;
  const send = (): void => {
    count += 1;
    const event = { count, sent: Date.now(), authorization };
    response.write(`data: ${JSON.stringify(event)}\n\n`);
    if (count < STREAM_EVENTS) return;
    clearInterval(timer);
    response.end();
  };
  const timer = setInterval(send, STREAM_INTERVAL_MS);
  response.on('close', () => clearInterval(timer));
  send();
}
