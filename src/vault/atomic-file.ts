import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { PowerboxError } from '../wire/errors.ts';

/**
 * Puts `content` at `path` with mode 0600: a reader, and a machine that loses power, finds the
 * old file or the new one, never a part. With `replace` false an existing file stays as it is.
 * Throws `state-unusable`.
 */
export function writeAtomically(path: string, content: Uint8Array, replace = true): void {
  const folder = dirname(path);
  const draft = join(folder, `.draft-${randomBytes(9).toString('hex')}`);
  try {
    writeDraft(draft, content);
    if (replace) renameSync(draft, path);
    else linkUnlessThere(draft, path);
    syncFolder(folder);
  } catch (error) {
    const reason = errnoOf(error) ?? 'the system refused';
    throw new PowerboxError('state-unusable', `Cannot write ${path}: ${reason}.`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(path: string, content: Uint8Array): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    let written = 0;
    while (written < content.length) written += writeSync(file, content, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function linkUnlessThere(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** Makes renames and removals in `path` survive a loss of power. */
export function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * The bytes of a regular file, with the state of exactly what was read. Follows no symbolic link,
 * waits for no pipe, and reads at most `bytesMax + 1` bytes, so a caller sees when it was longer.
 */
export function readRegularFile(path: string, bytesMax: number): { content: Buffer; stat: Stats } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('not a regular file');
    return { content: readUpTo(file, bytesMax + 1), stat };
  } finally {
    closeSync(file);
  }
}

/** At most `bytesMax` bytes from an open file or pipe. */
export function readUpTo(file: number, bytesMax: number): Buffer {
  const buffer = Buffer.alloc(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const read = readSync(file, buffer, length, bytesMax - length, null);
    if (read === 0) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

/** The system's own name of a fault (`ENOENT` …), when `error` is one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
