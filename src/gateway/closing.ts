import type { Server, Socket } from 'node:net';
import { CLOSING_MS_MAX } from './limits.ts';

/**
 * Gives what closes a server: nobody is let in any more, and whoever is still there after the last
 * words is cut. To be called before the server listens.
 */
export function closerOf(server: Server): () => Promise<void> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return async () => {
    const timer = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, CLOSING_MS_MAX);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(timer);
  };
}
