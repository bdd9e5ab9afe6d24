import type { Socket } from 'node:net';
import { SPARE_MS_MAX } from './limits.ts';

/** Connections that were dialled and are not yet used. */
export interface Spares {
  add(socket: Socket): void;
  take(): Socket | null;
  close(): void;
}

export function makeSpares(): Spares {
  const timers = new Map<Socket, NodeJS.Timeout>();
  const forget = (socket: Socket): void => {
    clearTimeout(timers.get(socket));
    timers.delete(socket);
    socket.off('close', onClose);
  };
  // A socket that fails closes, and is then forgotten.
  const onError = (): void => {};
  function onClose(this: Socket): void {
    forget(this);
  }
  const drop = (socket: Socket): void => {
    forget(socket);
    socket.destroy();
  };
  return {
    add(socket) {
      socket.on('error', onError);
      socket.once('close', onClose);
      timers.set(
        socket,
        setTimeout(() => drop(socket), SPARE_MS_MAX),
      );
    },
    take() {
      for (const socket of [...timers.keys()]) {
        forget(socket);
        if (socket.destroyed || socket.readableEnded) continue;
        // Whoever takes it listens from here on; `off` is later, so that no error finds nobody.
        setImmediate(() => socket.off('error', onError));
        return socket;
      }
      return null;
    },
    close() {
      for (const socket of [...timers.keys()]) drop(socket);
    },
  };
}
