import type { Readable } from 'node:stream';
import type { StreamTunnel } from '../http2/tunnel.ts';
import { DECLINED_BYTES_MAX } from './limits.ts';
import type { SocketCaller } from './socket-caller.ts';

/** A WebSocket over a stream of HTTP/2 (RFC 8441). */
export function http2Socket(stream: StreamTunnel): SocketCaller {
  const { duplex } = stream;
  duplex.on('error', () => {});
  return {
    protocol: 'h2',
    get gone() {
      return duplex.destroyed;
    },
    accept(headers) {
      stream.accept(lowerCase(headers));
      return duplex;
    },
    decline(status, _message, headers, body) {
      gather(body, (bytes) => {
        if (bytes === null) duplex.destroy();
        else stream.decline(status, withLength(lowerCase(headers), bytes.length), bytes);
      });
    },
    refuse: (refusal, ask) => stream.refuse(refusal, ask),
    cut: () => void duplex.destroy(),
    onClose: (act) => void duplex.once('close', act),
  };
}

/** The whole body; null where it broke off or is longer than such an answer is. */
function gather(body: Readable, done: (bytes: Buffer | null) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  body.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > DECLINED_BYTES_MAX) body.destroy();
    else chunks.push(chunk);
  });
  body.once('close', () => done(body.readableEnded ? Buffer.concat(chunks) : null));
}

/** RFC 9113 section 8.2.1. */
function lowerCase(headers: readonly string[]): string[] {
  return headers.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
}

function withLength(headers: readonly string[], bytes: number): string[] {
  const others: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'content-length') continue;
    others.push(headers[i] as string, headers[i + 1] as string);
  }
  return [...others, 'content-length', String(bytes)];
}
