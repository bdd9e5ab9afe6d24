import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OBJECTS_HELD_MIN } from './limits.ts';

/**
 * What the code has forgotten is let go of at the host, which bounds how much one worker may hold.
 * The engine collects when memory runs short, which is long after: a presence takes little. So it
 * is told to when twice as many are held as were in use at the last time.
 */
let held = 0;
let most = OBJECTS_HELD_MIN;
let isDue = false;

const forgotten = new FinalizationRegistry<Disposable>((stub) => {
  held -= 1;
  stub[Symbol.dispose]();
});

/** Disposes of `stub` when nobody can reach `owner` any more. */
export function letGoWith(owner: object, stub: Disposable): void {
  forgotten.register(owner, stub);
  held += 1;
  if (held < most || isDue) return;
  isDue = true;
  setImmediate(() => {
    collect ??= collector();
    collect();
    // The engine tells of what it collected in a later turn.
    setTimeout(() => {
      isDue = false;
      most = Math.max(OBJECTS_HELD_MIN, held * 2);
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
