import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';

/**
 * Folders held open, so that a name is always looked up in the very folder that was checked: no
 * one can put a symbolic link on the way in between. Node has no openat(2); /proc/self/fd stands
 * in for it.
 */
export interface HeldFolder {
  readonly fd: number;
}

const FOLDER_FLAGS: number = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export function holdFolder(path: string): HeldFolder {
  return { fd: openSync(path, FOLDER_FLAGS) };
}

/** Calls `use` with the folder that `names` lead to from `root`, none of them by a link. */
export function within<T>(
  root: HeldFolder,
  names: readonly string[],
  use: (folder: HeldFolder) => T,
): T {
  const [first, ...rest] = names;
  if (first === undefined) return use(root);
  const next = { fd: openSync(at(root, first), FOLDER_FLAGS) };
  try {
    return within(next, rest, use);
  } finally {
    release(next);
  }
}

export function release(folder: HeldFolder): void {
  closeSync(folder.fd);
}

/** A path for one name in a held folder, for calls that do not follow a link at its end. */
export function at(folder: HeldFolder, name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new RangeError(`Cannot use ${JSON.stringify(name)} as a file name`);
  }
  return `/proc/self/fd/${folder.fd}/${name}`;
}

export function stat(folder: HeldFolder, name: string): Stats | undefined {
  return lstatSync(at(folder, name), { throwIfNoEntry: false });
}

export function names(folder: HeldFolder): string[] {
  return readdirSync(`/proc/self/fd/${folder.fd}`);
}

/** Removes a name and, when it is a folder, all below it; follows no link. */
export function remove(folder: HeldFolder, name: string): void {
  const found = stat(folder, name);
  if (found === undefined) return;
  if (!found.isDirectory()) {
    unlinkSync(at(folder, name));
    return;
  }
  within(folder, [name], (inner) => {
    for (const child of names(inner)) remove(inner, child);
  });
  rmdirSync(at(folder, name));
}
