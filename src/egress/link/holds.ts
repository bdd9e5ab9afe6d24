import type { HttpGrant } from '../grant-index.ts';
import type { Refusal } from '../refusal.ts';
import { TIMER_MS_MAX } from './limits.ts';

/** One use while it goes on. */
export interface Hold {
  /** Set when the grant ended before the use did. */
  readonly ended: Refusal | null;
  /** Called once when the grant ends, at once when it has. */
  onEnd(cut: (why: Refusal) => void): void;
  /** The use is over. */
  release(): void;
}

interface OpenHold extends Hold {
  end(why: Refusal): void;
}

/** The uses that are going on under each grant. */
export interface Holds {
  begin(id: string, limits: Limits): OpenHold;
  /** Cuts every use under a grant; how many there were. */
  end(id: string, why: Refusal): number;
}

type Limits = Pick<HttpGrant, 'expires' | 'text'>;

export function makeHolds(): Holds {
  const holds = new Map<string, Set<OpenHold>>();
  return {
    begin(id, limits) {
      const open = holds.get(id) ?? new Set();
      holds.set(id, open);
      const hold = makeHold(limits, () => {
        open.delete(hold);
        if (open.size === 0 && holds.get(id) === open) holds.delete(id);
      });
      open.add(hold);
      return hold;
    },
    end(id, why) {
      const open = [...(holds.get(id) ?? [])];
      for (const hold of open) hold.end(why);
      return open.length;
    },
  };
}

/** One hold of all: it ends with the first of them, and lets go of every one. */
export function joinHolds(holds: readonly [Hold, ...Hold[]]): Hold {
  if (holds.length === 1) return holds[0];
  return {
    get ended() {
      return holds.find(({ ended }) => ended !== null)?.ended ?? null;
    },
    onEnd(cut) {
      let told = false;
      for (const hold of holds) {
        hold.onEnd((why) => {
          if (!told) cut(why);
          told = true;
        });
      }
    },
    release() {
      for (const hold of holds) hold.release();
    },
  };
}

function makeHold(grant: Pick<HttpGrant, 'expires' | 'text'>, over: () => void): OpenHold {
  let ended: Refusal | null = null;
  let tell: ((why: Refusal) => void) | null = null;
  let timer: NodeJS.Timeout | undefined;

  function end(why: Refusal): void {
    if (ended !== null) return;
    ended = why;
    clearTimeout(timer);
    tell?.(why);
    tell = null;
  }

  /** A use does not outlast the time of its grant. */
  function watchTime(expires: number): void {
    const left = expires - Date.now();
    const at = new Date(expires).toISOString();
    const look = () =>
      left > TIMER_MS_MAX
        ? watchTime(expires)
        : end({ code: 'grant-expired', reason: `The grant "${grant.text}" ended at ${at}.` });
    timer = setTimeout(look, Math.max(0, Math.min(left, TIMER_MS_MAX)));
  }

  if (grant.expires !== null) watchTime(grant.expires);
  return {
    get ended() {
      return ended;
    },
    onEnd(cut) {
      if (ended === null) tell = cut;
      else cut(ended);
    },
    release() {
      clearTimeout(timer);
      tell = null;
      over();
    },
    end,
  };
}
