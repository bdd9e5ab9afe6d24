import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Waits until something listens at a port of this machine. */
export async function untilOpen(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isOpen(port)) return;
    await sleep(100);
  }
  throw new Error(`nothing listens at port ${port}`);
}

function isOpen(port) {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}
