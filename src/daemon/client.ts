import { connect, type DaemonClient } from '../gateway/client.ts';
import { receivedError } from '../gateway/send-error.ts';
import type { Home } from '../store/home.ts';
import { socketAddress } from '../store/socket-address.ts';
import type { HostDoor } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { socketPath } from './places.ts';
import { readDaemonRecord } from './record.ts';
import { ownVersion } from './version.ts';

/** A session with the daemon of a home, at the host's door. */
export interface DaemonSession {
  readonly door: HostDoor;
  /** One sentence when the daemon is of another version than this command, else null. */
  readonly mismatch: string | null;
  close(): void;
}

/**
 * Connects to the daemon of a home; starts it when nothing listens, unless `start` is false. Throws
 * `daemon-unreachable`, or what keeps the daemon from starting.
 */
export async function daemonDoor(
  home: Home,
  options: { readonly start: boolean },
): Promise<DaemonSession> {
  const client = (await connectTo(home)) ?? (await startAndConnect(home, options.start));
  return {
    door: plainDoor(client.door),
    mismatch: mismatchOf(home),
    close: () => client.close(),
  };
}

/** Undefined when nobody listens. */
async function connectTo(home: Home): Promise<DaemonClient | undefined> {
  const address = socketAddress(socketPath(home));
  try {
    return await connect(address.path);
  } catch (error) {
    if (PowerboxError.is(error) && error.code === 'daemon-unreachable') return undefined;
    throw error;
  } finally {
    address.close();
  }
}

async function startAndConnect(home: Home, start: boolean): Promise<DaemonClient> {
  if (!start) {
    throw new PowerboxError('daemon-unreachable', `No daemon runs for ${home.root}.`, {
      hint: 'Run `powerbox daemon start`.',
    });
  }
  // Most commands find a daemon, and need not wait for this module.
  const { startDaemon } = await import('./start-daemon.ts');
  return startDaemon(home, () => connectTo(home));
}

type AnyDoor = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/** Methods of a door that give an object with methods of its own. */
const OBJECTS: ReadonlySet<string> = new Set(['guest', 'agent', 'agentRun']);

/** The door as an object of promises, with the errors that were meant. */
export function plainDoor<Door extends object>(stub: unknown): Door {
  const far = stub as AnyDoor;
  return new Proxy({} as Door, {
    get(_, name) {
      // A promise looks for this one in whatever it is resolved with.
      if (typeof name !== 'string' || name === 'then') return undefined;
      return async (...args: readonly unknown[]) => {
        try {
          const answer = await far[name]?.(...args);
          return OBJECTS.has(name) ? plainDoor(answer) : answer;
        } catch (error) {
          throw receivedError(error) ?? error;
        }
      };
    },
  });
}

function mismatchOf(home: Home): string | null {
  const theirs = readDaemonRecord(home)?.version;
  const ours = ownVersion();
  if (theirs === undefined || theirs === ours) return null;
  return `The daemon is version ${theirs} and this command is ${ours}; \`powerbox daemon stop\` lets the next command start the new one.`;
}
