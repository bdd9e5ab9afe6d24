import type { Spend } from '../../ocap/budget.ts';
import { matchWildcard } from '../words/wildcard.ts';
import type { ModelConfig, Price } from './config.ts';
import type { ModelCall } from './kind.ts';
import { TOKENS_ASSUMED, TOKENS_MAX } from './limits.ts';
import type { ProviderUsage } from './usage.ts';

/** What one call used, and whether the provider said so. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly microdollars: number;
  /** `bound`: the provider did not say it all, and the most that it can be was taken. */
  readonly counted: 'provider' | 'bound';
}

/**
 * What the call cost, never less than the provider said. What it did not say is taken as the most
 * that it can be: a token has one byte at least, and an answer no more tokens than were asked for.
 */
export function usageOfCall(config: ModelConfig, call: ModelCall, told: ProviderUsage): Usage {
  const input = Math.min(told.input ?? call.bytes, TOKENS_MAX);
  const output = Math.min(told.output ?? call.maxTokens ?? TOKENS_ASSUMED, TOKENS_MAX);
  const cached = Math.min(told.cached, TOKENS_MAX);
  const stored = Math.min(told.stored, TOKENS_MAX);
  const price = priceOf(config, call.model);
  // Providers read from a cache for less; they write to one for up to twice the price.
  const inputCost = BigInt(input + cached + 2 * stored) * BigInt(price.input);
  const cost = inputCost + BigInt(output) * BigInt(price.output);
  return {
    inputTokens: input + cached + stored,
    outputTokens: output,
    microdollars: Number((cost + 999_999n) / 1_000_000n),
    counted: told.input === null || told.output === null ? 'bound' : 'provider',
  };
}

/** What is known of the usage of a call that nobody has answered. */
export const UNTOLD: ProviderUsage = { input: null, cached: 0, stored: 0, output: null };

/** The most that a call can come to cost. */
export function mostOf(config: ModelConfig, call: ModelCall): Spend {
  const { inputTokens, outputTokens, microdollars } = usageOfCall(config, call, UNTOLD);
  return { tokens: inputTokens + outputTokens, microdollars };
}

/** Dearer than any model that is sold by its tokens: money without a price must not be endless. */
const UNKNOWN: Omit<Price, 'model'> = { input: 150_000_000, output: 600_000_000 };
const FREE: Omit<Price, 'model'> = { input: 0, output: 0 };

/** The first that matches; without one the dearest, or none where the model runs on this machine. */
export function priceOf(config: ModelConfig, model: string): Omit<Price, 'model'> {
  const known = config.prices.find((price) => matchWildcard(price.model, model));
  return known ?? (config.provider === 'ollama' ? FREE : UNKNOWN);
}

type Spending = (amounts: Spend) => void;

/**
 * Spends what a call used. When a grant has not so much left, it is left with nothing: the tokens
 * are used all the same, and an answer that is refused must not be had again for nothing. Throws
 * what `spend` throws.
 */
export function spendOrDrain(spend: Spending, amounts: Spend): void {
  try {
    spend(amounts);
  } catch (error) {
    for (const [measure, amount] of Object.entries(amounts)) drain(spend, measure, amount);
    throw error;
  }
}

/** As much of the amount as there is, and no more than it. */
function drain(spend: Spending, measure: string, amount: number): void {
  let left = amount;
  for (let step = 2 ** Math.floor(Math.log2(Math.max(1, amount))); step >= 1; step /= 2) {
    if (step > left) continue;
    try {
      spend({ [measure]: step });
      left -= step;
    } catch {
      // Less than this is left.
    }
  }
}
