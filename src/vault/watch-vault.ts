import { statSync, watch } from 'node:fs';
import type { Home } from '../store/home.ts';

/**
 * Another one after every change of the vault, but that two changes within the few milliseconds for
 * which the clock of a folder stands still may have one; null where it cannot be told.
 */
export function vaultVersion(home: Home): bigint | null {
  try {
    return statSync(home.vault, { bigint: true }).mtimeNs;
  } catch {
    return null;
  }
}

/**
 * Calls `changed` after a secret was put into the vault, replaced or taken away by whatever process.
 * Where the system gives no watch (its number is bounded), nothing is told: whoever must know looks
 * from time to time too.
 */
export function watchVault(home: Home, changed: () => void): { close(): void } {
  let waiting = false;
  let closed = false;
  try {
    const watcher = watch(home.vault, { persistent: false }, (_, file) => {
      // A draft is nobody's yet.
      if (waiting || file?.startsWith('.')) return;
      waiting = true;
      // Changes of one moment are looked at together.
      setImmediate(() => {
        waiting = false;
        if (!closed) changed();
      });
    });
    watcher.on('error', () => {});
    return {
      close() {
        closed = true;
        watcher.close();
      },
    };
  } catch {
    return { close() {} };
  }
}
