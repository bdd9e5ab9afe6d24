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
      const hold: OpenHold = new GrantHold(limits, () => {
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
  return holds.length === 1 ? holds[0] : new JoinedHold(holds);
}

class JoinedHold implements Hold {
  readonly #holds: readonly Hold[];

  constructor(holds: readonly Hold[]) {
    this.#holds = holds;
  }

  get ended(): Refusal | null {
    return this.#holds.find(({ ended }) => ended !== null)?.ended ?? null;
  }

  onEnd(cut: (why: Refusal) => void): void {
    let told = false;
    for (const hold of this.#holds) {
      hold.onEnd((why) => {
        if (!told) cut(why);
        told = true;
      });
    }
  }

  release(): void {
    for (const hold of this.#holds) hold.release();
  }
}

/** A class, because each request has one, and accessors of an object literal are made anew. */
class GrantHold implements OpenHold {
  ended: Refusal | null = null;
  readonly #text: string;
  readonly #over: () => void;
  #tell: ((why: Refusal) => void) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor({ expires, text }: Limits, over: () => void) {
    this.#text = text;
    this.#over = over;
    if (expires !== null) this.#watchTime(expires);
  }

  onEnd(cut: (why: Refusal) => void): void {
    if (this.ended === null) this.#tell = cut;
    else cut(this.ended);
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#tell = null;
    this.#over();
  }

  end(why: Refusal): void {
    if (this.ended !== null) return;
    this.ended = why;
    clearTimeout(this.#timer);
    this.#tell?.(why);
    this.#tell = null;
  }

  /** A use does not outlast the time of its grant. */
  #watchTime(expires: number): void {
    const left = expires - Date.now();
    const at = new Date(expires).toISOString();
    const look = () =>
      left > TIMER_MS_MAX
        ? this.#watchTime(expires)
        : this.end({ code: 'grant-expired', reason: `The grant "${this.#text}" ended at ${at}.` });
    this.#timer = setTimeout(look, Math.max(0, Math.min(left, TIMER_MS_MAX)));
  }
}
