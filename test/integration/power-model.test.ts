import { afterEach, describe, expect, it } from 'vitest';
import type { Spend } from '../../src/ocap/budget.ts';
import type { Live, UseContext } from '../../src/ocap/live.ts';
import type { Fetcher } from '../../src/powers/http/fetcher.ts';
import { PROVIDERS } from '../../src/powers/model/config.ts';
import { openModel } from '../../src/powers/model/live.ts';
import { modelPower } from '../../src/powers/model/power.ts';
import { PowerboxError } from '../../src/wire/errors.ts';
import {
  type ModelService,
  type ModelServiceOptions,
  startModelService,
} from '../support/model-service.ts';

const KEY = 'sk-a-key-that-nobody-sees';
const BASES = { openai: '/v1', anthropic: '/v1', ollama: '/api' };

/** The credential goes into the slot that the provider has for it, as the real one has it. */
const fetcher: Fetcher = {
  async fetch({ scheme, host, port, path, body, ...request }, { signal, credential }) {
    expect(credential).toBe('KEY');
    expect(JSON.stringify([request, new TextDecoder().decode(body ?? undefined)])).not.toContain(
      KEY,
    );
    const anthropic = path.endsWith('/messages');
    const slot = anthropic ? { 'x-api-key': KEY } : { authorization: `Bearer ${KEY}` };
    const cut = new AbortController();
    signal.addEventListener('abort', () => cut.abort());
    if (signal.aborted) cut.abort();
    const response = await fetch(`${scheme}://${host}:${port}${path}`, {
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), ...slot },
      body: Buffer.from(body ?? []),
      redirect: 'manual',
      signal: cut.signal,
    }).catch(() => {
      throw new PowerboxError('power-failed', 'The fetcher failed.');
    });
    return {
      status: response.status,
      headers: [...response.headers],
      body: response.body ?? new ReadableStream(),
      cancel: () => cut.abort(),
    };
  },
};

let service: ModelService | undefined;

afterEach(async () => {
  await service?.close();
  service = undefined;
});

interface World {
  readonly root: Live;
  readonly context: UseContext;
  readonly spent: Required<Spend>;
  /** Ends the grant. */
  end(): void;
  use(method: string, argument: unknown): Promise<unknown>;
}

async function open(
  provider: (typeof PROVIDERS)[number],
  options: Partial<ModelServiceOptions> = {},
  tokens = Number.POSITIVE_INFINITY,
): Promise<World> {
  service = await startModelService({ words: ['hel', 'lo'], input: 100, output: 20, ...options });
  const text = `${provider} ${service.origin}${BASES[provider]} credential=KEY price=m:1:2`;
  const root = openModel(modelPower.readConfig(text), fetcher);
  const spent = { uses: 0, bytes: 0, tokens: 0, microdollars: 0 };
  const ending = new AbortController();
  const context: UseContext = {
    narrowings: [],
    signal: ending.signal,
    spend(amounts) {
      if (spent.tokens + (amounts.tokens ?? 0) > tokens) {
        throw new PowerboxError('budget-spent', 'The budget is spent.');
      }
      for (const [measure, amount] of Object.entries(amounts)) {
        spent[measure as keyof typeof spent] += amount;
      }
    },
  };
  return {
    root,
    context,
    spent,
    end: () => ending.abort(),
    use: async (method, argument) => root.call(method, [argument], context),
  };
}

const hello = { model: 'm', messages: [{ role: 'user', content: 'hello' }], maxTokens: 50 };

interface Piece {
  readonly done: boolean;
  readonly text: string;
  readonly usage: unknown;
}

async function next(stream: unknown, { context }: World): Promise<Piece> {
  return (await (stream as Live).call('next', [], context)) as Piece;
}

async function drain(stream: unknown, world: World): Promise<{ text: string; last: Piece }> {
  let text = '';
  for (;;) {
    const piece = await next(stream, world);
    if (piece.done) return { text, last: piece };
    text += piece.text;
  }
}

