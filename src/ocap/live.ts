import type { Spend } from './budget.ts';

/**
 * An object that does the work of a power: the root facet that a kind's `open` gives, or what one
 * of its methods gives back. Holders never touch it; they hold what the kernel makes around it.
 */
export interface Live {
  readonly facet: string;
  /** Plain data: where this object is within its power, for the canonical form of calls. */
  readonly at: unknown;
  /** Called by the kernel only, after everything has been judged. May give a `Live` back. */
  call(method: string, args: readonly unknown[], context: UseContext): unknown;
  /** Lets go of what it holds. May be called again, and in the middle of a call. */
  close(): void;
}

/** What a call may know of the use that it is part of. */
export interface UseContext {
  /** The principal that uses it: for what is signed with a name, never for judging. */
  readonly holder?: string;
  /** Of every grant on the way, root first; each must be kept within. */
  readonly narrowings: readonly unknown[];
  /** How many of them, from the first on, the host wrote itself; left out for none. */
  readonly byHost?: number;
  /** Aborted when the grant ends; the call must stop and let go of what it holds. */
  readonly signal: EndSignal;
  /**
   * Spends what is known only while the call runs. Throws `budget-spent` when a grant on the way
   * has not so much left; the call must then stop.
   */
  spend(amounts: Spend): void;
  /**
   * Says what the call may come to cost that is known only afterwards, until what it gives is
   * called. Throws `budget-spent` when it and others that go on may cost more than is left.
   */
  foresee?(amounts: Spend): () => void;
}

/** As much of a platform's AbortSignal as this layer may know; in Node it is one. */
export interface EndSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One for all copies of this package in a process: a kind of a third party may bring its own. */
const REGISTRY = Symbol.for('powerbox.live');
const shared = globalThis as { [REGISTRY]?: WeakSet<object> };
shared[REGISTRY] ??= new WeakSet<object>();
const LIVE = shared[REGISTRY];

/** Marks an object as live, so that no plain data can pass for one. */
export function live(object: Live): Live {
  const made = Object.freeze(object);
  LIVE.add(made);
  return made;
}

export function isLive(value: unknown): value is Live {
  return typeof value === 'object' && value !== null && LIVE.has(value);
}
