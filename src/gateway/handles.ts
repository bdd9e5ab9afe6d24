import type { Kernel, Reference } from '../kernel/kernel.ts';

/**
 * Counts who holds a reference, over all sessions: the kernel gives one object out as one
 * reference, and it is let go of when the last session lets go of it.
 */
export interface Handles {
  hold(reference: Reference): void;
  drop(reference: Reference): void;
}

export function makeHandles(kernel: Pick<Kernel, 'release'>): Handles {
  const counts = new Map<Reference, number>();
  return {
    hold: (reference) => {
      counts.set(reference, (counts.get(reference) ?? 0) + 1);
    },
    drop: (reference) => {
      const left = (counts.get(reference) ?? 0) - 1;
      if (left > 0) {
        counts.set(reference, left);
      } else if (counts.delete(reference)) {
        kernel.release(reference);
      }
    },
  };
}
