import type { Spend } from '../ocap/budget.ts';
import { mostOf, priceOf, UNTOLD, usageOfCall } from '../powers/model/cost.ts';
import { type UsageReader, usageReader } from '../powers/model/usage.ts';
import type { ErrorCode } from '../wire/errors.ts';
import { SPEND_AGAIN_MS, SPEND_TRIES_MAX } from './limits.ts';
import type { BoxLink } from './link/box-link.ts';
import type { ModelUse } from './model-grants.ts';

/** Counts what an answer of a model cost, from what its provider says of it. */
export interface ModelCount {
  /** The request begins to leave: from here on the provider may charge for it. */
  sent(): void;
  /** An answer begins; `readable` is false when it came in a coding. */
  begin(status: number, contentType: string, readable: boolean): void;
  push(bytes: Uint8Array): void;
  /** The use is over, or was cut with this code: what it cost is spent, once. */
  settle(code?: ErrorCode): void;
}

/**
 * The least that a request to a model can cost, spent before it is sent, so that a budget with
 * nothing left refuses it.
 */
export function leastCost({ config, call }: ModelUse): Spend {
  const price = priceOf(config, call.model);
  const free = price.input === 0 && price.output === 0;
  return free ? { tokens: 1 } : { tokens: 1, microdollars: 1 };
}

export function makeModelCount(
  link: Pick<BoxLink, 'spend' | 'over'>,
  grant: { readonly id: string; readonly asks: boolean },
  use: ModelUse,
): ModelCount {
  let reader: UsageReader | null = null;
  let isSent = false;
  let answered: boolean | null = null;
  let settled = false;
  return {
    sent() {
      isSent = true;
    },
    begin(status, contentType, readable) {
      // A provider does not charge for what it did not do.
      answered = status < 400;
      if (answered && readable) reader = usageReader(use.config.provider, contentType);
    },
    push: (bytes) => reader?.push(bytes),
    settle(code) {
      // A provider works for whoever has gone away; one that went away itself charges nothing.
      const isCharged = answered ?? (isSent && code !== 'upstream-unreachable');
      if (settled || !grant.asks) return;
      settled = true;
      const over = (): void => link.over(grant.id, mostOf(use.config, use.call));
      if (!isCharged) return over();
      const told = reader?.end() ?? UNTOLD;
      const usage = usageOfCall(use.config, use.call, told);
      const least = leastCost(use);
      const tokens = Math.max(0, usage.inputTokens + usage.outputTokens - (least.tokens ?? 0));
      const microdollars = Math.max(0, usage.microdollars - (least.microdollars ?? 0));
      void spendOrDrain(link, grant.id, { tokens, microdollars }).finally(over);
    },
  };
}

/** What is used is used: a budget that has not so much left is left with nothing. */
async function spendOrDrain(
  link: Pick<BoxLink, 'spend'>,
  grant: string,
  amounts: Spend,
): Promise<void> {
  if (await isPaid(link, grant, amounts)) return;
  for (const [measure, amount] of Object.entries(amounts)) {
    for (let step = 2 ** Math.floor(Math.log2(Math.max(1, amount))); step >= 1; step /= 2) {
      await isPaid(link, grant, { [measure]: step });
    }
  }
}

/**
 * False where a budget has not so much left; a grant that has ended pays for what was used of it.
 * A daemon that is away is told when it is back.
 */
async function isPaid(
  link: Pick<BoxLink, 'spend'>,
  grant: string,
  amounts: Spend,
): Promise<boolean> {
  for (let tries = 0; tries < SPEND_TRIES_MAX; tries++) {
    try {
      const verdict = await link.spend(grant, amounts);
      return verdict.allow || verdict.code !== 'budget-spent';
    } catch {
      await new Promise<void>((done) => setTimeout(done, SPEND_AGAIN_MS).unref());
    }
  }
  return true;
}
