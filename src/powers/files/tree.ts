import { closeSync, constants, fstatSync, openSync, statfsSync } from 'node:fs';
import { PowerboxError } from '../../wire/errors.ts';
import type { FilesConfig } from './config.ts';
import { type Held, holdAbsolute, holdBelow, release, WayRefused } from './held.ts';

/** The directory of a power, held open from its first use to its end. */
export interface Tree {
  /** May anything in it be changed through the power? */
  readonly writable: boolean;
  /** Opens a directory of it; the caller releases it. Throws `reference-closed` after the end. */
  hold(path: string): Held;
  close(): void;
}

/** File systems that show the machine itself (linux/magic.h): /proc and /sys. */
const MACHINE_SYSTEMS: ReadonlySet<number> = new Set([0x9fa0, 0x62656572]);

/**
 * Opens the directory of a config. Links on the way to it are refused: whoever may replace one
 * would choose which directory the power is for. `excluded` are folders that may neither hold it
 * nor lie in it; what governs Powerbox lies there.
 */
export function openTree(config: FilesConfig, excluded: readonly string[]): Tree {
  let root = openRoot(config.root, excluded);
  let closed = false;
  return {
    writable: config.access === 'rw',
    hold(path) {
      if (closed) throw new PowerboxError('reference-closed', 'The directory has been let go of.');
      // A directory that was removed holds nothing any more; one made anew in its place is meant.
      if (fstatSync(root.fd).nlink === 0) {
        const again = openRoot(config.root, excluded);
        release(root);
        root = again;
      }
      return holdBelow(root, path);
    },
    close() {
      if (closed) return;
      closed = true;
      release(root);
    },
  };
}

function openRoot(path: string, excluded: readonly string[]): Held {
  let held: Held;
  try {
    held = holdAbsolute(path);
  } catch (error) {
    throw new PowerboxError('power-invalid', `Cannot open ${path}: ${reasonOf(error)}.`);
  }
  try {
    if (MACHINE_SYSTEMS.has(statfsSync(`/proc/self/fd/${held.fd}`).type)) {
      throw new PowerboxError('power-invalid', `Cannot open ${path}: it shows the machine itself.`);
    }
    for (const folder of excluded) refuseOverlap(held, path, folder);
    return held;
  } catch (error) {
    release(held);
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof WayRefused) {
    return `${error.path} ${error.why}; name the directory itself, without links on the way`;
  }
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such directory' : `it cannot be read (${code})`;
}

/**
 * Compares the directories themselves, as one of them may have several names. An excluded folder
 * that is not there holds nothing yet.
 */
function refuseOverlap(held: Held, path: string, folder: string): void {
  let other: Held;
  try {
    other = { fd: openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY) };
  } catch {
    return;
  }
  try {
    const [own, ...ownWays] = waysUp(held);
    const [its, ...itsWays] = waysUp(other);
    if (own !== its && !ownWays.includes(its ?? '') && !itsWays.includes(own ?? '')) return;
  } finally {
    release(other);
  }
  throw new PowerboxError(
    'mount-exposes-state',
    `Cannot open ${path}: it holds ${folder} or lies in it.`,
  );
}

/** The directory and those that it lies in, up to the top. */
function waysUp(held: Held): readonly string[] {
  const found: string[] = [];
  let fd = openSync(`/proc/self/fd/${held.fd}`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (;;) {
      const { dev, ino } = fstatSync(fd, { bigint: true });
      const own = `${dev}:${ino}`;
      // The top is its own parent.
      if (found.at(-1) === own) return found;
      found.push(own);
      const up = openSync(`/proc/self/fd/${fd}/..`, constants.O_RDONLY | constants.O_DIRECTORY);
      closeSync(fd);
      fd = up;
    }
  } finally {
    closeSync(fd);
  }
}
