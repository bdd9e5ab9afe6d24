import type { Budget } from './budget.ts';

/** When a grant waits for the host's word: never, before what changes something, or always. */
export type Approval = 'none' | 'writes' | 'always';

/** An end that cannot be undone. */
export interface Ended {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The principal that ended it. */
  readonly by: string;
  readonly reason: string;
}

/**
 * The durable record that one principal gave another a power. The only way a reference crosses
 * between principals. A power itself is held by the host through a root grant, whose parent is
 * null and whose giver and holder are both the host; every other grant hangs on one.
 */
export interface Grant {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The power at the root of its chain. */
  readonly power: string;
  /** The grant that this one narrows; null for a root grant. */
  readonly parent: string | null;
  /** Data of the power's kind; null narrows nothing. */
  readonly narrowing: unknown;
  readonly budget: Budget | null;
  /** Milliseconds since the epoch, as are all times. */
  readonly notBefore: number | null;
  readonly expires: number | null;
  readonly approval: Approval;
  /** May the holder grant it on? */
  readonly delegable: boolean;
  readonly reason: string;
  readonly created: number;
  readonly revoked: Ended | null;
  /** The box whose end ends this grant; null for one that stays. */
  readonly box: string | null;
}

/**
 * A grant as its judge sees it: with everything that its ancestors say. What a replica holds.
 */
export interface HeldGrant<Config = unknown, Narrowing = unknown> {
  readonly id: string;
  readonly kind: string;
  readonly config: Config;
  /** Of the root grant first; those that narrow nothing are left out. */
  readonly narrowings: readonly Narrowing[];
  /**
   * How many of them, from the first on, the host wrote itself; left out for none. What a guest
   * writes can only take away, so the slots that a grant must name are looked for in these.
   */
  readonly byHost?: number;
  /** Ids from the root grant to this one. */
  readonly chain: readonly string[];
  /** The words it was given in. Shown wherever the grant is named. */
  readonly text: string;
  /** The latest of the chain's beginnings, the earliest of its ends. */
  readonly notBefore: number | null;
  readonly expires: number | null;
  /** A budget or an approval is on the chain: each use must be asked of the kernel. */
  readonly asks: boolean;
}
