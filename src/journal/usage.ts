import type { Home } from '../store/home.ts';
import { guarded } from './fault.ts';
import { type JournalReader, openReader } from './query.ts';

/** Allowed uses of a grant, those through what hangs on it included. */
export interface GrantUsage {
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

export interface UsageReader {
  /** By id of the grant, up to now. Reads only what was written since it was asked before. */
  usage(): ReadonlyMap<string, GrantUsage>;
  /** May be called again. */
  close(): void;
}

/** Counts uses as the journal tells them; for a process that stays. */
export function openUsage(home: Home): UsageReader {
  const found = new Map<string, GrantUsage>();
  let reader: JournalReader | undefined;
  let seen = 0;
  return {
    usage() {
      reader ??= openReader(home);
      if (reader === undefined) return found;
      const { table } = reader;
      guarded(() => {
        const newest = table.last()?.seq ?? 0;
        if (newest <= seen) return;
        for (const { chain, count, last } of table.uses(seen, newest)) {
          for (const grant of chain) {
            const before = found.get(grant);
            found.set(grant, {
              count: (before?.count ?? 0) + count,
              last: Math.max(before?.last ?? 0, last),
            });
          }
        }
        seen = newest;
      });
      return found;
    },
    close() {
      reader?.close();
      reader = undefined;
    },
  };
}

/** Of the whole journal, once. */
export function usageOf(home: Home): ReadonlyMap<string, GrantUsage> {
  const reader = openUsage(home);
  try {
    return reader.usage();
  } finally {
    reader.close();
  }
}
