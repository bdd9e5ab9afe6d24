import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * The text of an ordinary file of at most so many bytes, or why there is none. Throws what the
 * system says of a file that cannot be opened.
 */
export function readOrdinary(
  path: string,
  bytesMax: number,
): string | { readonly why: 'no ordinary file' | 'too large' } {
  // What is no file, such as a pipe that nobody writes, must not be waited for.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return { why: 'no ordinary file' };
    return stat.size > bytesMax ? { why: 'too large' } : readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
