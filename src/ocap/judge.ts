import type { Grant } from './grant.ts';
import type { PowerDefinition } from './power.ts';
import { type Refused, refuse } from './verdict.ts';

export type Judgement<G> = { readonly allow: true; readonly grant: G } | Refused;

/**
 * The one decision: which of these grants, if any, permits this call. The first that permits it
 * wins; when none does, the refusal that came nearest is the one that explains.
 */
export function judge<Config, Narrowing, Call>(
  definition: PowerDefinition<Config, Narrowing, Call>,
  grants: readonly Grant<Config, Narrowing>[],
  call: Call,
): Judgement<Grant<Config, Narrowing>> {
  let nearest: Refused = refuse(
    'not-granted',
    `${definition.describe(call)} is not allowed: nothing that this box was given covers it.`,
  );
  for (const grant of grants) {
    if (grant.kind !== definition.kind || !definition.concerns(grant.config, call)) continue;
    const verdict = definition.permits(grant.narrowing, call);
    if (verdict.allow) return { allow: true, grant };
    if (verdict.distance > nearest.distance) nearest = verdict;
  }
  return nearest;
}
