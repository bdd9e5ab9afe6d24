import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer as createHttp1 } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import type { Authority } from '../../src/quickstart/certificates.ts';
import { type Place, placeAt, UPSTREAM_NAME } from './upstream-client.ts';

export type Kind = 'http/1.1' | 'h2' | 'both';
export type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** Servers on free ports of 127.0.0.1 that end together. */
export interface Servers {
  readonly authority: Authority;
  /** An HTTPS server of one or both versions; null where its events are listened to. */
  serve(kind: Kind, listener: Listener | null, options?: SecureServerOptions): Promise<Served>;
  /** TLS that chooses h2, and whatever `talk` then does. */
  raw(talk: (socket: TLSSocket) => void, cert?: { cert: string; key: string }): Promise<Served>;
  close(): void;
}

export interface Served {
  readonly place: Place;
  readonly port: number;
  readonly server: Server;
  /** TLS handshakes that ended well, and those that did not. */
  readonly handshakes: { done: number; failed: number };
  /** HTTP/2 sessions in the order of their beginning. */
  readonly sessions: ServerHttp2Session[];
}

export function makeServers(
  authority: Authority,
  names: readonly string[] = [UPSTREAM_NAME],
): Servers {
  const open: { server: Server; sockets: Set<Socket> }[] = [];
  const certificate = authority.issue(names);
  async function listen(server: Server): Promise<Served> {
    const sockets = new Set<Socket>();
    open.push({ server, sockets });
    const handshakes = { done: 0, failed: 0 };
    const sessions: ServerHttp2Session[] = [];
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.on('secureConnection', () => {
      handshakes.done += 1;
    });
    server.on('tlsClientError', () => {
      handshakes.failed += 1;
    });
    server.on('session', (session: ServerHttp2Session) => {
      sessions.push(session);
      session.on('error', () => {});
    });
    server.on('stream', (stream: NodeJS.EventEmitter) => stream.on('error', () => {}));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    return { place: placeAt(port, authority.certificate), port, server, handshakes, sessions };
  }
  return {
    authority,
    serve(kind, listener, given = {}) {
      const options = { ...certificate, ...given };
      if (kind === 'http/1.1') return listen(createHttp1(options, listener as never));
      const allowHTTP1 = kind === 'both';
      const server = createSecureServer({ ...options, allowHTTP1 });
      if (listener !== null) server.on('request', listener);
      return listen(server as unknown as Server);
    },
    raw(talk, cert = certificate) {
      const server = createTls({ ...cert, ALPNProtocols: ['h2'] }, (socket) => {
        socket.on('error', () => {});
        talk(socket);
      });
      return listen(server);
    },
    close() {
      for (const { server, sockets } of open.splice(0)) {
        server.close();
        for (const socket of sockets) socket.destroy();
      }
    },
  };
}
