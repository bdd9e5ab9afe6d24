import { join } from 'node:path';
import { HOST, type Kernel } from '../kernel/kernel.ts';
import type { Token, TokenTable } from '../store/kernel-store.ts';
import type { DaemonInfo, GuestDoor } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { guestTarget, hostTarget } from './door-target.ts';
import { guestDoor } from './guest-door.ts';
import { makeHandles } from './handles.ts';
import { hostDoor } from './host-door.ts';
import { makeLogins } from './login.ts';
import { listenOnPort, type PortDoor } from './port-door.ts';
import { openSession, type Session, type SessionHost } from './session.ts';
import { makeSessions } from './sessions.ts';
import { listenOnSocket } from './socket-door.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

/** Name of the socket in its home. */
export const SOCKET_NAME = 'powerbox.sock';

export interface DoorsOptions {
  readonly kernel: Kernel;
  readonly tokens: TokenTable;
  /** Folder of the home, which only its owner can enter. */
  readonly home: string;
  /** Port of the loopback interface for guests, 0 for any that is free; null for none. */
  readonly port: number | null;
  readonly daemon: DaemonSide;
  readonly now?: () => number;
  /** Told what nobody meant to be read; never a secret. */
  log(error: unknown): void;
}

/** What only the daemon itself knows. */
export interface DaemonSide {
  info(): Promise<Omit<DaemonInfo, 'sessions' | 'websocket'>>;
  stop(): void;
  /** The box that a guest runs in now. */
  running(guest: string): string | null;
}

export interface Doors {
  readonly socket: string;
  readonly port: number | null;
  sessions(): number;
  /** Ends the sessions of a guest that was removed. */
  closeGuest(guest: string): void;
  /** Lets nobody in any more, and ends every session. */
  close(): Promise<void>;
}

/** Longest that a timer of the platform can wait; what ends later ends with the daemon. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Opens the doors of a daemon: the socket for its host, and the port for guests when wanted. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { kernel, tokens, log, now = Date.now } = options;
  const sessions = makeSessions();
  const host: SessionHost = { kernel, handles: makeHandles(kernel), log, held: sessions.held };
  let port: PortDoor | undefined;

  type Open = (events: WireEvents) => WireEnd;

  function openAs(holder: string, open: Open, door: Parameters<typeof openSession>[2]): Session {
    const session = openSession(host, open, door, () => sessions.remove(holder, session));
    sessions.add(holder, session);
    return session;
  }

  function openGuest(token: Token, open: Open): void {
    const { guest, expires } = token;
    const session = openAs(guest, open, (own) =>
      guestTarget(own, guest, guestDoor({ kernel, now, ended: own.ended }, guest)),
    );
    if (expires === null || expires - now() > TIMER_MS_MAX) return;
    const over = new PowerboxError('session-refused', 'Cannot go on: the token has expired.');
    const timer = setTimeout(() => session.end(over), expires - now());
    session.ended.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  function openHost(open: Open): void {
    openAs(HOST, open, (own) => hostTarget(own, HOST, hostDoorOf(own)));
  }

  function hostDoorOf(own: Session): ReturnType<typeof hostDoor> {
    return hostDoor({
      kernel,
      tokens,
      now,
      ended: own.ended,
      info: async () => ({
        ...(await options.daemon.info()),
        sessions: sessions.count(),
        websocket: port === undefined ? null : { port: port.port },
      }),
      stop: () => options.daemon.stop(),
      running: (guest) => options.daemon.running(guest),
      // The library's object stands for the door on the way to the peer.
      openGuest: (guest) =>
        guestTarget(
          own,
          guest,
          guestDoor({ kernel, now, ended: own.ended }, guest),
        ) as unknown as GuestDoor,
      closeGuest: sessions.closeOf,
    });
  }

  const path = join(options.home, SOCKET_NAME);
  const closeSocket = await listenOnSocket(path, openHost);
  try {
    if (options.port !== null) {
      const logins = makeLogins(tokens, kernel, now);
      port = await listenOnPort(options.port, logins, sessions.mayOpen, openGuest);
    }
  } catch (error) {
    await closeSocket();
    throw error;
  }
  return {
    socket: path,
    port: port?.port ?? null,
    sessions: sessions.count,
    closeGuest: sessions.closeOf,
    async close() {
      const closed = [closeSocket(), port?.close()];
      sessions.closeAll();
      await Promise.all(closed);
    },
  };
}
