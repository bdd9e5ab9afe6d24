import type { HeldGrant } from '../../ocap/grant.ts';
import { judgeTime } from '../../ocap/judge.ts';
import type { HttpCall } from './call.ts';
import type { HttpConfig } from './config.ts';
import { couldPermit, httpKind } from './kind.ts';
import type { HttpNarrowing } from './narrowing.ts';

type HttpGrant = HeldGrant<HttpConfig, HttpNarrowing>;

/** Can the verdict of one of these narrowings hang on the body of a request? */
export function needsBody(narrowings: readonly HttpNarrowing[]): boolean {
  return narrowings.some(
    ({ body, graphql, requestBytesMax, any }) =>
      body !== undefined ||
      graphql !== undefined ||
      requestBytesMax !== undefined ||
      (any !== undefined && needsBody(any)),
  );
}

/** Can the verdict of one of these narrowings hang on what is said over a WebSocket? */
export function needsMessages(narrowings: readonly HttpNarrowing[]): boolean {
  return narrowings.some(
    ({ message, any }) => message !== undefined || (any !== undefined && needsMessages(any)),
  );
}

/**
 * Would a grant permit this call if only its body, which was not read yet, is right? Asked after
 * the call was refused as it is, so that no body is read for nothing.
 */
export function wantsBody(grants: readonly HttpGrant[], call: HttpCall, now: number): boolean {
  if (call.body !== undefined) return false;
  return grants.some(
    (grant) =>
      grant.kind === httpKind.kind &&
      needsBody(grant.narrowings) &&
      httpKind.concerns(grant.config, call) &&
      judgeTime(grant, now).allow &&
      grant.narrowings.every((narrowing) => couldPermit(narrowing, call)),
  );
}

/** The longest answer that a permitted call may have; null for any length. */
export function responseBytesMax(
  narrowings: readonly HttpNarrowing[],
  call: HttpCall,
): number | null {
  return least(
    narrowings.map((narrowing) => {
      const own = narrowing.responseBytesMax ?? null;
      const some = (narrowing.any ?? []).filter((one) => httpKind.permits(one, call).allow);
      if (some.length === 0) return own;
      const limits = some.map((one) => responseBytesMax([one], call));
      const widest = limits.includes(null) ? null : Math.max(...(limits as number[]));
      return least([own, widest]);
    }),
  );
}

function least(limits: readonly (number | null)[]): number | null {
  const known = limits.filter((limit) => limit !== null);
  return known.length === 0 ? null : Math.min(...known);
}
