import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { writeRefusal } from '../http1/send-refusal.ts';
import { acceptFor } from './handshake.ts';
import type { SocketCaller } from './socket-caller.ts';

/** A WebSocket over HTTP/1.1: the connection itself. `early` is what came behind its request. */
export function http1Socket(
  request: IncomingMessage,
  socket: Duplex,
  early: Buffer,
  box: string,
): SocketCaller {
  return {
    protocol: 'http/1.1',
    get gone() {
      return socket.destroyed;
    },
    accept(headers) {
      const key = String(request.headers['sec-websocket-key'] ?? '');
      const own = ['connection', 'Upgrade', 'upgrade', 'websocket'];
      const proof = ['sec-websocket-accept', acceptFor(key)];
      const head = [...headers, ...own, ...proof];
      socket.write(headText(101, 'Switching Protocols', head), 'latin1');
      if (early.length > 0) socket.unshift(early);
      return socket;
    },
    decline(status, message, headers, body) {
      socket.write(headText(status, message, [...headers, 'connection', 'close']), 'latin1');
      body.pipe(socket);
    },
    refuse: (refusal, ask) => writeRefusal(socket, refusal, box, ask),
    cut: () => void socket.destroy(),
    onClose: (act) => void socket.once('close', act),
  };
}

function headText(status: number, message: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${message}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}
