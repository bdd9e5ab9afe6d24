import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** The text of an ordinary file of at most so many bytes; else why there is none. */
export function readOrdinary(
  path: string,
  bytesMax: number,
): string | { readonly why: 'no file' | 'too large' } {
  let file: number;
  try {
    // What is no file, such as a pipe that nobody writes, must not be waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return { why: 'no file' };
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return { why: 'no file' };
    return stat.size > bytesMax ? { why: 'too large' } : readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
