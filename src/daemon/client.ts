import { connect as connectSocket } from 'node:net';
import { connect } from '../gateway/connect.ts';
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
  /** Set when the daemon is of another version than this command; one sentence. */
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
  const address = socketAddress(socketPath(home));
  try {
    if (!(await takesConnections(address.path))) {
      if (!options.start) {
        throw new PowerboxError('daemon-unreachable', `No daemon runs for ${home.root}.`, {
          hint: 'Run `powerbox daemon start`.',
        });
      }
      // Most commands find a daemon, and need not wait for this module.
      const { startDaemon } = await import('./start-daemon.ts');
      await startDaemon(home, () => takesConnections(address.path));
    }
    const session = await connect(address.path);
    return { door: session.door, mismatch: mismatchOf(home), close: () => session.close() };
  } finally {
    address.close();
  }
}

/** For what must only run, such as a start of a box. */
export async function ensureDaemon(home: Home): Promise<void> {
  (await daemonDoor(home, { start: true })).close();
}

function takesConnections(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connectSocket(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

function mismatchOf(home: Home): string | null {
  const theirs = readDaemonRecord(home)?.version;
  const ours = ownVersion();
  if (theirs === undefined || theirs === ours) return null;
  return `The daemon is version ${theirs} and this command is ${ours}; \`powerbox daemon stop\` lets the next command start the new one.`;
}
