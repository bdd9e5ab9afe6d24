import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, TLSSocket } from 'node:tls';
import { type BoxAuthority, makeBoxAuthority } from '../../../src/egress/tls/authority.ts';
import { makeLeafSigner } from '../../../src/egress/tls/leaf.ts';

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Certificates in the hand of a test: of a known authority or of none, in time or not. */
export interface Issuer {
  /** PEM text. */
  readonly certificate: string;
  issue(name: string, now?: number): ServerCertificate;
}

export function makeIssuer(): Issuer {
  const authority: BoxAuthority = makeBoxAuthority();
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sign = makeLeafSigner(authority, createPublicKey(pair.privateKey));
  return {
    certificate: authority.certificate,
    issue: (name, now = Date.now()) => ({ cert: sign(name, now), key }),
  };
}

/** A request as it arrived, to the byte. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  /** Without query. */
  readonly path: string;
  /** The whole head, Latin-1. */
  readonly head: string;
  readonly body: Buffer;
  /** Value of the first header of this name (lower case). */
  header(name: string): string | undefined;
}

/** What one connection brought. */
export interface Heard {
  readonly sni: string | null;
  /** Everything that arrived (behind TLS: in clear). */
  bytes: Buffer;
}

/** A server that says exactly what a test wants, byte by byte, and hears everything. */
export interface RawService {
  readonly port: number;
  readonly asked: Asked[];
  readonly heard: Heard[];
  /** All that arrived, of every connection. */
  received(): string;
  /** Waits until `condition` holds, at most two seconds. */
  until(condition: () => boolean): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Answers one request. It writes to the socket what it likes; the connection stays open for another
 * request unless it ends it. What comes after an upgrade is its own to read.
 */
export type Answer = (asked: Asked, socket: Socket) => void | Promise<void>;

export async function startRawService(options: {
  readonly certificate: ServerCertificate | null;
  readonly answer: Answer;
  /** Where to listen; by default on a free port of 127.0.0.1. */
  readonly at?: { readonly address: string; readonly port: number };
  /** What it agrees on by ALPN; by default it leaves that out. What comes is recorded as it is. */
  readonly protocols?: readonly string[];
}): Promise<RawService> {
  const { certificate, answer, at = { address: '127.0.0.1', port: 0 } } = options;
  const protocols =
    options.protocols === undefined ? {} : { ALPNProtocols: [...options.protocols] };
  const asked: Asked[] = [];
  const heard: Heard[] = [];
  const sockets = new Set<Socket>();
  const context = certificate === null ? null : createSecureContext({ ...certificate });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.setNoDelay(true);
    if (context === null) {
      serve(socket, record(null), asked, answer);
      return;
    }
    const tls = new TLSSocket(socket, { isServer: true, secureContext: context, ...protocols });
    tls.on('error', () => socket.destroy());
    tls.once('secure', () => {
      const sni = (tls as unknown as { servername: string | false }).servername;
      serve(tls, record(sni === false ? null : sni), asked, answer);
    });
  });
  function record(sni: string | null): Heard {
    const one = { sni, bytes: Buffer.alloc(0) };
    heard.push(one);
    return one;
  }
  return {
    port: await listen(server, at.address, at.port),
    asked,
    heard,
    received: () => heard.map(({ bytes }) => bytes.toString('latin1')).join('\n'),
    async until(condition) {
      for (let turn = 0; turn < 100 && !condition(); turn += 1) await sleep(20);
      return condition();
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function listen(server: Server, address: string, port: number): Promise<number> {
  await new Promise<void>((done, failed) => {
    server.once('error', failed).listen(port, address, done);
  });
  return (server.address() as AddressInfo).port;
}

function serve(socket: Socket, heard: Heard, asked: Asked[], answer: Answer): void {
  let waiting: Buffer = Buffer.alloc(0);
  let busy = false;
  async function next(): Promise<void> {
    if (busy) return;
    const found = readRequest(waiting);
    if (found === null) return;
    busy = true;
    waiting = waiting.subarray(found.length);
    asked.push(found.asked);
    await answer(found.asked, socket);
    busy = false;
    await next();
  }
  socket.on('data', (chunk: Buffer) => {
    heard.bytes = Buffer.concat([heard.bytes, chunk]);
    waiting = Buffer.concat([waiting, chunk]);
    void next();
  });
}

function readRequest(bytes: Buffer): { asked: Asked; length: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.toString('latin1', 0, end);
  const header = (name: string): string | undefined =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(head)?.[1]?.trim();
  const body = readBody(
    bytes.subarray(end + 4),
    header('content-length'),
    header('transfer-encoding'),
  );
  if (body === null) return null;
  const [method = '', target = ''] = head.split(/\s/);
  const path = target.split('?')[0] ?? '';
  return {
    asked: { method, target, path, head, body: body.content, header },
    length: end + 4 + body.length,
  };
}

const SIZE_CHARS_MAX = 16;

/** What is no length and no chunk is taken for no body: this server suspects nobody. */
function readBody(
  bytes: Buffer,
  length: string | undefined,
  coding: string | undefined,
): { content: Buffer; length: number } | null {
  const none = { content: Buffer.alloc(0), length: 0 };
  if (coding === undefined) {
    const count = Number(length ?? 0);
    if (!(count >= 0 && count < 2 ** 32)) return none;
    return bytes.length < count ? null : { content: bytes.subarray(0, count), length: count };
  }
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    // Of a body in chunks, a size that is not all there may still come.
    if (line < 0 && /^chunked$/i.test(coding) && bytes.length - at < SIZE_CHARS_MAX) return null;
    if (line < 0) return none;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (!(size >= 0 && size < 2 ** 32)) return none;
    if (bytes.length < line + 2 + size + 2) return null;
    if (size === 0) return { content: Buffer.concat(parts), length: line + 4 };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

/** A whole answer with a Content-Length. */
export function reply(
  body: string | Buffer,
  headers: readonly string[] = [],
  status = '200 OK',
): Buffer {
  const content = Buffer.from(body as string);
  const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${content.length}`];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content]);
}

/** The pieces as chunks of an answer, each sent by itself. */
export async function sendChunked(
  socket: Socket,
  pieces: readonly Buffer[],
  headers: readonly string[] = [],
  trailers: readonly string[] = [],
): Promise<void> {
  socket.write(
    `${['HTTP/1.1 200 OK', ...headers, 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n`,
  );
  for (const piece of pieces) {
    if (piece.length === 0) continue;
    const head = Buffer.from(`${piece.length.toString(16)}\r\n`);
    socket.write(Buffer.concat([head, piece, Buffer.from('\r\n')]));
    await new Promise((done) => setImmediate(done));
  }
  socket.write(`0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1');
}
