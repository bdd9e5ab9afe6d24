import { WATCH_MS } from './limits.ts';
import { identityOf, type Lock } from './lock.ts';

export interface WatchEvents {
  /** The home is not this daemon's any more: nothing in it may be touched. */
  orphaned(): void;
  /** Nobody has needed it for the idle time. */
  idle(): void;
}

/** Looks once a second whether this daemon still has a home and somebody who needs it. */
export function watchHome(
  { lock, socket, idleMs }: { lock: Lock; socket: string; idleMs: number },
  isNeeded: () => boolean,
  events: WatchEvents,
): () => void {
  const mine = identityOf(socket);
  let needed = performance.now();
  const timer = setInterval(
    () => {
      if (!lock.isMine() || identityOf(socket) !== mine) {
        clearInterval(timer);
        events.orphaned();
      } else if (isNeeded()) {
        needed = performance.now();
      } else if (performance.now() - needed >= idleMs) {
        clearInterval(timer);
        events.idle();
      }
    },
    Math.min(WATCH_MS, idleMs),
  );
  return () => clearInterval(timer);
}
