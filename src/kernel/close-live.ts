import type { Live } from '../ocap/live.ts';

/**
 * Lets go of an object, whatever it says to that: a kind whose `close` fails must not keep a
 * revocation from going on with what comes behind it.
 */
export function closeLive(live: Live): void {
  try {
    const closing: unknown = live.close();
    if (closing instanceof Promise) closing.catch(() => {});
  } catch {
    // Its grant has ended or its holder has let go of it: nothing reaches it any more.
  }
}
