import { PowerboxError } from '../wire/errors.ts';
import { makeFacade } from './facade.ts';

export interface Rate {
  /** Calls of all methods together. */
  readonly calls: number;
  /** In any time of this length, in ms; without it, in all. */
  readonly perMs?: number;
  /** Milliseconds that only grow; the process's clock when left out. */
  readonly clock?: () => number;
}

/**
 * An object that can be called so often: `calls` times in any `perMs`, or in all. A call counts
 * when it is made, whatever becomes of it. More throws `rate-exceeded`, or `budget-spent` when no
 * time gives it back.
 *
 * @example
 * const few = rateLimit(chat, { calls: 10, perMs: 60_000 });
 */
export function rateLimit<T extends object>(object: T, rate: Rate): T {
  const { calls, perMs, clock = Date.now } = rate;
  if (!Number.isSafeInteger(calls) || calls < 0 || !(perMs === undefined || perMs > 0)) {
    throw new TypeError('Cannot limit: calls is a whole number, and perMs is more than 0.');
  }
  /** When the last calls were made; the oldest is in the slot that comes next. */
  const made: number[] = [];
  let count = 0;
  return makeFacade(object, ({ method, args, proceed }) => {
    if (perMs === undefined) {
      if (count >= calls) {
        throw new PowerboxError('budget-spent', `Cannot call ${method}: ${calls} calls are used.`);
      }
    } else {
      const now = clock();
      const slot = count % Math.max(calls, 1);
      // A clock that goes back, or tells no time, allows nothing.
      if (calls === 0 || (count >= calls && !(now - (made[slot] as number) >= perMs))) {
        throw new PowerboxError(
          'rate-exceeded',
          `Cannot call ${method}: ${calls} calls in ${perMs} ms are allowed.`,
        );
      }
      made[slot] = now;
    }
    count += 1;
    return proceed(args);
  });
}
