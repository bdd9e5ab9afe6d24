import { type EndSignal, type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { CHAT_PATHS, type ModelConfig } from './config.ts';
import { priceOf, spendOrDrain, type Usage, usageOfCall } from './cost.ts';
import { answerOf } from './dialect.ts';
import { failureOf } from './failure.ts';
import type { ModelCall } from './kind.ts';
import { RESPONSE_BYTES_MAX } from './limits.ts';
import { modelPower } from './power.ts';
import { openStream } from './stream.ts';
import { usageOf } from './usage.ts';

export interface ModelRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ModelResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ModelDependencies {
  /** Sends one request to the URL's own origin; follows no redirect. Rejects when the signal ends. */
  fetch(request: ModelRequest, signal: AbortSignal): Promise<ModelResponse>;
  /** Custody of values. Asked at each call, so that a rotated key is used at once. */
  secret(name: string): { reveal(): string };
}

/** One request under way: what was judged is what is sent. */
export interface Asked {
  readonly call: ModelCall;
  readonly response: ModelResponse;
  /** Takes an echo of the key out of text that came from the provider. */
  readonly clean: (text: string) => string;
  /** What an answer used; spends it. Throws `budget-spent`. */
  settle(told: Parameters<typeof usageOfCall>[2], bytes: number, spend: UseContext['spend']): Usage;
  /** Cuts the answer. */
  stop(): void;
}

export function openModel(config: ModelConfig, dependencies: ModelDependencies): Live {
  const open = new Set<Live>();
  return live({
    facet: 'root',
    at: null,
    async call(method, args, context) {
      const call = modelPower.callOf(config, { facet: 'root', at: null, method, args });
      const asked = await ask(config, dependencies, call, context);
      if (!call.stream) return whole(config, asked, method, context);
      const stream = openStream(config.provider, asked, context.spend, () => open.delete(stream));
      open.add(stream);
      return stream;
    },
    close() {
      for (const stream of open) stream.close();
    },
  });
}

async function ask(
  config: ModelConfig,
  { fetch, secret }: ModelDependencies,
  call: ModelCall,
  { signal, spend }: UseContext,
): Promise<Asked> {
  // A budget that is spent stops the call before it costs anything.
  const { input, output } = priceOf(config, call.model);
  spend({ tokens: 1, ...(input + output > 0 ? { microdollars: 1 } : {}) });
  const key = config.credential === null ? null : secret(config.credential).reveal();
  const clean = (text: string): string =>
    key === null ? text : text.replaceAll(key, `[secret ${config.credential}]`);
  const controller = abortedBy(signal);
  const url = `${config.origin}${config.base}${CHAT_PATHS[config.provider]}`;
  const headers = { ...HEADERS, ...keyHeaders(config, key) };
  const body = call.body ?? '';
  const response = await sent(config, clean, () =>
    fetch({ method: 'POST', url, headers, body }, controller.signal),
  );
  const stop = (): void => controller.abort();
  if (response.status !== 200) throw await failureOf(config, response, clean, stop);
  const settle: Asked['settle'] = (told, bytes, through) => {
    const usage = usageOfCall(config, call, told);
    spendOrDrain(through, {
      tokens: Math.max(0, usage.inputTokens + usage.outputTokens - 1),
      microdollars: Math.max(0, usage.microdollars - (input + output > 0 ? 1 : 0)),
      bytes: call.bytes + bytes,
    });
    return usage;
  };
  return { call, response, clean, settle, stop };
}

const HEADERS = { 'content-type': 'application/json', accept: '*/*' } as const;

function keyHeaders({ provider }: ModelConfig, key: string | null): Record<string, string> {
  const version = provider === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {};
  if (key === null) return version;
  if (provider === 'anthropic') return { ...version, 'x-api-key': key };
  return { authorization: `Bearer ${key}` };
}

/** The words of a library that failed may hold the header: only its code is told. */
async function sent(
  { origin }: ModelConfig,
  clean: (text: string) => string,
  send: () => Promise<ModelResponse>,
): Promise<ModelResponse> {
  try {
    return await send();
  } catch (error) {
    if (PowerboxError.is(error)) throw new PowerboxError(error.code, clean(error.message));
    const code = (error as { code?: unknown; cause?: { code?: unknown } } | null) ?? {};
    const why = [code.code, code.cause?.code].find((one) => /^[A-Z_]{2,40}$/.test(String(one)));
    throw new PowerboxError(
      'power-failed',
      `Cannot reach the models at ${origin}: ${String(why ?? 'the connection failed')}.`,
    );
  }
}

async function whole(
  { provider }: ModelConfig,
  { call, response, clean, settle, stop }: Asked,
  method: string,
  { spend }: UseContext,
): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let answer: unknown = null;
  let failed = true;
  try {
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > RESPONSE_BYTES_MAX) break;
      chunks.push(chunk);
    }
    answer =
      bytes > RESPONSE_BYTES_MAX ? null : read(clean(Buffer.concat(chunks).toString('utf8')));
    failed = answer === null;
  } catch {
    // The answer broke off; what it used is counted all the same.
  } finally {
    stop();
  }
  const usage = settle(usageOf(provider, answer), bytes, spend);
  if (failed) {
    const reason = `Cannot read the answer of ${call.origin}: it broke off, is too long, or is not JSON.`;
    throw new PowerboxError('power-failed', reason);
  }
  return method === 'chat' ? { ...answerOf(provider, answer), usage } : { answer, usage };
}

function read(text: string): object | null {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' ? value : null;
}

function abortedBy(signal: EndSignal): AbortController {
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener('abort', () => controller.abort(), { once: true });
  return controller;
}
