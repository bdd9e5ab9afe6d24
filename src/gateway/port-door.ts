import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Token } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { closerOf } from './closing.ts';
import { PORT_SESSIONS_MAX } from './limits.ts';
import type { Logins } from './login.ts';
import { isFromLoopback } from './loopback.ts';
import { socketWire } from './socket-wire.ts';
import { makeUpgradeServer } from './upgrades.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

export interface PortDoor {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens the door of the guest whose token was shown. */
export type OpenGuest = (token: Token, open: (events: WireEvents) => WireEnd) => void;

/**
 * A port of the loopback interface, where every user of the machine and every page in a browser
 * can knock: the token says which guest it is. `port` is 0 for any that is free.
 */
export async function listenOnPort(
  port: number,
  logins: Logins,
  mayOpen: (guest: string) => boolean,
  openGuest: OpenGuest,
): Promise<PortDoor> {
  const server = makeUpgradeServer((request) => {
    if (!isFromLoopback(request.headers, portOf(server))) return { ok: false, status: 403 };
    const login = logins.login(request);
    if (!login.ok) return login;
    const { token } = login;
    if (!mayOpen(token.guest)) return { ok: false, status: 429 };
    return {
      ok: true,
      open: (socket) => openGuest(token, (events) => socketWire(socket, events)),
    };
  });
  server.maxConnections = PORT_SESSIONS_MAX;
  const close = closerOf(server);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch (cause) {
    throw new PowerboxError('config-invalid', `Cannot listen on the port ${port}.`, { cause });
  }
  return { port: portOf(server), close };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
