import { PowerboxError } from '../wire/errors.ts';
import { GUEST_SESSIONS_MAX } from './limits.ts';
import type { Session } from './session.ts';

/** The sessions that are open, and whose they are. */
export interface Sessions {
  count(): number;
  /** True when a guest may open one more. */
  mayOpen(guest: string): boolean;
  add(holder: string, session: Session): void;
  remove(holder: string, session: Session): void;
  closeOf(holder: string): void;
  closeAll(): void;
}

export function makeSessions(): Sessions {
  const open = new Map<string, Set<Session>>();
  const end = (sessions: Iterable<Session>, why: PowerboxError): void => {
    for (const session of [...sessions]) session.end(why);
  };
  return {
    count: () => [...open.values()].reduce((sum, { size }) => sum + size, 0),
    mayOpen: (guest) => (open.get(guest)?.size ?? 0) < GUEST_SESSIONS_MAX,
    add(holder, session) {
      const own = open.get(holder) ?? new Set<Session>();
      own.add(session);
      open.set(holder, own);
      session.claim(holder);
    },
    remove(holder, session) {
      const own = open.get(holder);
      if (own?.delete(session) === true && own.size === 0) open.delete(holder);
    },
    closeOf(holder) {
      const why = new PowerboxError('session-refused', 'Cannot go on: this guest was removed.');
      end(open.get(holder) ?? [], why);
    },
    closeAll() {
      const why = new PowerboxError('daemon-unreachable', 'Cannot go on: the daemon ends.');
      for (const own of open.values()) end(own, why);
    },
  };
}
