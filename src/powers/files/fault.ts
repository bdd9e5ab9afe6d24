import type { EndSignal } from '../../ocap/live.ts';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import { describeCall, type FilesCall, showPath } from './call.ts';
import { WayRefused } from './held.ts';

/** What an error of the system means to a holder: a code, and a clause without any host path. */
const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['file-unknown', 'there is no such file or directory'],
  ENOTDIR: ['file-refused', 'it is no directory'],
  EISDIR: ['file-refused', 'it is a directory'],
  ELOOP: ['file-refused', 'it is a link'],
  ENXIO: ['file-refused', 'it is no plain file'],
  EEXIST: ['file-refused', 'it is there already'],
  ENOTEMPTY: ['file-refused', 'the directory is not empty'],
  EXDEV: ['file-refused', 'it is on another file system'],
  EINVAL: ['file-refused', 'a directory cannot be moved into itself'],
  EBUSY: ['file-refused', 'another file system is mounted there'],
  ETXTBSY: ['file-refused', 'it is a program that runs'],
  EACCES: ['file-refused', 'the host may not do it either'],
  EPERM: ['file-refused', 'the host may not do it either'],
  ENAMETOOLONG: ['call-invalid', 'the file system takes no name of that length'],
  EROFS: ['file-refused', 'the file system is for reading only'],
  EDQUOT: ['quota-exceeded', 'the disk quota of the host is used up'],
};

/** An error as a holder may see it. Paths in it are those of the power, never of the host. */
export function faultOf(error: unknown, call: FilesCall): PowerboxError {
  if (PowerboxError.is(error)) return error;
  if (error instanceof WayRefused) {
    return refusedFile(call, `${showPath(error.path)} ${error.why}`);
  }
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const [meaning, why] = (Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined) ?? [
    'power-failed' as const,
    `the file system failed (${code})`,
  ];
  return new PowerboxError(meaning, sentence(call, why), { cause: error });
}

export function refusedFile(call: FilesCall, why: string): PowerboxError {
  return new PowerboxError('file-refused', sentence(call, why));
}

export function sentence(call: FilesCall, why: string): string {
  return `Cannot ${describeCall(call)}: ${why}.`;
}

/** Throws what the grant ended with; called between the steps of what takes long. */
export function mustGoOn(signal: EndSignal): void {
  if (!signal.aborted) return;
  if (PowerboxError.is(signal.reason)) throw signal.reason;
  throw new PowerboxError('grant-revoked', 'The grant ended while it was used.');
}
