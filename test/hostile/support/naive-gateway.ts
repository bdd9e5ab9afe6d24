import { type AddressInfo, connect, createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { HTTP2_LIMITS, type Http2Limits } from '../../../src/egress/http2/limits.ts';
import { Http2Session } from '../../../src/egress/http2/session.ts';
import type { Http2Stream } from '../../../src/egress/http2/stream.ts';
import type { ServerCertificate } from './service.ts';

/** No bound at all, for what a flood does where nothing holds it. */
const UNBOUNDED: Http2Limits = {
  ...HTTP2_LIMITS,
  streams: 1_000_000,
  blockBytes: 1 << 30,
  listBytes: 1 << 30,
  continuations: 1_000_000,
  idleFrames: 1_000_000_000,
  resets: 1_000_000_000,
  waitingReplies: 1_000_000_000,
};

/** What stands before a server for the control: HTTP/2 turned into HTTP/1.1 without any check. */
export interface NaiveGateway {
  readonly port: number;
  /** Requests that it began to serve. */
  readonly begun: number;
  /** The longest head that it took, in characters. */
  readonly longestHead: number;
  close(): Promise<void>;
}

/** `upstream` is a port on 127.0.0.1 that speaks HTTP/1.1 in clear. */
export async function startNaiveGateway(
  certificate: ServerCertificate,
  upstream: number,
): Promise<NaiveGateway> {
  const context = createSecureContext({ ...certificate });
  const sockets = new Set<TLSSocket>();
  let begun = 0;
  let longestHead = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    const tls = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: ['h2'],
    });
    sockets.add(tls);
    tls.once('close', () => sockets.delete(tls));
    tls.on('error', () => socket.destroy());
    tls.once('secure', () => {
      new Http2Session(tls, UNBOUNDED, {
        request(stream, { fields }) {
          begun += 1;
          const length = fields.reduce((sum, text) => sum + text.length, 0);
          longestHead = Math.max(longestHead, length);
          translate(stream, fields, upstream);
        },
        refused() {},
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    get begun() {
      return begun;
    },
    get longestHead() {
      return longestHead;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The lines are written as the fields say; nothing is asked of them. */
function translate(stream: Http2Stream, fields: readonly string[], upstream: number): void {
  const value = (name: string): string => {
    const at = fields.indexOf(name);
    return at === -1 ? '' : (fields[at + 1] as string);
  };
  let text = `${value(':method')} ${value(':path')} HTTP/1.1\r\nHost: ${value(':authority')}\r\n`;
  for (let i = 0; i < fields.length; i += 2) {
    if (!(fields[i] as string).startsWith(':')) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }
  const socket = connect(upstream, '127.0.0.1', () => socket.write(`${text}\r\n`, 'latin1'));
  socket.on('error', () => stream.reset(2));
  stream.onClose(() => socket.destroy());
  if (!stream.remoteEnded) stream.body().on('data', (chunk: Buffer) => socket.write(chunk));
  const answer: Buffer[] = [];
  socket.on('data', (chunk) => answer.push(chunk));
  socket.on('end', () => {
    const whole = Buffer.concat(answer);
    const end = whole.indexOf('\r\n\r\n');
    stream.head(Number(whole.toString('latin1', 9, 12)) || 502, []);
    stream.write(whole.subarray(end + 4));
    stream.end([]);
  });
}
