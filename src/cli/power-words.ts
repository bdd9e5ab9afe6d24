import { resolve } from 'node:path';

/**
 * A path in the words of a power is meant from where the person stands; the daemon stands
 * elsewhere. `files:./src` becomes `files:/home/ada/src`.
 */
export function absolutePower(words: string, cwd: string): string {
  const match = /^([a-z][a-z0-9-]*:(?:sqlite:)?)(\.{1,2}(?:\/.*)?)$/s.exec(words);
  return match === null ? words : `${match[1]}${resolve(cwd, match[2] ?? '.')}`;
}
