import type { Kernel } from '../kernel/kernel.ts';
import { MEASURES } from '../ocap/budget.ts';
import type { HeldGrant } from '../ocap/grant.ts';
import { judge } from '../ocap/judge.ts';
import type { Effect, PowerKind } from '../ocap/power.ts';
import { callOfUrl } from '../policy/url.ts';
import type { HttpCall } from '../powers/http/call.ts';
import type { HttpConfig } from '../powers/http/config.ts';
import type { HttpNarrowing } from '../powers/http/narrowing.ts';
import type { RequestVerdictInfo } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { definitionOf } from './power-words.ts';

type Held = HeldGrant<HttpConfig, HttpNarrowing>;

/**
 * Which grant would let this request of a guest's box out now, or why none would: the very
 * functions that judge at the egress, over the very grants that it holds. Nothing is spent.
 */
export function canRequest(
  kernel: Kernel,
  holder: string,
  method: string,
  url: string,
  now: number,
): RequestVerdictInfo {
  const asked = callOfUrl(method, url);
  if (!asked.ok) {
    throw new PowerboxError('call-invalid', `Cannot read the URL: ${asked.reason}.`);
  }
  // The kernel holds definitions of every kind as opaque; this one is known by its name.
  const http = definitionOf(kernel, 'http') as unknown as PowerKind<
    HttpConfig,
    HttpNarrowing,
    HttpCall
  >;
  let held = kernel.replica(holder).filter((grant) => grant.kind === 'http') as readonly Held[];
  let spent: RequestVerdictInfo | undefined;
  for (;;) {
    const verdict = judge<HttpConfig, HttpNarrowing, HttpCall>(http, held, asked.call, now);
    if (!verdict.allow) {
      const ended = spent ?? endedGrant(kernel, http, holder, asked.call, now);
      return ended ?? { allow: false, code: verdict.code, reason: verdict.reason };
    }
    const { grant } = verdict;
    const empty = emptyBudget(kernel, grant);
    if (empty === undefined) {
      return { allow: true, grant: grant.id, waits: waits(kernel, grant, http.effect(asked.call)) };
    }
    spent ??= empty;
    held = held.filter((one) => one !== grant);
  }
}

function waits(kernel: Kernel, { chain }: Held, effect: Effect): boolean {
  const approvals = chain.map((id) => kernel.view(id).grant.approval);
  return approvals.includes('always') || (effect !== 'read' && approvals.includes('writes'));
}

/** A grant that would have let it out, had it not ended: that says more than that there is none. */
function endedGrant(
  kernel: Kernel,
  http: PowerKind<HttpConfig, HttpNarrowing, HttpCall>,
  holder: string,
  call: HttpCall,
  now: number,
): RequestVerdictInfo | undefined {
  for (const { grant, power, chain, valid } of kernel.grants({ to: holder, all: true })) {
    if (valid.allow || power.kind !== 'http') continue;
    const narrowings = chain
      .map((id) => kernel.view(id).grant.narrowing)
      .filter((narrowing) => narrowing !== null) as HttpNarrowing[];
    const common = { id: grant.id, kind: 'http', chain, text: power.text, asks: false };
    const config = power.config as HttpConfig;
    const whole: Held = { ...common, config, narrowings, notBefore: null, expires: null };
    const verdict = judge<HttpConfig, HttpNarrowing, HttpCall>(http, [whole], call, now);
    if (verdict.allow) return { allow: false, code: valid.code, reason: valid.reason };
  }
  return undefined;
}

function emptyBudget(kernel: Kernel, grant: Held): RequestVerdictInfo | undefined {
  for (const id of grant.chain) {
    const { grant: own, spent } = kernel.view(id);
    const measure = MEASURES.find((one) => (spent[one] ?? 0) >= (own.budget?.[one] ?? Infinity));
    if (measure === undefined) continue;
    const reason = `The grant "${grant.text}" has spent its ${measure}.`;
    return { allow: false, code: 'budget-spent', reason };
  }
  return undefined;
}
