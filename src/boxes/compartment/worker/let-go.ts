import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FUNCTIONS_HELD_MIN, OBJECTS_HELD_MIN } from './limits.ts';
import type { Peer } from './stubs.ts';

/**
 * What the code has forgotten is let go of at the host, which bounds how much one worker may hold.
 * The engine collects when memory runs short, which is long after: a presence takes little. So it
 * is told to when many more are held than were in use at the last time.
 */
interface Count {
  held: number;
  /** Held at most before the engine is told to collect. */
  most: number;
  /** The next such number. */
  next(held: number): number;
}

const COUNTS: Readonly<Record<Peer, Count>> = {
  power: {
    held: 0,
    most: OBJECTS_HELD_MIN,
    next: (held) => Math.max(OBJECTS_HELD_MIN, held * 2),
  },
  // Of these the host gives a compartment few.
  maker: { held: 0, most: FUNCTIONS_HELD_MIN, next: (held) => held + FUNCTIONS_HELD_MIN },
};
let isDue = false;

const forgotten = new FinalizationRegistry<{ readonly stub: Disposable; readonly count: Count }>(
  ({ stub, count }) => {
    count.held -= 1;
    stub[Symbol.dispose]();
  },
);

/** Disposes of `stub`, an object of this peer, when nobody can reach `owner` any more. */
export function letGoWith(owner: object, stub: Disposable, peer: Peer): void {
  const count = COUNTS[peer];
  forgotten.register(owner, { stub, count });
  count.held += 1;
  if (count.held < count.most || isDue) return;
  isDue = true;
  setImmediate(() => {
    collect ??= collector();
    collect();
    // The engine tells of what it collected in a later turn.
    setTimeout(() => {
      isDue = false;
      for (const one of Object.values(COUNTS)) one.most = one.next(one.held);
    }, 0);
  });
}

/** From a realm of its own, so that the one that code runs in has no name for it. */
let collect: (() => void) | undefined;

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as () => void;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
