import type { Budget, Spend } from '../ocap/budget.ts';
import type { Approval, Grant, HeldGrant } from '../ocap/grant.ts';
import type { Live } from '../ocap/live.ts';
import type { Effect, PowerDefinition } from '../ocap/power.ts';
import type { Refused, Verdict } from '../ocap/verdict.ts';
import type { PendingApproval, Power, Principal } from '../store/kernel-store.ts';
import type { PowerboxError } from '../wire/errors.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import type { Foreseen } from './budgets.ts';
import type { Mailroom } from './mail.ts';
import type { Names } from './names.ts';

/** The id of the principal that holds everything first. */
export const HOST = 'host';

/** A kind as the daemon has it: its declaration, and what makes the object that does the work. */
export interface InstalledKind {
  // The kernel treats configs, narrowings and calls of every kind as opaque.
  readonly definition: PowerDefinition<unknown, unknown, unknown>;
  open(config: unknown): Live | Promise<Live>;
}

export type Kinds = ReadonlyMap<string, InstalledKind>;

/** What a grant is asked for with; everything that is left out narrows nothing. */
export interface GrantAsk {
  /** The grant to hang on; the giver must hold it. */
  readonly parent: string;
  readonly to: string;
  /** Data of the kind (`readNarrowing` makes it of texts); null narrows nothing. */
  readonly narrowing?: unknown;
  readonly budget?: Budget | null;
  readonly notBefore?: number | null;
  readonly expires?: number | null;
  readonly approval?: Approval;
  readonly delegable?: boolean;
  readonly reason?: string;
  /** Petname in the receiver's root directory; one is made from the giver's name when left out. */
  readonly as?: string;
  readonly box?: string | null;
}

export type Revocable =
  | { readonly grant: string }
  | { readonly guest: string }
  | { readonly power: string }
  | { readonly secret: string };

/** What dies, or would die, with something. */
export interface RevokeReport {
  /** Grants that are valid before and not after, parents first. */
  readonly grants: readonly Grant[];
  /** Principals that lose something. */
  readonly guests: readonly string[];
  /** Uses that were cut. Zero in a preview. */
  readonly cut: number;
}

/** A grant with everything that a person may want to know of it. */
export interface GrantView {
  readonly grant: Grant;
  readonly power: Power;
  readonly chain: readonly string[];
  /** Texts of its own narrowing. */
  readonly only: readonly string[];
  readonly valid: Verdict;
  /** Of its own budget. */
  readonly spent: Spend;
  /** Petnames that its holder has for it. */
  readonly names: readonly string[];
  readonly lastUsed: number | null;
}

/** When each grant was last used; a map, or what looks things up like one. */
export interface LastUsed {
  get(grant: string): number | undefined;
}

/** A reference that a guest holds: an object, and the grants that everything done with it passes. */
export interface Reference {
  readonly grant: string;
  /** Further grants that must be valid: those of the directory or mail it came through. */
  readonly requires: readonly string[];
  readonly kind: string;
  readonly facet: string;
}

/** A use that a box's egress judged by itself, and that is counted or approved here. */
export interface BoxUse {
  readonly box: string;
  readonly grant: string;
  /** As the kind describes it. */
  readonly call: string;
  /** SHA-256 (hex) of the canonical call, body included. */
  readonly digest: string;
  readonly effect: Effect;
  readonly spend: Spend;
}

export interface Kernel {
  readonly kinds: Kinds;
  readonly names: Names;
  readonly mail: Mailroom;

  /** One transaction for all that `work` makes: guests, powers, grants. May nest. */
  together<T>(work: () => T): T;

  addGuest(name: string, options: { reason: string; box?: string | null }): Principal;
  /** By id or name. Throws `guest-unknown`. */
  principal(idOrName: string): Principal;
  principals(): readonly Principal[];

  /** Makes a power known: its row and its root grant. Throws `power-invalid`, `kind-unknown`. */
  makePower(kind: string, config: unknown, reason: string): { power: Power; root: Grant };
  powers(): readonly Power[];

  /** Throws what its name says when the giver may not give this. All or nothing. */
  grant(giver: string, ask: GrantAsk): Grant;
  view(grant: string): GrantView;
  /** `seenBy` leaves out those that this principal neither gave nor holds. */
  grants(filter: {
    of?: string;
    to?: string;
    all?: boolean;
    seenBy?: string;
  }): readonly GrantView[];
  /** What hangs on it, or would, in order. */
  preview(what: Revocable): RevokeReport;
  /**
   * Ends it. When this resolves nothing derived from it works anywhere and what was in flight is
   * cut, also in boxes; the row is durable before anything is cut. `by` must be the host or the
   * giver of every grant that it names.
   */
  revoke(by: string, what: Revocable, reason: string): Promise<RevokeReport>;
  /** Ends what the guest holds, and the guest. Its name is free again. */
  removeGuest(guest: string, reason: string): Promise<RevokeReport>;
  /** Cuts what a guest does now with what it holds; what it holds stays. Gives how many uses. */
  cutUses(guest: string, error: PowerboxError): number;
  /** Called with the id of each guest that was removed; `removeGuest` waits for it. */
  onRemoved(listener: (guest: string) => Promise<void>): void;
  /** Writes a row of those who stand beside the kernel, in order with its own. */
  record(entry: JournalEntry): Promise<void>;
  /** The same at once, or with all that `together` writes. */
  recordNow(entry: JournalEntry): void;

  /** The object at the root of a grant. Throws `grant-unknown` unless `holder` holds it. */
  reference(holder: string, grant: string): Reference;
  /** The choke point of every use that is not a box's own request. */
  use(
    holder: string,
    reference: Reference,
    method: string,
    args: readonly unknown[],
  ): Promise<unknown>;
  /** Would it be allowed? Spends, asks and records nothing. */
  can(holder: string, reference: Reference, method: string, args: readonly unknown[]): Verdict;
  /** Lets go of an object that a call gave; the root object of a grant is not closed by this. */
  release(reference: Reference): void;

  /** The grants of a guest as its box's egress judges them, of kinds that an egress knows. */
  replica(guest: string): readonly HeldGrant[];
  /** Called with the guests whose replica has changed; awaited by `revoke`. */
  onReplica(
    listener: (guests: ReadonlySet<string>, ended: ReadonlySet<string>) => Promise<number>,
  ): void;
  /** Spends, asks for approval and says whether a box's own use may go on. */
  admit(use: BoxUse): Promise<Verdict>;
  /**
   * Spends what became known later; refused when the budget is spent, so the use must be cut. Of a
   * grant that has ended it is spent all the same, and refused.
   */
  spend(grant: string, amounts: Spend): Verdict;
  /** What a box's use may come to cost, until it is released; refused beside too many others. */
  foresee(grant: string, amounts: Spend): Refused | Foreseen;

  pending(): readonly PendingApproval[];
  /** Throws `approval-decided` when it has been decided, or its time is over. */
  decide(ids: readonly string[], verdict: 'approved' | 'denied', reason: string): void;
  /** Calls back at each change of what waits. */
  onPending(listener: () => void): void;

  /** Refuses what waits, lets go of every object, writes what is to be written. */
  close(): Promise<void>;
}
