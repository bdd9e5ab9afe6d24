import type { Budget, Spend } from '../ocap/budget.ts';
import type { Approval } from '../ocap/grant.ts';
import type { Effect } from '../ocap/power.ts';
import type { ConsoleLevel } from './compartment.ts';
import type { ErrorCode } from './errors.ts';

/**
 * What the journal can hold. Rows are append-only, so a request is two of them: `request` is
 * written before the first byte leaves, `response` when it is over; readers join them on `of`.
 * No field ever carries a secret's value, a query's values, or a body.
 */
export type JournalEntry =
  | BoxStartEntry
  | BoxEndEntry
  | ConnectionEntry
  | RequestEntry
  | ResponseEntry
  | NoteEntry
  | GrantEntry
  | RevokeEntry
  | UseEntry
  | DoneEntry
  | ApprovalEntry
  | GuestEntry
  | MailEntry
  | CompartmentEntry
  | ConsoleEntry
  | AgentEntry;

export interface BoxStartEntry {
  readonly kind: 'box-start';
  readonly box: string;
  /** The guest that it runs as; absent for a command's box, which is nobody's. */
  readonly guest?: string;
  readonly program: readonly string[];
  readonly workspace: string;
  /** The rules in force, as text, in order. */
  readonly rules: readonly string[];
  /** Names of the secrets bound to the box. */
  readonly secrets: readonly string[];
}

export interface BoxEndEntry {
  readonly kind: 'box-end';
  readonly box: string;
  /** Exit status of the program; null when it is not known (the box was killed with its starter). */
  readonly status: number | null;
  readonly reason: 'exited' | 'stopped' | 'timeout' | 'abandoned' | 'egress-lost' | 'failed';
  readonly durationMs: number;
}

/** A connection that never became a judged request: refused, unreadable, or not HTTP. */
export interface ConnectionEntry {
  readonly kind: 'connection';
  readonly box: string;
  /** `name:port` or `address:port`, as far as it was known. */
  readonly target: string;
  readonly verdict: 'deny';
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface RequestEntry {
  readonly kind: 'request';
  readonly box: string;
  readonly method: string;
  /** Canonical URL; query keys are kept, query values are not. */
  readonly url: string;
  readonly verdict: 'allow' | 'deny';
  /** Text of the rule that allowed it; null when refused. */
  readonly rule: string | null;
  /** The guest whose box it is. */
  readonly guest?: string;
  /** Ids from the root grant to the one that allowed it, or that came nearest. */
  readonly chain?: readonly string[];
  /** Present when refused. */
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** Names of the secrets put into this request. */
  readonly secrets: readonly string[];
}

export interface ResponseEntry {
  readonly kind: 'response';
  readonly box: string;
  /** `seq` of the request's row. */
  readonly of: number;
  /** HTTP status that the box was given; null when the connection broke before one. */
  readonly status: number | null;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly durationMs: number;
  /** How many echoes of a secret were replaced in the answer. */
  readonly scrubbed: number;
  /** Why it ended early; absent when it ended well. */
  readonly code?: ErrorCode;
}

/** Something worth knowing that refused nothing, for example a placeholder outside its slot. */
export interface NoteEntry {
  readonly kind: 'note';
  readonly box: string;
  readonly note:
    | 'placeholder-outside-slot'
    | 'cookie-dropped'
    | 'box-unconfined-limit'
    | 'egress-restarted';
  readonly text: string;
}

/** A grant came into being, by hand, by delegation or with a box. */
export interface GrantEntry {
  readonly kind: 'grant';
  readonly grant: string;
  readonly from: string;
  readonly to: string;
  /** Ids from the root grant to this one. */
  readonly chain: readonly string[];
  /** Kind of the power, and the phrase it is known by. */
  readonly power: string;
  readonly only: readonly string[];
  readonly budget: Budget | null;
  readonly expires: number | null;
  readonly approval: Approval;
  readonly reason: string;
}

/** An end of authority. What hung on it ended with it. */
export interface RevokeEntry {
  readonly kind: 'revoke';
  readonly by: string;
  readonly what: 'grant' | 'guest' | 'power' | 'secret';
  readonly id: string;
  /** How many grants ended, itself included. */
  readonly grants: number;
  readonly reason: string;
}

/**
 * A use of a power through the kernel, written before the power is called. What it gave comes in
 * a `done` row.
 */
export interface UseEntry {
  readonly kind: 'use';
  readonly guest: string;
  readonly grant: string;
  readonly chain: readonly string[];
  readonly power: string;
  /** What was done, as the kind describes it; no secret, no body. */
  readonly call: string;
  /** All of them in order, `call` first, where uses of one moment share the row. */
  readonly calls?: readonly string[];
  /** The strongest of them. */
  readonly effect: Effect;
  readonly verdict: 'allow' | 'deny';
  readonly code?: ErrorCode;
  readonly reason?: string;
}

export interface DoneEntry {
  readonly kind: 'done';
  readonly guest: string;
  /** `seq` of the use's row. */
  readonly of: number;
  /** Of the first that failed; absent when all ended well. */
  readonly code?: ErrorCode;
  /** Which failed, counted from 0, where uses share the row. */
  readonly faults?: readonly { readonly use: number; readonly code: ErrorCode }[];
  /** Of the longest. */
  readonly durationMs: number;
  readonly spent?: Spend;
}

/** A call that waits for the host, and what became of it. */
export interface ApprovalEntry {
  readonly kind: 'approval';
  readonly guest: string;
  readonly approval: string;
  readonly grant: string;
  readonly call: string;
  readonly state: 'pending' | 'approved' | 'denied' | 'timeout';
  readonly reason: string;
}

/** A guest began or ended. */
export interface GuestEntry {
  readonly kind: 'guest';
  readonly guest: string;
  readonly name: string;
  readonly state: 'added' | 'removed';
  readonly reason: string;
}

/** A letter between principals. Its text is the sender's own. */
export interface MailEntry {
  readonly kind: 'mail';
  readonly mail: string;
  readonly from: string;
  readonly to: string;
  readonly what: 'request' | 'send' | 'reply' | 'resolve' | 'reject' | 'adopt' | 'dismiss';
  readonly text: string;
  /** The grant that answered it or came with it. */
  readonly grant?: string;
}

/** A compartment began, was given source, or ended. */
export interface CompartmentEntry {
  readonly kind: 'compartment';
  readonly guest: string;
  readonly compartment: string;
  readonly state: 'opened' | 'evaluated' | 'ended';
  /** What was evaluated, by name and SHA-256 (hex); or why it ended. */
  readonly reason: string;
  readonly code?: ErrorCode;
}

/** What code wrote to its console. */
export interface ConsoleEntry {
  readonly kind: 'console';
  readonly guest: string;
  readonly compartment: string;
  readonly level: ConsoleLevel;
  readonly text: string;
}

/** A run of a model as a guest. */
export interface AgentEntry {
  readonly kind: 'agent';
  readonly guest: string;
  readonly state: 'began' | 'step' | 'ended';
  readonly model: string;
  /** The task, what the step does, or why it ended. */
  readonly reason: string;
  readonly spent?: Spend;
}
