import { createRequire } from 'node:module';
import type { Pool } from 'undici';

let loaded: typeof Pool | null = null;

/**
 * undici's Pool alone. The package's entry also loads fetch, caches and mocks, three times the
 * cost, in a process whose start a person waits for; so does loading it before it is needed.
 */
export function undiciPool(): typeof Pool {
  loaded ??= createRequire(import.meta.url)('undici/lib/dispatcher/pool.js') as typeof Pool;
  return loaded;
}
