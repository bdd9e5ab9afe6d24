import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { RpcTarget } from 'capnweb';
import { HOST, type Kernel } from '../kernel/kernel.ts';
import type { Token, TokenTable } from '../store/kernel-store.ts';
import type { AgentRun } from '../wire/agent.ts';
import type { CompartmentDoor, CompartmentWords } from '../wire/compartment.ts';
import type { DaemonInfo, GuestDoor } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { AGENT_RUN_METHODS, type AgentsSide, type SessionObject } from './agents-side.ts';
import { endFormer } from './compartments/holder.ts';
import { makeRooms } from './compartments/rooms.ts';
import { type Compartments, makeCompartments } from './compartments/service.ts';
import type { Workers } from './compartments/worker.ts';
import { guestTarget, hostTarget, targetsOf } from './door-target.ts';
import { guestDoor } from './guest-door.ts';
import { makeHandles } from './handles.ts';
import { makeHoldings } from './holdings.ts';
import { type AgentMethods, hostDoor } from './host-door.ts';
import { lineWire } from './line-wire.ts';
import { makeLogins } from './login.ts';
import { listenOnPort, type PortDoor } from './port-door.ts';
import { openSession, type Session, type SessionHost } from './session.ts';
import { makeSessions, type Sessions } from './sessions.ts';
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
  /** The processes of compartments. */
  readonly workers: Workers;
  /** Makes the agents of this daemon, whose runners have sessions of their own. */
  readonly agents: (programs: ProgramSessions) => AgentsSide;
  readonly now?: () => number;
  /** Told what nobody meant to be read; never a secret. */
  log(error: unknown): void;
}

/** What only the daemon itself knows. */
export interface DaemonSide {
  info(): Promise<Omit<DaemonInfo, 'sessions' | 'compartments' | 'websocket'>>;
  stop(): void;
  /** The box that a guest runs in now. */
  running(guest: string): string | null;
}

/** Sessions with programs of the daemon's own, each as a guest. */
export interface ProgramSessions {
  readonly compartments: Compartments;
  /** It begins with what `door` makes. */
  open(channel: Socket, door: (session: Session) => SessionObject): Session;
  /** A guest's door for a session of its code. */
  guestDoor(session: Session, guest: string): GuestDoor;
}

export interface Doors {
  readonly socket: string;
  readonly port: number | null;
  sessions(): number;
  /** How many run. */
  compartments(): number;
  /** Ends the sessions of a guest that was removed. */
  closeGuest(guest: string): void;
  /** Lets nobody in any more, and ends every session. */
  close(): Promise<void>;
}

/** Longest that a timer of the platform can wait; what ends later ends with the daemon. */
const TIMER_MS_MAX = 2 ** 31 - 1;

type Open = (events: WireEvents) => WireEnd;

/** What the doors of one daemon share. */
interface Shared {
  readonly options: DoorsOptions;
  readonly sessions: Sessions;
  readonly compartments: Compartments;
  readonly agents: AgentsSide;
  readonly host: SessionHost;
  readonly now: () => number;
  /** The port, once it is open. */
  port(): number | null;
}

