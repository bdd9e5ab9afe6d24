import { LEAVES_KNOWN_MAX, REFUSAL_DELAY_MS_MAX } from './limits.ts';

/** So many things in each second are free; those beyond wait for the time that has room for them. */
export interface Pace {
  /** Counts one; how many milliseconds it has to wait. */
  count(): number;
}

/** Milliseconds since the epoch. */
type Clock = () => number;

export function paced(count: number, clock: Clock = Date.now): Pace {
  let free = 0;
  return {
    count() {
      const now = clock();
      // What is beyond the longest wait is not waited for, and so takes no room.
      if (free - now < REFUSAL_DELAY_MS_MAX) free = Math.max(free, now - 1000) + 1000 / count;
      return Math.max(0, Math.ceil(free - now));
    },
  };
}

/** True at most so many times in each stretch of `ms` milliseconds, as the clock divides them. */
export function atMost(count: number, ms = 1_000, clock: Clock = Date.now): () => boolean {
  let stretch = 0;
  let used = 0;
  return () => {
    const now = Math.floor(clock() / ms);
    if (now !== stretch) {
      stretch = now;
      used = 0;
    }
    used += 1;
    return used <= count;
  };
}

/** Names that were made before are free; new ones come at a bounded rate, or as null. */
export function limited<T>(
  make: (name: string) => T,
  perSecond: number,
  clock: Clock = Date.now,
): (name: string) => T | null {
  const known = new Set<string>();
  const mayMake = atMost(perSecond, 1_000, clock);
  return (name) => {
    if (!known.has(name)) {
      if (!mayMake()) return null;
      if (known.size >= LEAVES_KNOWN_MAX) known.clear();
      known.add(name);
    }
    return make(name);
  };
}
