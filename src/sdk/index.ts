/**
 * Powerbox for programs: compartments for code, and the daemon's door for everything else.
 *
 *     await using powerbox = await connect();
 *     await using box = await powerbox.compartment({ give: { repo: 'files:/srv/repo' } });
 *     await box.evaluate('const { text } = await repo.read("README.md"); text.length');
 */
import type { RpcStub } from 'capnweb';
import { daemonDoor } from '../daemon/client.ts';
import { openHome } from '../store/home.ts';
import type { HostDoor } from '../wire/doors.ts';
import { type Compartment, type CompartmentOptions, makeCompartment } from './compartment.ts';
import { meant } from './failures.ts';
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

/** A session with the daemon of a home, as its host. */
export interface Powerbox extends AsyncDisposable {
  /** The host's door: guests, grants, names, mail, the journal's questions. */
  readonly door: HostDoor;
  /** A compartment for code, which holds what is given to it and nothing else. */
  compartment(options?: CompartmentOptions): Promise<Compartment>;
  /** The power at a petname, to be used, or given on. */
  lookup(path: string): Promise<Power>;
  /** Ends the session, and with it its compartments. */
  close(): Promise<void>;
}

/** Connects to the daemon, which is started when it does not run. */
export async function connect(options: ConnectOptions = {}): Promise<Powerbox> {
  const { home, start = true } = options;
  const env = home === undefined ? process.env : { ...process.env, POWERBOX_HOME: home };
  const session = await daemonDoor(openHome(env), { start });
  const { door } = session;
  const powerbox: Powerbox = {
    door,
    compartment: (wanted = {}) => makeCompartment((words) => door.compartment(words), wanted),
    async lookup(path) {
      // By its id, so that what is used and what is given on are the same grant.
      const { grant } = await door.describe(path);
      const stub = await meant(() => door.lookup(grant));
      return powerOf(stub as RpcStub<() => unknown>, grant);
    },
    async close() {
      session.close();
    },
    [Symbol.asyncDispose]: () => powerbox.close(),
  };
  return Object.freeze(powerbox);
}
