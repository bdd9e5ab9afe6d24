import { statSync } from 'node:fs';
import { holdFile } from '../store/database.ts';
import type { Home } from '../store/home.ts';
import { lockPath } from './places.ts';

/** Being the one daemon of a home. */
export interface Lock {
  /** False once the home, or the file in it, is gone or another one has taken its place. */
  isMine(): boolean;
  release(): void;
}

/**
 * Undefined when another daemon has the home. There are no stale locks: the kernel drops a lock
 * with its holder, at `kill -9` too, and a number of a process that was given out again means
 * nothing to it.
 */
export function takeLock(home: Home): Lock | undefined {
  const path = lockPath(home);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const before = identityOf(path);
    const release = holdFile(path);
    if (release === undefined) return undefined;
    const mine = identityOf(path);
    if (before !== undefined && before === mine) {
      return { isMine: () => identityOf(path) === mine, release };
    }
    // It was made just now, or taken away: is what is locked what lies there? The next try tells.
    release();
  }
  return undefined;
}

/** A second try finds the file that the first one made; more are for a home that is being moved. */
const TRIES_MAX = 4;

/** Device and number of the file that is there now. */
export function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
