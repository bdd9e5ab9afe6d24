import type { WebSocket } from 'ws';
import { CLOSING_MS_MAX } from './limits.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

/** Close codes of RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
const NOT_TEXT = 1003;

/** Messages over a WebSocket: each is one text message. */
export function socketWire(socket: WebSocket, events: WireEvents): WireEnd {
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    events.closed();
  };
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) socket.close(NOT_TEXT);
    else if (!ended) events.message(data.toString('utf8'));
  });
  socket.on('error', () => {
    socket.terminate();
    end();
  });
  socket.on('close', end);
  return {
    send: (text) => {
      if (socket.readyState === socket.OPEN) socket.send(text, () => events.drain());
    },
    unsent: () => socket.bufferedAmount,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => {
      socket.close(GOING_AWAY);
      setTimeout(() => socket.terminate(), CLOSING_MS_MAX).unref();
    },
    destroy: () => socket.terminate(),
  };
}
