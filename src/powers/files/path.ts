import { NAME_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX } from './limits.ts';

/**
 * Paths of a files power. A path says the way from the power's own top: `/` is the top, `/a/b` two
 * levels below. There is one spelling of each and nothing is decoded, folded or normalised, so two
 * paths are the same exactly when their strings are.
 */
export type FilePath =
  | { readonly ok: true; readonly path: string }
  /** `reason` is a clause: lower-case, no full stop. */
  | { readonly ok: false; readonly reason: string };

/** Names of files that are being written; nobody but the power itself can use them. */
export const WRITING_PREFIX = '.powerbox-writing-';

/**
 * The canonical form of what a holder wrote; the leading `/` may be left out. Refused are empty,
 * `.` and `..` segments, NUL, backslashes, and text that has no UTF-8 form, as what was judged
 * would not be what the system is asked for. Never throws.
 */
export function readPath(text: string): FilePath {
  if (text.length > PATH_BYTES_MAX || Buffer.byteLength(text) > PATH_BYTES_MAX) {
    return { ok: false, reason: `the path is longer than ${PATH_BYTES_MAX} bytes` };
  }
  const path = text.startsWith('/') ? text : `/${text}`;
  const names = segmentsOf(path);
  if (names.length > PATH_DEPTH_MAX) {
    return { ok: false, reason: `the path is deeper than ${PATH_DEPTH_MAX} levels` };
  }
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== null) return { ok: false, reason: fault };
  }
  return { ok: true, path };
}

/** Why this cannot be the name of a file; null when it can. */
export function nameFault(name: string): string | null {
  if (name === '') return 'the path has an empty segment';
  if (name === '.' || name === '..') return 'the path has a dot segment';
  if (name.includes('/')) return 'a name has a slash';
  if (name.includes('\0')) return 'the path has a NUL';
  if (name.includes('\\')) return 'the path has a backslash';
  if (/\p{Surrogate}/u.test(name)) return 'the path has half a surrogate pair';
  if (name.startsWith(WRITING_PREFIX)) return `names with ${WRITING_PREFIX} are kept for writing`;
  if (name.length * 3 > NAME_BYTES_MAX && Buffer.byteLength(name) > NAME_BYTES_MAX) {
    return `a name is longer than ${NAME_BYTES_MAX} bytes`;
  }
  return null;
}

/** Of a canonical path; none for `/`. */
export function segmentsOf(path: string): readonly string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

/** Of two canonical paths: the second as seen from the first. */
export function joinPaths(top: string, path: string): string {
  if (top === '/') return path;
  return path === '/' ? top : top + path;
}

/** The canonical path of an entry of a directory. */
export function childPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** Of a path that is not `/`: the directory that it lies in, and its name there. */
export function splitPath(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: slash === 0 ? '/' : path.slice(0, slash), name: path.slice(slash + 1) };
}
