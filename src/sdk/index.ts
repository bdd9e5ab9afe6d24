/**
 * Powerbox for programs: compartments for code, and the daemon's door for everything else.
 *
 *     await using powerbox = await connect();
 *     await using box = await powerbox.compartment({ give: { repo: 'files:/srv/repo' } });
 *     await box.evaluate('const { text } = await repo.read("README.md"); text.length');
 */
import type { RpcStub } from 'capnweb';
import { daemonDoor, plainDoor } from '../daemon/client.ts';
import { openHome } from '../store/home.ts';
import type { GuestDoor, HostDoor } from '../wire/doors.ts';
import { mustBeObject, mustKnowKeys } from './asked.ts';
import { type Compartment, type CompartmentOptions, makeCompartment } from './compartment.ts';
import { type Power, powerOf } from './power.ts';

export type {
  CompartmentInfo,
  CompartmentLimits,
  ConsoleLevel,
  ConsoleLine,
  GiveWords,
  ProgramWords,
} from '../wire/compartment.ts';
export type { GrantInfo, GrantWords, GuestDoor, GuestInfo, HostDoor } from '../wire/doors.ts';
export { type ErrorCode, PowerboxError } from '../wire/errors.ts';
export type { Compartment, CompartmentOptions, Give } from './compartment.ts';
export type { Far } from './far.ts';
export type { Power } from './power.ts';
export { type ModuleGraph, readModules } from './read-modules.ts';

export interface ConnectOptions {
  /** Folder of the daemon's state; `POWERBOX_HOME`, or the usual one, when left out. */
  readonly home?: string;
  /** False throws `daemon-unreachable` where no daemon runs, instead of starting one. */
  readonly start?: boolean;
}

/** How a guest reaches the daemon: `powerbox guest token` makes one, `daemon status` has the port. */
export interface GuestOptions {
  readonly token: string;
  readonly port: number;
}

/** A session with a daemon, at the door of the host or of a guest. */
export interface Session<Door extends GuestDoor> extends AsyncDisposable {
  /** Guests, grants, names, mail: all that the holder of this door can do. */
  readonly door: Door;
  /** A compartment for code, which holds what is given to it and nothing else. */
  compartment(options?: CompartmentOptions): Promise<Compartment>;
  /** The power at a petname, to be used, or given on. */
  lookup(path: string): Promise<Power>;
  /** Ends the session, and with it its compartments. */
  close(): Promise<void>;
}

export type Powerbox = Session<HostDoor>;
export type PowerboxGuest = Session<GuestDoor>;

/**
 * Connects to the daemon of a home as its host, which starts it when it does not run; or, with a
 * token, to one that runs as a guest.
 */
export function connect(options?: ConnectOptions): Promise<Powerbox>;
export function connect(options: GuestOptions): Promise<PowerboxGuest>;
export async function connect(
  options: ConnectOptions | GuestOptions = {},
): Promise<Powerbox | PowerboxGuest> {
  mustBeObject(options, 'Cannot connect');
  if ('token' in options) {
    mustKnowKeys(options, ['token', 'port'], 'Cannot connect');
    // A program of the host's has no need of WebSockets.
    const { connectGuest } = await import('../gateway/guest-client.ts');
    const client = await connectGuest(options.port, options.token);
    return sessionOf(plainDoor<GuestDoor>(client.door), () => client.close());
  }
  mustKnowKeys(options, ['home', 'start'], 'Cannot connect');
  const { home, start = true } = options;
  const env = home === undefined ? process.env : { ...process.env, POWERBOX_HOME: home };
  const session = await daemonDoor(openHome(env), { start });
  return sessionOf(session.door, () => session.close());
}

function sessionOf<Door extends GuestDoor>(door: Door, end: () => void): Session<Door> {
  const session: Session<Door> = {
    door,
    compartment: (wanted = {}) => makeCompartment((words) => door.compartment(words), wanted),
    async lookup(path) {
      // By its id, so that what is used and what is given on are the same grant.
      const { grant } = await door.describe(path);
      return powerOf((await door.lookup(grant)) as RpcStub<() => unknown>, grant);
    },
    close: async () => end(),
    [Symbol.asyncDispose]: () => session.close(),
  };
  return Object.freeze(session);
}