describe.each(PROVIDERS)('a model of %s', (provider) => {
  it('answers, and is counted as the provider counts', async () => {
    const world = await open(provider);
    const usage = {
      inputTokens: 100,
      outputTokens: 20,
      microdollars: 140,
      counted: 'provider',
    };
    expect(await world.use('chat', hello)).toMatchObject({ text: 'hello', usage });
    expect(world.spent).toMatchObject({ tokens: 120, microdollars: 140 });
    const asked = service?.asked[0];
    const { authorization, 'x-api-key': apiKey } = asked?.headers ?? {};
    expect(authorization ?? apiKey).toBe(provider === 'anthropic' ? KEY : `Bearer ${KEY}`);
    expect(asked?.body).toMatchObject({ model: 'm', stream: false });
  });

  it('streams, and is counted at the end, once', async () => {
    const world = await open(provider);
    const stream = await world.use('stream', hello);
    const { text, last } = await drain(stream, world);
    expect(text).toBe('hello');
    expect(last.usage).toMatchObject({ inputTokens: 100, outputTokens: 20, counted: 'provider' });
    expect(world.spent).toMatchObject({ tokens: 120, microdollars: 140 });
    await expect(next(stream, world)).rejects.toMatchObject({ code: 'reference-closed' });
    (stream as Live).close();
    expect(world.spent.tokens).toBe(120);
  });

  it('is counted as the most that it can be when the provider does not count', async () => {
    const world = await open(provider, { counts: false });
    const { usage } = (await world.use('chat', hello)) as { usage: { inputTokens: number } };
    expect(usage).toMatchObject({ outputTokens: 50, counted: 'bound' });
    expect(usage.inputTokens).toBe(Buffer.byteLength(JSON.stringify(service?.asked[0]?.body)));
    expect(world.spent.tokens).toBe(usage.inputTokens + 50);
  });

  it('costs no less when the answer breaks off or is closed early', async () => {
    const world = await open(provider, { breaks: true });
    await expect(drain(await world.use('stream', hello), world)).rejects.toMatchObject({
      code: 'power-failed',
    });
    const broken = world.spent.tokens;
    expect(broken).toBeGreaterThan(50);
    const early = (await world.use('stream', hello)) as Live;
    early.close();
    early.close();
    expect(world.spent.tokens - broken).toBeGreaterThan(50);
  });

  it('is cut with the grant: while it is asked, while it is read, and when it is closed', async () => {
    const world = await open(provider, { hangs: true });
    const stream = await world.use('stream', hello);
    expect((await next(stream, world)).done).toBe(false);
    const waiting = drain(stream, world);
    waiting.catch(() => undefined);
    world.end();
    await expect(waiting).rejects.toMatchObject({ code: 'power-failed' });
    await service?.cut;
    await expect(world.use('chat', hello)).rejects.toMatchObject({ code: 'power-failed' });
    expect(service?.asked).toHaveLength(1);
  });

  it('lets go of the provider when the power is closed', async () => {
    const world = await open(provider, { hangs: true });
    await world.use('stream', hello);
    world.root.close();
    await service?.cut;
    expect(world.spent.tokens).toBeGreaterThan(50);
  });

  it('gives no answer for a budget that is too small, and leaves nothing of it', async () => {
    const world = await open(provider, {}, 119);
    await expect(world.use('chat', hello)).rejects.toMatchObject({ code: 'budget-spent' });
    expect(world.spent.tokens).toBe(119);
    await expect(world.use('chat', hello)).rejects.toMatchObject({ code: 'budget-spent' });
    expect(service?.asked).toHaveLength(1);
  });

  it.each([401, 307, 500])('explains status %s, and follows nothing', async (fails) => {
    const world = await open(provider, { fails });
    const error = (await world.use('chat', hello).catch((one) => one)) as PowerboxError;
    expect(error).toMatchObject({ code: 'power-failed' });
    expect(error.message).toContain(`status ${fails}`);
    expect(error.message).toContain('"no such thing"');
    expect(service?.asked).toHaveLength(1);
  });

  it("passes the provider's own body on, and gives its answer as it is", async () => {
    const world = await open(provider);
    const bound = provider === 'ollama' ? { options: { num_predict: 9 } } : { max_tokens: 9 };
    const body = { model: 'm', messages: hello.messages, ...bound };
    const { answer } = (await world.use('complete', body)) as { answer: object };
    expect(JSON.stringify(answer)).toContain('hello');
    const stream = await world.use('completeStream', body);
    expect((await drain(stream, world)).text).toBe('hello');
    expect(service?.asked[0]?.body).toEqual({ ...body, stream: false });
    expect(service?.asked[1]?.body).toMatchObject({ ...body, stream: true });
  });
});

describe('a model that cannot be reached', () => {
  it('costs nothing but the one token that asks the budget', async () => {
    const world = await open('openai');
    await service?.close();
    await expect(world.use('chat', hello)).rejects.toMatchObject({ code: 'power-failed' });
    expect(world.spent).toMatchObject({ tokens: 1, microdollars: 1 });
  });
});
