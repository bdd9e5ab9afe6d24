import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { HttpHeader } from '../http/call.ts';
import type { FetchAnswer, Fetcher, FetchRequest } from '../http/fetcher.ts';
import { CHAT_PATHS, type ModelConfig } from './config.ts';
import { mostOf, priceOf, spendOrDrain, UNTOLD, type Usage, usageOfCall } from './cost.ts';
import { answerOf } from './dialect.ts';
import { failureOf } from './failure.ts';
import type { ModelCall } from './kind.ts';
import { RESPONSE_BYTES_MAX } from './limits.ts';
import { modelPower } from './power.ts';
import { openStream } from './stream.ts';
import { usageOf } from './usage.ts';

/** One request under way: what was judged is what is sent. */
export interface Asked {
  readonly call: ModelCall;
  readonly answer: FetchAnswer;
  /** What an answer used; spends it. Throws `budget-spent`. */
  settle(told: Parameters<typeof usageOfCall>[2], bytes: number, spend: UseContext['spend']): Usage;
}

/**
 * The object behind a model power. The key is not in this process: the fetcher is told its name,
 * and puts the value into its slot.
 */
export function openModel(config: ModelConfig, fetcher: Fetcher): Live {
  const open = new Set<Live>();
  return live({
    facet: 'root',
    at: null,
    async call(method, args, context) {
      const call = modelPower.callOf(config, { facet: 'root', at: null, method, args });
      const asked = await ask(config, fetcher, call, context);
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
  fetcher: Fetcher,
  call: ModelCall,
  { signal, spend, foresee }: UseContext,
): Promise<Asked> {
  // A budget that is spent stops the call before it costs anything.
  const { input, output } = priceOf(config, call.model);
  const first = { tokens: 1, microdollars: input + output > 0 ? 1 : 0 };
  spend(first);
  const { credential } = config;
  if (signal.aborted) throw endOf(signal);
  const release = foresee?.(mostOf(config, call));
  const settle: Asked['settle'] = (told, bytes, through) => {
    const usage = usageOfCall(config, call, told);
    try {
      spendOrDrain(through, {
        tokens: Math.max(0, usage.inputTokens + usage.outputTokens - first.tokens),
        microdollars: Math.max(0, usage.microdollars - first.microdollars),
        bytes: call.bytes + bytes,
      });
    } finally {
      release?.();
    }
    return usage;
  };
  const options = { signal, credential, addressNamed: true };
  const answer = await fetcher.fetch(requestOf(config, call), options).catch((error: unknown) => {
    // Who stops waiting does not stop the provider, which is paid for what nobody heard.
    if (signal.aborted || isTimeout(error)) settle(UNTOLD, 0, spend);
    release?.();
    throw error;
  });
  if (answer.status !== 200) {
    release?.();
    throw await failureOf(config, answer);
  }
  return { call, answer, settle };
}

/** Nothing was sent, so nothing was used. */
function endOf({ reason }: UseContext['signal']): PowerboxError {
  if (PowerboxError.is(reason)) return reason;
  return new PowerboxError('power-failed', 'The call was ended before anything was sent.');
}

function isTimeout(error: unknown): boolean {
  return PowerboxError.is(error) && error.code === 'upstream-timeout';
}

const HEADERS: readonly HttpHeader[] = [
  ['content-type', 'application/json'],
  ['accept', '*/*'],
];

/** What is sent is the body that was judged. */
function requestOf({ provider, origin, base }: ModelConfig, call: ModelCall): FetchRequest {
  const url = new URL(origin);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const version: readonly HttpHeader[] =
    provider === 'anthropic' ? [['anthropic-version', '2023-06-01']] : [];
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? PORTS[scheme] : Number(url.port),
    method: 'POST',
    path: `${base}${CHAT_PATHS[provider]}`,
    query: '',
    headers: [...HEADERS, ...version],
    body: new TextEncoder().encode(call.body ?? ''),
  };
}

const PORTS = { http: 80, https: 443 } as const;

async function whole(
  { provider }: ModelConfig,
  { call, answer, settle }: Asked,
  method: string,
  { spend }: UseContext,
): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let value: object | null = null;
  try {
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > RESPONSE_BYTES_MAX) break;
      chunks.push(chunk);
    }
    if (bytes <= RESPONSE_BYTES_MAX) value = read(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // The answer broke off, or is no JSON; what it used is counted all the same.
  } finally {
    answer.cancel();
  }
  const usage = settle(usageOf(provider, value), bytes, spend);
  if (value === null) {
    const reason = `Cannot read the answer of ${call.origin}: it broke off, is too long, or is not JSON.`;
    throw new PowerboxError('power-failed', reason);
  }
  return method === 'chat' ? { ...answerOf(provider, value), usage } : { answer: value, usage };
}

function read(text: string): object | null {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' ? value : null;
}
