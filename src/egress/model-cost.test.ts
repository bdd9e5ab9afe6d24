import { describe, expect, it, vi } from 'vitest';
import type { Spend } from '../ocap/budget.ts';
import { ALLOWED, refuse } from '../ocap/verdict.ts';
import type { ModelConfig } from '../powers/model/config.ts';
import { mostOf } from '../powers/model/cost.ts';
import { modelCallOfHttp } from '../powers/model/kind.ts';
import { PowerboxError } from '../wire/errors.ts';
import { SPEND_AGAIN_MS, SPEND_TRIES_MAX } from './limits.ts';
import { leastCost, makeModelCount } from './model-cost.ts';

const config: ModelConfig = {
  ...{ provider: 'openai', origin: 'https://api.example.com', base: '/v1', credential: null },
  prices: [{ model: 'm', input: 1_000_000, output: 2_000_000 }],
  extras: [],
};
const text = JSON.stringify({
  ...{ model: 'm', max_tokens: 10 },
  messages: [{ role: 'user', content: 'x' }],
});
const read = modelCallOfHttp(
  config,
  'POST',
  '/v1/chat/completions',
  new TextEncoder().encode(text),
);
if (!read.ok) throw new Error(read.reason);
const { call } = read;
const use = { config, call };
const GRANT = { id: 'gr-1', asks: true };
const usage = { usage: { prompt_tokens: 30, completion_tokens: 5 } };

async function spentBy(
  left: number,
  act: (count: ReturnType<typeof makeModelCount>) => void,
): Promise<{ spent: Spend[]; left: number }> {
  const spent: Spend[] = [];
  let tokens = left;
  const link = {
    over: () => {},
    spend: async (_: string, amounts: Spend) => {
      if ((amounts.tokens ?? 0) > tokens) return refuse('budget-spent', 'No.');
      tokens -= amounts.tokens ?? 0;
      spent.push(amounts);
      return ALLOWED;
    },
  };
  act(makeModelCount(link, GRANT, use));
  await new Promise((done) => setTimeout(done, 20));
  return { spent, left: tokens };
}

describe('the cost of an answer', () => {
  it('is what the provider says, less what was spent before it was asked', async () => {
    const { spent } = await spentBy(1_000, (count) => {
      count.begin(200, 'application/json', true);
      count.push(new TextEncoder().encode(JSON.stringify(usage)));
      count.settle();
      count.settle();
    });
    expect(leastCost(use)).toEqual({ tokens: 1, microdollars: 1 });
    expect(spent).toEqual([{ tokens: 34, microdollars: 39 }]);
  });

  it('is foreseen until it is spent, or is nothing', async () => {
    for (const status of [200, 429]) {
      const told: unknown[] = [];
      const link = {
        over: (...over: unknown[]) => void told.push(over),
        spend: async () => {
          told.push('spent');
          return ALLOWED;
        },
      };
      const count = makeModelCount(link, GRANT, use);
      count.begin(status, 'application/json', true);
      count.settle();
      count.settle();
      await new Promise((done) => setTimeout(done, 20));
      const over = ['gr-1', mostOf(config, call)];
      expect(told).toEqual(status === 200 ? ['spent', over] : [over]);
    }
  });

  it('is the most that it can be where the answer cannot be read', async () => {
    const { spent } = await spentBy(1_000_000, (count) => {
      count.begin(200, 'application/json', false);
      count.settle();
    });
    expect(spent[0]?.tokens).toBe(text.length + 10 - 1);
  });

  it('is nothing where the provider refused, was not asked, or went away', async () => {
    const { spent } = await spentBy(1_000, (count) => {
      count.sent();
      count.begin(429, 'application/json', true);
      count.settle();
    });
    expect(spent).toEqual([]);
    expect((await spentBy(9, (count) => count.settle())).spent).toEqual([]);
    const gone = await spentBy(9, (count) => {
      count.sent();
      count.settle('upstream-unreachable');
    });
    expect(gone.spent).toEqual([]);
  });

  it.each(['egress-down', 'upstream-timeout', 'grant-revoked'] as const)(
    'is the most that it can be where nobody waited for the answer (%s)',
    async (why) => {
      const { spent } = await spentBy(1_000_000, (count) => {
        count.sent();
        count.settle(why);
      });
      expect(spent[0]?.tokens).toBe(text.length + 10 - 1);
    },
  );

  it('is told again to a daemon that was away, and for a minute at most', async () => {
    vi.useFakeTimers();
    let tries = 0;
    const spent: Spend[] = [];
    const link = (awayFor: number) => ({
      over: () => {},
      spend: async (_: string, amounts: Spend) => {
        tries += 1;
        if (tries <= awayFor) throw new PowerboxError('daemon-unreachable', 'It is away.');
        spent.push(amounts);
        return ALLOWED;
      },
    });
    for (const awayFor of [3, Number.POSITIVE_INFINITY]) {
      tries = 0;
      const count = makeModelCount(link(awayFor), GRANT, use);
      count.begin(200, 'application/json', false);
      count.settle();
      await vi.advanceTimersByTimeAsync(2 * SPEND_TRIES_MAX * SPEND_AGAIN_MS);
    }
    vi.useRealTimers();
    expect(tries).toBe(SPEND_TRIES_MAX);
    expect(spent).toHaveLength(1);
  });

  it('is counted once, also under a grant that has ended', async () => {
    const spent: Spend[] = [];
    const overs: Spend[] = [];
    const link = {
      over: (_: string, most: Spend) => void overs.push(most),
      spend: async (_: string, amounts: Spend) => {
        spent.push(amounts);
        return refuse('grant-revoked', 'Counted, and over.');
      },
    };
    const count = makeModelCount(link, GRANT, use);
    count.begin(200, 'application/json', true);
    count.push(new TextEncoder().encode(JSON.stringify(usage)));
    count.settle();
    await new Promise((done) => setTimeout(done, 20));
    expect(spent).toEqual([{ tokens: 34, microdollars: 39 }]);
  });

  it('leaves nothing in a budget that has not so much', async () => {
    const { left } = await spentBy(21, (count) => {
      count.begin(200, 'application/json', true);
      count.push(new TextEncoder().encode(JSON.stringify(usage)));
      count.settle();
    });
    expect(left).toBe(0);
  });
});
