import { refuse, type Verdict } from '../../ocap/verdict.ts';
import type { ErrorCode } from '../../wire/errors.ts';

/** What a part of a narrowing has against a call; null is nothing. */
export interface Objection {
  readonly code: ErrorCode;
  /** A clause that ends "NAME is not allowed: …". Says nothing of the request but names in the rule. */
  readonly reason: string;
}

export function object(code: ErrorCode, reason: string): Objection {
  return { code, reason };
}

export function refuseFor(what: string, objection: Objection, distance: number): Verdict {
  return refuse(objection.code, `${what} is not allowed: ${objection.reason}.`, distance);
}

/**
 * The key as the laxest reader takes it: case does not count (Go's JSON reader), nor do letters
 * that only look or fold alike, nor what stands behind a bracket (PHP, Rails). Two keys that a
 * server may take for one have the same loose form.
 */
export function looseKey(key: string): string {
  const folded = key.normalize('NFKC').toUpperCase().toLowerCase();
  const bracket = folded.indexOf('[', 1);
  return (bracket === -1 ? folded : folded.slice(0, bracket)).replace(/[\s\0-\x1f. _-]/g, '');
}
