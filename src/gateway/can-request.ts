import type { Kernel } from '../kernel/kernel.ts';
import { MEASURES } from '../ocap/budget.ts';
import type { HeldGrant } from '../ocap/grant.ts';
import { judge } from '../ocap/judge.ts';
import type { PowerKind } from '../ocap/power.ts';
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
      return spent ?? { allow: false, code: verdict.code, reason: verdict.reason };
    }
    const { grant } = verdict;
    const empty = emptyBudget(kernel, grant);
    if (empty === undefined) return { allow: true, grant: grant.id };
    spent ??= empty;
    held = held.filter((one) => one !== grant);
  }
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
