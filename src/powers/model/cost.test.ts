import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Spend } from '../../ocap/budget.ts';
import { spendOrDrain, usageOfCall } from './cost.ts';
import type { ModelCall } from './kind.ts';
import { TOKENS_ASSUMED } from './limits.ts';
import { readModelConfig } from './texts.ts';

const config = readModelConfig('openai price=gpt-4o:2.5:10,free*:0:0');
const call: ModelCall = {
  ...{ provider: 'openai', origin: config.origin, base: config.base, method: 'chat' },
  ...{ model: 'gpt-4o', maxTokens: 50, stream: false, tools: false, messages: 1, extras: [] },
  ...{ bytes: 120, body: '' },
};
const told = { input: 1000, cached: 0, stored: 0, output: 100 };

describe('usageOfCall()', () => {
  it('takes what the provider says, and rounds money up', () => {
    expect(usageOfCall(config, call, told)).toEqual({
      inputTokens: 1000,
      outputTokens: 100,
      microdollars: 3500,
      counted: 'provider',
    });
    const one = { ...told, input: 1, output: 0 };
    expect(usageOfCall(config, call, one).microdollars).toBe(3);
  });

  it('takes the most that it can be for what the provider does not say', () => {
    const nothing = { ...told, input: null, output: null };
    expect(usageOfCall(config, call, nothing)).toMatchObject({
      inputTokens: 120,
      outputTokens: 50,
      counted: 'bound',
    });
    const unbounded = { ...call, maxTokens: null };
    expect(usageOfCall(config, unbounded, nothing).outputTokens).toBe(TOKENS_ASSUMED);
  });

  it('counts what a cache gave, and what it was given for twice the price', () => {
    const cached = { ...told, cached: 100, stored: 10 };
    expect(usageOfCall(config, call, cached)).toMatchObject({
      inputTokens: 1110,
      microdollars: 3800,
    });
  });

  it('takes a model without a price for the dearest, but on this machine', () => {
    const unknown = usageOfCall(config, { ...call, model: 'x' }, told);
    expect(unknown.microdollars).toBe(210_000);
    expect(usageOfCall(config, { ...call, model: 'free-1' }, told).microdollars).toBe(0);
    const local = readModelConfig('ollama');
    expect(usageOfCall(local, { ...call, provider: 'ollama' }, told).microdollars).toBe(0);
  });
});

describe('spendOrDrain()', () => {
  it('leaves nothing of a budget that was too small', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (budget, amount) => {
        let left = budget;
        const spend = ({ tokens = 0 }: Spend): void => {
          if (tokens > left) throw new Error('spent');
          left -= tokens;
        };
        if (amount <= budget) {
          spendOrDrain(spend, { tokens: amount });
          expect(left).toBe(budget - amount);
        } else {
          expect(() => spendOrDrain(spend, { tokens: amount })).toThrow('spent');
          expect(left).toBe(0);
        }
      }),
    );
  });

  it('takes of what there is enough of no more than was used', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (amount) => {
        let microdollars = 0;
        const spend = (amounts: Spend): void => {
          if ((amounts.tokens ?? 0) > 0) throw new Error('spent');
          microdollars += amounts.microdollars ?? 0;
        };
        expect(() => spendOrDrain(spend, { tokens: 5, microdollars: amount })).toThrow('spent');
        expect(microdollars).toBe(amount);
      }),
    );
  });
});
