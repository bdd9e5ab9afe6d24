import { PowerboxError } from '../wire/errors.ts';

/** Counts the uses of each holder that are going on. */
export interface Turnstile {
  /** Throws `limit-exceeded`. */
  enter(holder: string): void;
  leave(holder: string): void;
}

export function makeTurnstile(most: number): Turnstile {
  const inside = new Map<string, number>();
  return {
    enter(holder) {
      const count = inside.get(holder) ?? 0;
      if (count >= most) {
        throw new PowerboxError(
          'limit-exceeded',
          `Cannot begin another use: ${count} are going on.`,
        );
      }
      inside.set(holder, count + 1);
    },
    leave(holder) {
      const count = (inside.get(holder) ?? 1) - 1;
      if (count === 0) inside.delete(holder);
      else inside.set(holder, count);
    },
  };
}
