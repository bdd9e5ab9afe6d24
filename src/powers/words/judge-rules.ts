import { ALLOWED, refuse, type Verdict } from '../../ocap/verdict.ts';
import type { ErrorCode } from '../../wire/errors.ts';

/** Why a rule does not allow a call. */
export interface RuleFault {
  /** How near the rule was; the nearest one explains. */
  readonly distance: number;
  /** A clause: lower-case, no full stop. */
  readonly reason: string;
}

/** A call is allowed that one of the rules finds no fault with; without rules, none is. */
export function judgeRules<Rule, Call>(
  rules: readonly Rule[],
  call: Call,
  faultOf: (rule: Rule, call: Call) => RuleFault | null,
  refusal: { readonly code: ErrorCode; describe(call: Call): string },
): Verdict {
  let nearest: RuleFault = { distance: 0, reason: 'the grant allows nothing' };
  for (const rule of rules) {
    const fault = faultOf(rule, call);
    if (fault === null) return ALLOWED;
    if (fault.distance > nearest.distance) nearest = fault;
  }
  const sentence = `${refusal.describe(call)} is not allowed: ${nearest.reason}.`;
  return refuse(refusal.code, sentence, nearest.distance);
}
