import { describe, expect, it } from 'vitest';
import type { Spend } from '../../ocap/budget.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { Fetcher } from '../http/fetcher.ts';
import type { ModelConfig } from './config.ts';
import { openModel } from './live.ts';

const config: ModelConfig = {
  ...{ provider: 'openai', origin: 'https://api.example.com', base: '/v1', credential: null },
  prices: [{ model: 'm', input: 1_000_000, output: 2_000_000 }],
  extras: [],
};
const question = { model: 'm', maxTokens: 10, messages: [{ role: 'user', content: 'x' }] };

/** What a chat costs that comes to its end in this way before there is an answer. */
async function tokensOf(end: (grant: AbortController) => Error): Promise<number> {
  const grant = new AbortController();
  let isForeseen = false;
  const fetcher: Fetcher = { fetch: () => Promise.reject(end(grant)) };
  const spent: Spend[] = [];
  const context = {
    narrowings: [],
    signal: grant.signal,
    spend: (amounts: Spend) => void spent.push(amounts),
    foresee() {
      isForeseen = true;
      return () => {
        isForeseen = false;
      };
    },
  };
  const asked = openModel(config, fetcher).call('chat', [question], context) as Promise<unknown>;
  await expect(asked).rejects.toBeInstanceOf(PowerboxError);
  expect(isForeseen).toBe(false);
  return spent.reduce((sum, { tokens = 0 }) => sum + tokens, 0);
}

const failure = (code: 'upstream-timeout' | 'upstream-unreachable' | 'grant-revoked') =>
  new PowerboxError(code, 'It is over.');

describe('a model that nobody waits for', () => {
  it('is paid for as the most that it can cost', async () => {
    const cut = await tokensOf((grant) => {
      grant.abort(failure('grant-revoked'));
      return failure('grant-revoked');
    });
    expect(cut).toBeGreaterThan(question.maxTokens);
    expect(await tokensOf(() => failure('upstream-timeout'))).toBe(cut);
  });

  it('costs nothing more where the provider was not reached', async () => {
    expect(await tokensOf(() => failure('upstream-unreachable'))).toBe(1);
  });
});
