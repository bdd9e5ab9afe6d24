import type { Node } from './graph.ts';

/** Longest time that one timer can wait; a later end is looked at again. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const NOTHING = (): void => {};

/** Calls back at the earliest end of these grants, soon when it is past. Gives what stops it. */
export function watchTime(
  passed: readonly Pick<Node, 'expires'>[],
  now: () => number,
  end: () => void,
): () => void {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { expires } of passed) if (expires !== null) earliest = Math.min(earliest, expires);
  if (earliest === Number.POSITIVE_INFINITY) return NOTHING;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = Math.max(0, earliest - now());
    timer = setTimeout(left > TIMER_MS_MAX ? wait : end, Math.min(left, TIMER_MS_MAX));
    timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
