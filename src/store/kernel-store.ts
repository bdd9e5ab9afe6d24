import type { Measure } from '../ocap/budget.ts';
import type { Ended, Grant } from '../ocap/grant.ts';

/** The durable state of the kernel: rows, and nothing that judges them. */
export interface KernelStore {
  /**
   * Runs `work` under the write lock. Everything that it wrote is kept whole when this returns,
   * and outlives the kill of every process; nothing of it is kept when it throws. May not nest.
   */
  transaction<T>(work: () => T): T;
  /** True while the work of a transaction runs. */
  inTransaction(): boolean;
  readonly principals: PrincipalTable;
  readonly powers: PowerTable;
  readonly grants: GrantTable;
  readonly spent: SpentTable;
  readonly names: NameTable;
  readonly mail: MailTable;
  readonly approvals: ApprovalTable;
  readonly boxes: BoxTable;
  readonly tokens: TokenTable;
  close(): void;
}

/** Somebody who holds powers. The host's id is `host`; a guest's begins with `gu-`. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly created: number;
  readonly reason: string;
  /** The box that this guest was made for, and with whose end it ends; null for one that stays. */
  readonly box: string | null;
  readonly removed: Ended | null;
}

export interface PrincipalTable {
  insert(row: Principal): void;
  get(id: string): Principal | undefined;
  /** Of those that are not removed. */
  byName(name: string): Principal | undefined;
  all(): readonly Principal[];
  remove(id: string, ended: Ended): void;
}

/** A resource, as the host made it known. Held through its root grant. */
export interface Power {
  /** Begins with `pw-`. */
  readonly id: string;
  readonly kind: string;
  /** Data of the kind. */
  readonly config: unknown;
  /** The phrase a person knows it by. */
  readonly text: string;
  /** Names of the secrets it makes use of. */
  readonly secrets: readonly string[];
  readonly created: number;
}

export interface PowerTable {
  insert(row: Power): void;
  get(id: string): Power | undefined;
  all(): readonly Power[];
}

export interface GrantTable {
  insert(row: Grant): void;
  get(id: string): Grant | undefined;
  /** Parents come before their children. */
  all(): readonly Grant[];
  /** One row, whatever hangs on it: what is not reachable is not valid. */
  revoke(id: string, ended: Ended): void;
}

/** How much of a grant's budget is spent. */
export interface Spent {
  readonly grant: string;
  readonly measure: Measure | 'rate';
  /** Begin of the rate's window; 0 for what is counted for good. */
  readonly window: number;
  readonly amount: number;
}

export interface SpentTable {
  /** Adds to what is there. */
  add(grant: string, measure: Spent['measure'], window: number, amount: number): void;
  /** Windows that ended before this one are forgotten by `add`. */
  all(): readonly Spent[];
}

/** An entry of a directory. The root directory of a principal has its id. */
export interface NameEntry {
  readonly holder: string;
  readonly directory: string;
  readonly name: string;
  /** A grant that the holder holds, or a directory (its id begins with `dr-`). */
  readonly target: { readonly type: 'grant' | 'directory'; readonly id: string };
}

export interface NameTable {
  put(entry: NameEntry): void;
  get(directory: string, name: string): NameEntry | undefined;
  list(directory: string): readonly NameEntry[];
  /** Every name that leads to this target, of any holder. */
  of(target: string): readonly NameEntry[];
  /** How many names a holder has, in all its directories. */
  count(holder: string): number;
  remove(directory: string, name: string): void;
}

export interface Mail {
  /** Begins with `ml-`. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: 'request' | 'message';
  readonly text: string;
  /** What kind of power a request asks for, and for which resource and narrowing, as texts. */
  readonly wanted: {
    readonly kind: string;
    readonly power: string | null;
    readonly only: readonly string[];
  } | null;
  /** Grants that came with a message, by the names that the sender gave them. */
  readonly enclosed: readonly { readonly name: string; readonly grant: string }[];
  /** The mail that this one answers. */
  readonly replyTo: string | null;
  readonly created: number;
  readonly state: 'open' | 'resolved' | 'rejected' | 'dismissed';
  /** The grant that a request was resolved with. */
  readonly grant: string | null;
  /** Why a request was rejected. */
  readonly answer: string | null;
}

export interface MailTable {
  insert(row: Mail): void;
  get(id: string): Mail | undefined;
  /** Newest first; when there are more than `limit`, the open ones are kept before others. */
  to(principal: string, limit: number): readonly Mail[];
  /** Newest first. */
  from(principal: string, limit: number): readonly Mail[];
  /** Of one sender, when it is said. */
  countOpen(to: string, from?: string): number;
  settle(id: string, state: Mail['state'], grant: string | null, answer: string | null): void;
  /** Forgets what is no longer open, beyond the newest `keep` that this sender sent. */
  prune(from: string, keep: number): void;
}

/** A call that waits for the host. `call` is shown, `digest` is what was approved. */
export interface PendingApproval {
  /** Begins with `ap-`. */
  readonly id: string;
  readonly guest: string;
  readonly grant: string;
  readonly power: string;
  readonly call: string;
  /** SHA-256 (hex) of the canonical call: the one thing that an approval lets pass. */
  readonly digest: string;
  readonly effect: string;
  readonly created: number;
  readonly expires: number;
  readonly state: 'pending' | 'approved' | 'denied' | 'timeout' | 'used';
  readonly reason: string;
}

export interface ApprovalTable {
  insert(row: PendingApproval): void;
  get(id: string): PendingApproval | undefined;
  pending(): readonly PendingApproval[];
  settle(id: string, state: PendingApproval['state'], reason: string): void;
}

/** A box that is running, or was when the daemon last heard. */
export interface RegisteredBox {
  readonly id: string;
  readonly guest: string;
  /** SHA-256 (hex) of the token that its egress shows. */
  readonly token: string;
  /** Its egress, once it has shown itself; to end it when it does not answer a revocation. */
  readonly egress: { readonly pid: number; readonly start: string } | null;
  readonly created: number;
}

export interface BoxTable {
  put(row: RegisteredBox): void;
  get(id: string): RegisteredBox | undefined;
  all(): readonly RegisteredBox[];
  remove(id: string): void;
}

/** A bearer token of a guest for the gateway; only its digest is kept. */
export interface Token {
  /** SHA-256 (hex). */
  readonly digest: string;
  readonly guest: string;
  readonly created: number;
  readonly expires: number | null;
}

export interface TokenTable {
  insert(row: Token): void;
  get(digest: string): Token | undefined;
  removeOf(guest: string): void;
}
