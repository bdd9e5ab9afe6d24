import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net';
import { makeAuthority } from '../../src/quickstart/certificates.ts';
import { DIALECTS, type Dialect, type Json, type Script } from './provider-dialects.ts';

/** One request as it arrived, before anything was decided about it. */
export interface ProviderRequest {
  readonly method: string;
  readonly host: string;
  /** With the query. */
  readonly path: string;
  /** Names and values in turn, exactly as sent. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly status: number;
  readonly askedForTool: boolean;
}

/** A provider of models on this machine, which answers from a script. */
export interface Provider {
  readonly port: number;
  /** The authority of its certificate: PEM, and a file with it. */
  readonly ca: string;
  readonly caFile: string;
  /** An HTTP proxy that leads every one of `hosts` here and refuses all others. */
  readonly proxyPort: number;
  readonly requests: readonly ProviderRequest[];
  /** `name:port` of every CONNECT that the proxy refused. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

export interface ProviderOptions extends Script {
  /** The only key that is not answered with 401. */
  readonly key: string;
  readonly hosts: readonly string[];
}

const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Starts it on free ports of 127.0.0.1. */
export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const authority = makeAuthority();
  const requests: ProviderRequest[] = [];
  const refused: string[] = [];
  const sockets = new Set<Socket>();
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer(authority.issue(options.hosts), (request, response) => {
    void serve(options, request, response, requests).catch(() => response.destroy());
  }).on('connection', hold);
  const port = await listen(server);
  const proxy = makeProxy(options.hosts, port, refused, hold);
  const proxyPort = await listen(proxy);
  return {
    port,
    ca: authority.certificate,
    caFile: authority.path,
    proxyPort,
    requests,
    refused,
    async close() {
      const closed = [server, proxy].map((one) => new Promise((resolve) => one.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      authority.close();
    },
  };
}

async function serve(
  options: ProviderOptions,
  request: IncomingMessage,
  response: ServerResponse,
  requests: ProviderRequest[],
): Promise<void> {
  const body = await readBody(request);
  const { method = '', url = '', rawHeaders } = request;
  const path = url.split('?')[0] as string;
  const dialect = DIALECTS.find((candidate) => candidate.path.test(path));
  const { status, type, text, asksForTool } = decide(options, request, dialect, path, body);
  requests.push({
    method,
    host: request.headers.host ?? '',
    path: url,
    rawHeaders,
    body,
    status,
    askedForTool: asksForTool,
  });
  response.writeHead(status, { 'content-type': type }).end(text);
}

interface Decision {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly asksForTool: boolean;
}

function decide(
  options: ProviderOptions,
  request: IncomingMessage,
  dialect: Dialect | undefined,
  path: string,
  body: string,
): Decision {
  if (dialect === undefined) return fault(404, 'there is nothing here');
  // Codex asks for a WebSocket first and falls back on this status.
  if (request.headers.upgrade !== undefined) return fault(426, 'plain HTTP only');
  if (request.method !== 'POST') return fault(405, 'POST only');
  const [header, prefix] = dialect.slot;
  if (request.headers[header] !== `${prefix}${options.key}`) return fault(401, 'wrong key');
  const { type, body: text, asksForTool } = dialect.answer(JSON.parse(body) as Json, options, path);
  return { status: 200, type, text, asksForTool };
}

function fault(status: number, message: string): Decision {
  const text = JSON.stringify({ error: { type: 'error', code: status, message } });
  return { status, type: 'application/json', text, asksForTool: false };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Error('The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function makeProxy(
  hosts: readonly string[],
  port: number,
  refused: string[],
  hold: (socket: Socket) => void,
): Server {
  const proxy = createHttpServer((_, response) => response.writeHead(403).end());
  proxy.on('connection', hold);
  proxy.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    const target = request.url ?? '';
    if (!hosts.some((host) => target === `${host}:443`)) {
      refused.push(target);
      client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const server = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.write(head);
      server.pipe(client).pipe(server);
    });
    hold(server);
  });
  return proxy;
}

async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}