/** Opens the doors of a daemon: the socket for its host, and the port for guests when wanted. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { kernel, tokens, log, now = Date.now } = options;
  const sessions = makeSessions();
  const host = { kernel, handles: makeHandles(kernel), holdings: makeHoldings(), log };
  const rooms = makeRooms(options.workers, host);
  const compartments = makeCompartments(kernel, rooms, now);
  await endFormer(kernel);
  let port: PortDoor | undefined;
  const base = { options, sessions, host, now, compartments, port: () => port?.port ?? null };
  const shared = { ...base, agents: options.agents(programSessions(base)) };
  const path = join(options.home, SOCKET_NAME);
  const closeSocket = await listenOnSocket(path, (open) => openHost(shared, open));
  try {
    if (options.port !== null) {
      const logins = makeLogins(tokens, kernel, now);
      port = await listenOnPort(options.port, logins, sessions.mayOpen, (token, open) =>
        openGuest(shared, token, open),
      );
    }
  } catch (error) {
    await closeSocket();
    throw error;
  }
  return {
    socket: path,
    port: shared.port(),
    sessions: sessions.count,
    compartments: compartments.count,
    closeGuest: sessions.closeOf,
    async close() {
      const closed = [closeSocket(), port?.close(), compartments.close()];
      sessions.closeAll();
      await Promise.all(closed);
    },
  };
}

function programSessions(shared: Omit<Shared, 'agents'>): ProgramSessions {
  return {
    compartments: shared.compartments,
    open: (channel, door) =>
      openSession(
        shared.host,
        (events) => lineWire(channel, Buffer.alloc(0), events),
        door,
        () => channel.destroy(),
      ),
    guestDoor: (session, guest) => guestDoorOf(shared, session, guest),
  };
}

function openAs(
  { host, sessions }: Shared,
  holder: string,
  open: Open,
  door: Parameters<typeof openSession>[2],
): Session {
  const session = openSession(host, open, door, () => sessions.remove(holder, session));
  sessions.add(holder, session);
  return session;
}

function openGuest(shared: Shared, { guest, expires }: Token, open: Open): void {
  const { now } = shared;
  const session = openAs(shared, guest, open, (own) => guestOf(shared, own, guest));
  if (expires === null || expires - now() > TIMER_MS_MAX) return;
  const over = new PowerboxError('session-refused', 'Cannot go on: the token has expired.');
  const timer = setTimeout(() => session.end(over), expires - now());
  session.ended.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

function guestOf(shared: Shared, session: Session, guest: string): RpcTarget {
  return guestTarget(session, guest, guestDoorOf(shared, session, guest));
}

function guestDoorOf(shared: Omit<Shared, 'agents'>, session: Session, guest: string): GuestDoor {
  const { kernel } = shared.options;
  const { ended } = session;
  const compartment = compartmentOf(shared, session, guest);
  return guestDoor({ kernel, now: shared.now, ended, compartment }, guest);
}

const runTarget = targetsOf<AgentRun>(AGENT_RUN_METHODS);

/** The agents as the host sees them in one session. */
function agentMethods({ agents }: Shared, session: Session): AgentMethods {
  const run = (made: AgentRun): AgentRun => runTarget(session, HOST, made) as unknown as AgentRun;
  return {
    agent: async (words) => run(await agents.start(words)),
    agentRun: async (name) => run(agents.runOf(name)),
    agents: async () => agents.list(),
    conversation: async (name) => agents.conversation(name),
    removeAgent: (name, reason) => agents.remove(name, reason),
  };
}

/** The library's object stands for the door on the way to the peer. */
function compartmentOf(
  { compartments }: Pick<Shared, 'compartments'>,
  session: Session,
  maker: string,
): (words: CompartmentWords) => Promise<CompartmentDoor> {
  return async (words) =>
    (await compartments.open(session, maker, words)) as unknown as CompartmentDoor;
}

function openHost(shared: Shared, open: Open): void {
  const { kernel, tokens, daemon } = shared.options;
  const { now, sessions } = shared;
  openAs(shared, HOST, open, (own) => {
    const door = hostDoor({
      kernel,
      tokens,
      now,
      ended: own.ended,
      compartment: compartmentOf(shared, own, HOST),
      info: async () => {
        const port = shared.port();
        const websocket = port === null ? null : { port };
        const { compartments } = shared;
        return {
          ...(await daemon.info()),
          sessions: sessions.count(),
          compartments: { running: compartments.count(), warm: shared.options.workers.warm() },
          websocket,
        };
      },
      stop: () => daemon.stop(),
      running: (guest) => daemon.running(guest) ?? shared.compartments.runningAs(guest),
      // The library's object stands for the door on the way to the peer.
      openGuest: (guest) => guestOf(shared, own, guest) as unknown as GuestDoor,
      closeGuest: sessions.closeOf,
      agents: agentMethods(shared, own),
    });
    return hostTarget(own, HOST, door);
  });
}
