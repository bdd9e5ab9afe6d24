import type { ErrorCode } from '../wire/errors.ts';

/** What a narrowing says of one call. A refusal carries the sentence that everyone is shown. */
export type Verdict = Allowed | Refused;

export interface Allowed {
  readonly allow: true;
}

export interface Refused {
  readonly allow: false;
  readonly code: ErrorCode;
  /** One sentence: what was refused and why. Safe to show to the box. */
  readonly reason: string;
  /** How near the refusal was to an allowance; the nearest refusal is the one that is explained. */
  readonly distance: number;
}

export const ALLOWED: Allowed = Object.freeze({ allow: true });

export function refuse(code: ErrorCode, reason: string, distance = 0): Refused {
  return Object.freeze({ allow: false, code, reason, distance });
}
