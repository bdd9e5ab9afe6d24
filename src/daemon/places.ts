import { join } from 'node:path';
import type { Home } from '../store/home.ts';

/** The files of the daemon in its home. */

/** Held locked by the one daemon of the home. */
export function lockPath(home: Home): string {
  return join(home.root, 'daemon.lock');
}

/** The host's door; mode 0600. */
export function socketPath(home: Home): string {
  return join(home.root, 'powerbox.sock');
}

export function logPath(home: Home): string {
  return join(home.root, 'daemon.log');
}

/** Who the daemon is: see `DaemonRecord`. */
export function recordPath(home: Home): string {
  return join(home.root, 'daemon.json');
}
