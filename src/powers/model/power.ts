import { z } from 'zod';
import { definePower, type Invocation } from '../../ocap/power.ts';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { SECRET_NAME } from '../secret/texts.ts';
import { fitting } from '../words/fitting.ts';
import { TEXTS_MAX, VALUES_MAX, WILDCARD_CHARS_MAX } from '../words/limits.ts';
import { type ModelConfig, PROVIDERS } from './config.ts';
import { bodyOf } from './dialect.ts';
import { type ModelCall, type ModelNarrowing, modelCallOfText, modelKind } from './kind.ts';
import {
  MESSAGES_MAX,
  MODEL_CHARS_MAX,
  PRICE_MAX,
  REQUEST_BYTES_MAX,
  TOKENS_MAX,
} from './limits.ts';
import {
  BASE,
  checkPlace,
  readModelConfig,
  readModelNarrowing,
  writeModelConfig,
  writeModelNarrowing,
} from './texts.ts';

const Data = z.record(z.string(), z.unknown());
const Model = z.string().min(1).max(MODEL_CHARS_MAX);
const Tokens = z.int().min(1).max(TOKENS_MAX);
const ToolCall = z.strictObject({ id: z.string(), name: z.string(), arguments: Data });

const ChatRequest = z.strictObject({
  model: Model,
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z.string(),
        toolCalls: z.array(ToolCall).optional(),
        toolCallId: z.string().optional(),
      }),
    )
    .min(1)
    .max(MESSAGES_MAX),
  maxTokens: Tokens.optional(),
  temperature: z.number().optional(),
  tools: z
    .array(z.strictObject({ name: z.string(), description: z.string(), parameters: Data }))
    .optional(),
});

const Usage = z.object({
  inputTokens: z.int(),
  outputTokens: z.int(),
  microdollars: z.int(),
  counted: z.enum(['provider', 'bound']),
});

const Patterns = z.array(z.string().min(1).max(WILDCARD_CHARS_MAX)).max(VALUES_MAX);

const ModelRule = z.strictObject({
  models: Patterns.min(1).nullable(),
  tokens: z.int().min(0).nullable(),
  tools: z.boolean().nullable(),
  stream: z.boolean().nullable(),
  messages: z.int().min(0).nullable(),
  bytes: z.int().min(0).nullable(),
  extras: Patterns.nullable(),
});

const Narrowing = z.array(ModelRule).min(1).max(TEXTS_MAX);

const Money = z.int().min(0).max(PRICE_MAX);

const Config = z
  .strictObject({
    provider: z.enum(PROVIDERS),
    origin: z.string(),
    base: z.string().regex(BASE),
    credential: z.string().regex(SECRET_NAME).nullable(),
    prices: z.array(z.strictObject({ model: Model, input: Money, output: Money })).max(VALUES_MAX),
    extras: Patterns,
  })
  .superRefine(({ origin, credential }, context) => {
    try {
      checkPlace(origin, credential);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

/**
 * Models of one provider: OpenAI and whoever speaks its dialect, Anthropic, Ollama. Tokens and
 * money are counted from the provider's own usage. `chat` and `stream` take one form for all
 * providers, `complete` and `completeStream` the provider's own body, of which every field is known.
 *
 * A narrowing is written as words: `model=gpt-4o,gpt-4o-*`, `tokens=1000` (of an answer; the
 * request must bound it), `tools=off`, `stream=off`, `messages=20`, `bytes=100K`,
 * `extras=part:image` or `extras=none`. All words of one text must hold; of several texts one must.
 * `any` narrows nothing. The power is written `model:PROVIDER [URL]`, and may say
 * `credential=NAME`, `price=MODEL:2.5:10` (dollars for a million tokens in and out) and
 * `extras=service_tier,part:image`.
 */
export const modelPower = definePower<ModelConfig, ModelNarrowing, ModelCall>({
  ...modelKind,
  summary: 'Talk with the models of one provider.',
  config: Config,
  narrowing: Narrowing,
  facets: {
    root: {
      chat: {
        summary: 'Gives the answer of a model to a conversation.',
        args: [{ name: 'request', schema: ChatRequest }],
        returns: z.object({
          text: z.string(),
          toolCalls: z.array(ToolCall),
          stop: z.string().nullable(),
          usage: Usage,
        }),
      },
      stream: {
        summary: 'The same, piece by piece.',
        args: [{ name: 'request', schema: ChatRequest }],
        returns: { facet: 'stream' },
      },
      complete: {
        summary: "Sends a body in the provider's own form and gives its answer as it is.",
        args: [{ name: 'body', schema: Data }],
        returns: z.object({ answer: Data, usage: Usage }),
      },
      completeStream: {
        summary: 'The same, event by event.',
        args: [{ name: 'body', schema: Data }],
        returns: { facet: 'stream' },
      },
    },
    stream: {
      next: {
        summary: 'Gives the next piece; the last one is done and has the usage.',
        args: [],
        returns: z.object({
          done: z.boolean(),
          text: z.string(),
          event: z.unknown(),
          usage: Usage.nullable(),
        }),
      },
    },
  },
  callOf,
  readConfig: (text) => fitting(Config, readModelConfig(text), 'power-invalid'),
  describeConfig: writeModelConfig,
  readNarrowing: (texts) => fitting(Narrowing, readModelNarrowing(texts), 'narrowing-invalid'),
  describeNarrowing: writeModelNarrowing,
  secretsOf: ({ credential }) => (credential === null ? [] : [credential]),
});

function callOf(config: ModelConfig, { facet, at, method, args }: Invocation): ModelCall {
  // The object itself says what it reads on from; it was judged when it was asked for.
  if (facet === 'stream') return { ...(at as ModelCall), method: 'next' };
  const body = bodyOfMethod(config, method, args[0]);
  const text = textOf(body);
  const read = modelCallOfText(config, text, Buffer.byteLength(text));
  if (!read.ok) throw new PowerboxError(read.code, read.reason);
  if (read.call.bytes <= REQUEST_BYTES_MAX) return read.call;
  throw invalid(`the request is longer than ${REQUEST_BYTES_MAX} bytes`);
}

function bodyOfMethod(config: ModelConfig, method: string, given: unknown): unknown {
  const streams = method === 'stream' || method === 'completeStream';
  if (method === 'chat' || method === 'stream') {
    const request = ChatRequest.safeParse(given);
    if (!request.success) throw invalid('the request cannot be read');
    return withUsage(config, bodyOf(config, request.data, streams), streams);
  }
  if (method !== 'complete' && method !== 'completeStream') {
    throw invalid(`there is no method ${quote(method)}`);
  }
  const body = Data.safeParse(given);
  if (!body.success) throw invalid('the body cannot be read');
  const asked = body.data.stream ?? streams;
  if (asked !== streams) throw invalid(`${method} does ${streams ? '' : 'not '}stream`);
  return withUsage(config, { ...body.data, stream: streams }, streams);
}

/** Services of the first dialect count a stream only when they are asked to. */
function withUsage(
  { provider }: ModelConfig,
  body: Readonly<Record<string, unknown>>,
  streams: boolean,
): unknown {
  if (provider !== 'openai' || !streams) return body;
  const options = typeof body.stream_options === 'object' ? body.stream_options : {};
  return { ...body, stream_options: { ...options, include_usage: true } };
}

function textOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    throw invalid('the body is not plain data');
  }
}

function invalid(reason: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot ask the model: ${reason}.`);
}
