import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { nameFault, segmentsOf } from './path.ts';

/**
 * Directories held open, so that a name is always looked up in the very directory that was
 * reached, and never in one that was put in its place meanwhile. Node has no openat2(2); a path
 * through /proc/self/fd names a held directory just as openat(2) does, and O_NOFOLLOW at each step
 * lets no link lead elsewhere (path_resolution(7), proc(5)).
 */
export interface Held {
  readonly fd: number;
}

const DIRECTORY_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** For a descriptor's own name, which is a link to what it holds. */
const OWN_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY;

/** A part of the way is a link, or no directory, or another file system is mounted on it. */
export class WayRefused extends Error {
  /** Canonical path from where the way began. */
  readonly path: string;
  readonly why: string;

  constructor(path: string, why: string) {
    super(`${path} ${why}`);
    this.path = path;
    this.why = why;
  }
}

/** Opens an absolute path of the host, step by step. The caller releases it. */
export function holdAbsolute(path: string): Held {
  const top = { fd: openSync('/', DIRECTORY_FLAGS) };
  try {
    return holdBelow(top, path, { crossing: true });
  } finally {
    release(top);
  }
}

/**
 * Opens the directory that a canonical path leads to from a held one. Mounts are not entered
 * unless `crossing`: what another file system holds was not named. The caller releases it.
 */
export function holdBelow(from: Held, path: string, { crossing = false } = {}): Held {
  const names = segmentsOf(path);
  if (names.length === 0) return { fd: openSync(`/proc/self/fd/${from.fd}`, OWN_FLAGS) };
  const device = crossing ? null : fstatSync(from.fd).dev;
  let current = from;
  try {
    for (const [index, name] of names.entries()) {
      const way = (): string => `/${names.slice(0, index + 1).join('/')}`;
      const next = step(current, name, way);
      if (current !== from) release(current);
      current = next;
      if (device !== null && fstatSync(current.fd).dev !== device) {
        throw new WayRefused(way(), 'is another file system');
      }
    }
    return current;
  } catch (error) {
    if (current !== from) release(current);
    throw error;
  }
}

function step(from: Held, name: string, path: () => string): Held {
  try {
    return { fd: openSync(at(from, name), DIRECTORY_FLAGS) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
    const link = lstatSync(at(from, name), { throwIfNoEntry: false })?.isSymbolicLink() === true;
    throw new WayRefused(path(), link ? 'is a link' : 'is no directory');
  }
}

export function release(held: Held): void {
  closeSync(held.fd);
}

/** A path for one name in a held directory, for calls that follow no link at its end. */
export function at(held: Held, name: string): string {
  const fault = nameFault(name);
  if (fault !== null) throw new RangeError(`Cannot look up a name: ${fault}`);
  return pathIn(held, name);
}

/** As `at`, for names that the power makes itself. */
export function pathIn({ fd }: Held, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/** Of the entry itself, also when it is a link; undefined when there is none. */
export function statIn(held: Held, name: string): Stats | undefined {
  return lstatSync(at(held, name), { throwIfNoEntry: false });
}
