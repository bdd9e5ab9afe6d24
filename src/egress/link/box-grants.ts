import type { HttpCall } from '../../powers/http/call.ts';
import type { Change, EndedGrant } from '../../wire/link.ts';
import type { HttpGrant } from '../grant-index.ts';
import { makeHeldGrants } from '../held-grants.ts';
import type { ModelGrant } from '../model-grants.ts';
import type { Refusal } from '../refusal.ts';
import { type Hold, makeHolds } from './holds.ts';
import { ENDED_KNOWN_MAX } from './limits.ts';

/** What a box holds now, and the uses that are going on under each grant. */
export interface BoxGrants {
  /** The guest that the box is; empty until the daemon has said so. */
  readonly guest: string;
  all(): readonly HttpGrant[];
  near(call: HttpCall): readonly HttpGrant[];
  around(call: HttpCall): readonly HttpGrant[];
  /** Grants to ask a model whose provider is where the call goes. */
  modelsFor(call: HttpCall): readonly ModelGrant[];
  /** Those that ended not long ago, so that a refusal can say so. */
  ended(): readonly { readonly grant: HttpGrant; readonly why: Refusal }[];
  /** Says how many uses were cut. */
  apply(change: Change): number;
  /** A use begins; null when the grant is no more. */
  hold(grant: HttpGrant): Hold | null;
  /**
   * A use sends a secret of the box; its end is told like that of a grant. Null for a secret that
   * hangs on no grant, as one from a file of the workspace.
   */
  holdSecret(name: string): Hold | null;
}

export function makeBoxGrants(): BoxGrants {
  let guest = '';
  const held = makeHeldGrants();
  const holds = makeHolds();
  const own = new Map<string, { readonly grant: string; why: Refusal | null }>();
  const past = new Map<string, { grant: HttpGrant; why: Refusal }>();

  function end({ id, code, reason }: EndedGrant): number {
    const why = { code, reason };
    for (const secret of own.values()) if (secret.grant === id) secret.why ??= why;
    const grant = held.remove(id);
    if (grant !== undefined) remember(grant, why);
    return holds.end(id, why);
  }

  function remember(grant: HttpGrant, why: Refusal): void {
    const { id } = grant;
    past.set(id, { grant, why });
    if (past.size > ENDED_KNOWN_MAX) past.delete(past.keys().next().value as string);
  }

  /** What is not among all grants of a whole replica has ended while nobody could say so. */
  function endMissing(change: Change): number {
    const there = new Set(change.grants.map(({ id }) => id));
    const reason = 'The grant ended while the daemon was away.';
    return held
      .all()
      .filter(({ id }) => !there.has(id))
      .reduce((cut, { id }) => cut + end({ id, code: 'grant-revoked', reason }), 0);
  }

  return {
    get guest() {
      return guest;
    },
    all: held.all,
    near: held.near,
    around: held.around,
    modelsFor: held.modelsFor,
    ended: () => [...past.values()].reverse(),
    apply(change) {
      guest = change.guest;
      let cut = 0;
      for (const { name, grant } of change.own) {
        if (own.get(name)?.grant !== grant) own.set(name, { grant, why: null });
      }
      for (const ended of change.ended) cut += end(ended);
      if (change.whole) cut += endMissing(change);
      for (const grant of change.grants) held.add(grant);
      return cut;
    },
    hold(grant) {
      return held.has(grant.id) ? holds.begin(grant.id, grant) : null;
    },
    holdSecret(name) {
      const secret = own.get(name);
      if (secret === undefined) return null;
      const hold = holds.begin(secret.grant, { expires: null, text: name });
      if (secret.why !== null) hold.end(secret.why);
      return hold;
    },
  };
}
