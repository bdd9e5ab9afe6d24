import { matchWildcard } from '../words/wildcard.ts';

/**
 * Paths of names as this kind judges them: plain names with `/` between, the empty path for the
 * directory itself. Nothing leads upwards, so a path lies where it says.
 */
export const PATH = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*)?$/;

/** Names with `*` for any run of characters in one, and `**` at the end for everything below. */
export const PATTERN =
  /^(?:\*\*|(?!\*\*)[A-Za-z0-9*][A-Za-z0-9._*-]*(?:\/(?!\*\*)[A-Za-z0-9*][A-Za-z0-9._*-]*)*(?:\/\*\*)?)$/;

/** Does the pattern stand for this path? `a/**` stands for what is below `a`, and not for `a`. */
export function matchPath(pattern: string, path: string): boolean {
  const { names, deep } = split(pattern);
  const parts = path === '' ? [] : path.split('/');
  if (deep ? parts.length <= names.length : parts.length !== names.length) return false;
  return names.every((name, index) => matchWildcard(name, parts[index] as string));
}

/** Could something in this directory, at any depth, be what the pattern stands for? */
export function reaches(pattern: string, directory: string): boolean {
  const { names, deep } = split(pattern);
  const parts = directory === '' ? [] : directory.split('/');
  if (!deep && parts.length >= names.length) return false;
  return parts.every((part, index) => {
    const name = names[index];
    return name === undefined || matchWildcard(name, part);
  });
}

/** Is the path the directory, or below it? */
export function isWithin(path: string, directory: string): boolean {
  return directory === '' || path === directory || path.startsWith(`${directory}/`);
}

export function joinPaths(base: string, path: string): string {
  return [base, path].filter((part) => part !== '').join('/');
}

function split(pattern: string): { names: readonly string[]; deep: boolean } {
  const names = pattern.split('/');
  const deep = names.at(-1) === '**';
  return { names: deep ? names.slice(0, -1) : names, deep };
}
