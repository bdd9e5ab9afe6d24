import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readFolder } from '../boxes/process/read-folder.ts';
import { type MaskedValue, maskFile, type PlaceholderMaker } from '../vault/env-file.ts';
import { MASK_BYTES_MAX } from '../vault/limits.ts';
import { PowerboxError } from '../wire/errors.ts';
import { MASK_DEPTH_MAX, MASK_FILES_MAX, MASK_FOLDERS_MAX } from './limits.ts';
import { type WantedMount, within } from './mounts.ts';

/** A secret file as the box sees it. */
export interface Mask {
  /** Path in the box. */
  readonly target: string;
  readonly content: Uint8Array;
  readonly values: readonly MaskedValue[];
}

/** Folders that hold other people's code in great number, and no settings of this project. */
const NOT_SEARCHED: ReadonlySet<string> = new Set(['node_modules', '.git', '.venv', '__pycache__']);

/**
 * Masks every `.env*` file in the mounted folders and the files that were named. Sockets are
 * covered by an empty file: whoever listens on one is outside the box, and connecting to it by its
 * path would pass the egress by. A folder too large to search is refused: an unseen secret file
 * would be readable.
 */
export function findMasks(
  mounts: readonly WantedMount[],
  named: readonly string[],
  cwd: string,
  make: PlaceholderMaker,
): Mask[] {
  const found = new Map<string, string>();
  const budget = { folders: MASK_FOLDERS_MAX, files: MASK_FILES_MAX };
  for (const mount of mounts) {
    for (const path of searchFiles(mount.source, 0, budget)) {
      const target = targetOf(path, mounts);
      if (target !== null) found.set(target, path);
    }
  }
  for (const name of named) {
    const { target, source } = locateNamed(name, cwd, mounts);
    found.set(target, source);
  }
  return [...found].map(([target, source]) => ({ target, ...mask(source, make) }));
}

function mask(source: string, make: PlaceholderMaker): Pick<Mask, 'content' | 'values'> {
  const bytes = readSecretFile(source);
  if (bytes === null) return { content: new Uint8Array(), values: [] };
  const { masked, values } = maskFile(bytes, make);
  return { content: masked, values };
}

/**
 * Null for a socket. Anything else but a plain file of a bounded size is refused: reading a pipe
 * would wait for whoever writes to it, and a device has no end.
 */
function readSecretFile(source: string): Uint8Array | null {
  try {
    if (lstatSync(source).isSocket()) return null;
    const fd = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (fstatSync(fd).isFile()) return readAtMost(fd, source);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (PowerboxError.is(error)) throw error;
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new PowerboxError(
      'mount-unreadable',
      `Cannot mask ${source}: it cannot be read (${why}).`,
    );
  }
  throw new PowerboxError('mount-unreadable', `Cannot mask ${source}: it is no plain file.`);
}

/** Stops one byte beyond the bound, also when the file grows meanwhile. */
function readAtMost(fd: number, source: string): Uint8Array {
  const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, MASK_BYTES_MAX) + 1);
  let length = 0;
  for (let count = -1; count !== 0 && length < bytes.length; length += count) {
    count = readSync(fd, bytes, length, bytes.length - length, null);
  }
  if (length <= MASK_BYTES_MAX && length < bytes.length) return bytes.subarray(0, length);
  throw new PowerboxError(
    'mask-too-large',
    `Cannot mask ${source}: it has more than ${MASK_BYTES_MAX} bytes, or grows.`,
    { hint: 'Move the file out of the workspace.' },
  );
}

function locateNamed(
  name: string,
  cwd: string,
  mounts: readonly WantedMount[],
): { target: string; source: string } {
  let source: string;
  try {
    source = realpathSync(resolve(cwd, name));
  } catch {
    throw new PowerboxError('mount-unreadable', `Cannot mask ${name}: there is no such file.`);
  }
  const target = targetOf(source, mounts);
  if (target === null) {
    throw new PowerboxError(
      'mount-unreadable',
      `Cannot mask ${name}: the box does not see it anyway.`,
    );
  }
  return { source, target };
}

/** Where the box sees a file of the host; null when it does not. */
function targetOf(source: string, mounts: readonly WantedMount[]): string | null {
  const mount = mounts.find((candidate) => within(source, candidate.source));
  return mount === undefined ? null : join(mount.target, source.slice(mount.source.length));
}

function searchFiles(
  path: string,
  depth: number,
  budget: { folders: number; files: number },
): string[] {
  if (!lstatSync(path).isDirectory()) return isEnvName(basename(path)) ? [path] : [];
  budget.folders -= 1;
  if (budget.folders < 0 || depth > MASK_DEPTH_MAX) {
    throw new PowerboxError(
      'mask-too-large',
      `Cannot look for secret files below ${path}: there are too many folders.`,
    );
  }
  const found: string[] = [];
  for (const entry of readFolder(path)) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) {
      if (!NOT_SEARCHED.has(entry.name)) found.push(...searchFiles(below, depth + 1, budget));
    } else if (entry.isSocket()) {
      found.push(below);
    } else if (isEnvName(entry.name)) {
      found.push(...envFile(entry, below));
    }
  }
  budget.files -= found.length;
  if (budget.files < 0) {
    throw new PowerboxError(
      'mask-too-large',
      `Cannot mask all secret files and sockets below ${path}: there are too many.`,
    );
  }
  return found;
}

/** A link is masked where it points to, whatever that file is called. */
function envFile(entry: Dirent, path: string): string[] {
  if (entry.isFile()) return [path];
  if (!entry.isSymbolicLink()) return [];
  try {
    const real = realpathSync(path);
    return lstatSync(real).isFile() ? [real] : [];
  } catch {
    return [];
  }
}

function isEnvName(name: string): boolean {
  return (
    name === '.env' || name.startsWith('.env.') || name === '.envrc' || /^\.env[-_]/.test(name)
  );
}
