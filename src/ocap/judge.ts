import type { HeldGrant } from './grant.ts';
import type { PowerKind } from './power.ts';
import { ALLOWED, type Refused, refuse, type Verdict } from './verdict.ts';

export type Judgement<G> = { readonly allow: true; readonly grant: G } | Refused;

/**
 * The one decision: which of these grants, if any, permits this call at this time (milliseconds
 * since the epoch). The first that permits it wins; when none does, the refusal that came nearest
 * is the one that explains.
 */
export function judge<Config, Narrowing, Call>(
  kind: PowerKind<Config, Narrowing, Call>,
  grants: readonly HeldGrant<Config, Narrowing>[],
  call: Call,
  now: number,
): Judgement<HeldGrant<Config, Narrowing>> {
  let nearest: Refused = refuse(
    'not-granted',
    `${kind.describe(call)} is not allowed: nothing that this box was given covers it.`,
  );
  for (const grant of grants) {
    if (grant.kind !== kind.kind || !kind.concerns(grant.config, call)) continue;
    const verdict = judgeGrant(kind, grant, call, now);
    if (verdict.allow) return { allow: true, grant };
    if (verdict.distance > nearest.distance) nearest = verdict;
  }
  return nearest;
}

/** What one grant says: every narrowing from its root on must permit the call. */
export function judgeGrant<Config, Narrowing, Call>(
  kind: PowerKind<Config, Narrowing, Call>,
  grant: HeldGrant<Config, Narrowing>,
  call: Call,
  now: number,
): Verdict {
  for (const narrowing of grant.narrowings) {
    const verdict = kind.permits(narrowing, call);
    if (!verdict.allow) return verdict;
  }
  return judgeTime(grant, now);
}

/** Further away than any refusal of a narrowing: all but the time is right. */
const TIME_DISTANCE = 100;

export function judgeTime(
  grant: Pick<HeldGrant, 'notBefore' | 'expires' | 'text'>,
  now: number,
): Verdict {
  if (grant.expires !== null && now >= grant.expires) {
    const at = new Date(grant.expires).toISOString();
    return refuse('grant-expired', `The grant "${grant.text}" ended at ${at}.`, TIME_DISTANCE);
  }
  if (grant.notBefore !== null && now < grant.notBefore) {
    const at = new Date(grant.notBefore).toISOString();
    return refuse('grant-not-yet', `The grant "${grant.text}" begins at ${at}.`, TIME_DISTANCE);
  }
  return ALLOWED;
}
