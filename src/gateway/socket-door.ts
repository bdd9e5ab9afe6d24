import { lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { socketAddress } from '../store/socket-address.ts';
import { PowerboxError } from '../wire/errors.ts';
import { closerOf } from './closing.ts';
import { GREETING_MS_MAX, SOCKET_SESSIONS_MAX } from './limits.ts';
import { lineWire } from './line-wire.ts';
import { socketWire } from './socket-wire.ts';
import { makeUpgradeServer } from './upgrades.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

const NEWLINE = 0x0a;
const BRACKET = 0x5b;

/** Opens the host's door on a connection. */
export type OpenHost = (open: (events: WireEvents) => WireEnd) => void;

/**
 * The unix socket. Whoever can open it is the person whose home it lies in, so there is no login.
 * A peer speaks lines of JSON, or asks by HTTP for a WebSocket; its first byte tells which. Gives
 * what closes it.
 */
export async function listenOnSocket(
  path: string,
  openHost: OpenHost,
): Promise<() => Promise<void>> {
  const upgrades = makeUpgradeServer((request) => {
    // A page in a browser has no way here; whatever passes its requests on is not trusted.
    if (request.headers.origin !== undefined) return { ok: false, status: 403 };
    return {
      ok: true,
      open: (socket: WebSocket) => openHost((events) => socketWire(socket, events)),
    };
  });
  const server = createServer((socket) => greet(socket, openHost, upgrades));
  server.maxConnections = SOCKET_SESSIONS_MAX;
  const close = closerOf(server);
  await listen(server, path);
  return close;
}

function greet(
  socket: Socket,
  openHost: OpenHost,
  upgrades: ReturnType<typeof makeUpgradeServer>,
): void {
  const destroy = (): void => void socket.destroy();
  const timer = setTimeout(destroy, GREETING_MS_MAX);
  socket.on('error', destroy);
  socket.on('close', () => clearTimeout(timer));
  socket.once('data', (first: Buffer) => {
    clearTimeout(timer);
    socket.pause();
    if (first[0] === NEWLINE || first[0] === BRACKET) {
      openHost((events) => lineWire(socket, first, events));
    } else if (isUpperCase(first[0])) {
      socket.unshift(first);
      upgrades.emit('connection', socket);
      socket.resume();
    } else {
      destroy();
    }
  });
}

/** Methods of HTTP are in capital letters. */
function isUpperCase(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a;
}

/** The socket never exists with a mode that lets others in, not for a moment. */
async function listen(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  const address = socketAddress(path);
  server.once('close', () => address.close());
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.path, resolve);
      process.umask(before);
    });
  } catch (cause) {
    throw new PowerboxError('state-unusable', `Cannot listen on ${path}.`, { cause });
  } finally {
    process.umask(before);
  }
  if ((lstatSync(path).mode & 0o077) === 0) return;
  server.close();
  throw new PowerboxError('state-unusable', `Cannot keep ${path} closed to other users.`);
}
