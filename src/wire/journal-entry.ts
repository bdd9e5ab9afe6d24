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
  | NoteEntry;

export interface BoxStartEntry {
  readonly kind: 'box-start';
  readonly box: string;
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
  readonly note: 'placeholder-outside-slot' | 'cookie-dropped' | 'box-unconfined-limit';
  readonly text: string;
}
