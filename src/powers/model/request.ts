import type { Provider } from './config.ts';
import { MESSAGES_MAX, MODEL_CHARS_MAX, TOKENS_MAX } from './limits.ts';

/** What a request body asks for, as far as it costs or can do anything. */
export interface RequestFacts {
  readonly model: string;
  /** Most tokens that the answer can have, all choices together; null when it is not bounded. */
  readonly maxTokens: number | null;
  readonly stream: boolean;
  /** Are tools of the caller offered? */
  readonly tools: boolean;
  readonly messages: number;
  /** Sorted; see `ModelConfig.extras`. */
  readonly extras: readonly string[];
}

export type ReadRequest =
  | { readonly ok: true; readonly facts: RequestFacts }
  /** A clause: lower-case, no full stop. */
  | { readonly ok: false; readonly reason: string };

type Json = Readonly<Record<string, unknown>>;

/**
 * Fields that neither cost more than the tokens that are counted nor let the provider do anything
 * but answer. Names are compared exactly: a server that takes `Model` for `model` never sees it.
 */
const PLAIN_FIELDS: Readonly<Record<Provider, ReadonlySet<string>>> = {
  openai: new Set([
    ...['model', 'messages', 'max_tokens', 'max_completion_tokens', 'stream', 'stream_options'],
    ...['temperature', 'top_p', 'stop', 'seed', 'presence_penalty', 'frequency_penalty'],
    ...['response_format', 'user', 'reasoning_effort', 'verbosity', 'logprobs', 'top_logprobs'],
    ...['logit_bias', 'tools', 'tool_choice', 'parallel_tool_calls', 'functions', 'function_call'],
  ]),
  anthropic: new Set([
    ...['model', 'messages', 'max_tokens', 'system', 'stream', 'stop_sequences', 'temperature'],
    ...['top_p', 'top_k', 'metadata', 'thinking', 'tools', 'tool_choice'],
  ]),
  ollama: new Set(['model', 'messages', 'stream', 'format', 'options', 'think', 'tools']),
};

/** Others decide how much of the machine a call takes. */
const PLAIN_OPTIONS: ReadonlySet<string> = new Set([
  ...['num_predict', 'temperature', 'top_p', 'top_k', 'min_p', 'typical_p', 'seed', 'stop'],
  ...['repeat_penalty', 'repeat_last_n', 'presence_penalty', 'frequency_penalty'],
]);

const PLAIN_MESSAGE_FIELDS: Readonly<Record<Provider, ReadonlySet<string>>> = {
  openai: new Set(['role', 'content', 'name', 'refusal', 'tool_calls', 'tool_call_id']),
  anthropic: new Set(['role', 'content']),
  ollama: new Set(['role', 'content', 'thinking', 'tool_calls', 'tool_name']),
};

/** Parts that are words of the conversation; all others carry other things, or have them fetched. */
const PLAIN_PARTS: ReadonlySet<string> = new Set([
  ...['text', 'refusal', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result'],
]);

const PLAIN_TOOLS: ReadonlySet<string> = new Set(['function', 'custom']);

/** Reads a body that has been parsed strictly. What is not known is an extra, never skipped. */
export function readRequest(provider: Provider, body: unknown): ReadRequest {
  if (!isObject(body)) return fault('the body is not a JSON object');
  const { model, messages, stream } = body;
  if (typeof model !== 'string' || !/^[\x21-\x7e]+$/.test(model)) {
    return fault('the model is not named');
  }
  if (model.length > MODEL_CHARS_MAX) return fault('the name of the model is too long');
  if (!Array.isArray(messages) || messages.length > MESSAGES_MAX || !messages.every(isObject)) {
    return fault(`the messages are not a list of at most ${MESSAGES_MAX} objects`);
  }
  if (stream !== undefined && typeof stream !== 'boolean') {
    return fault('"stream" is neither true nor false');
  }
  const extras = new Set<string>();
  const tokens = maxTokensOf(provider, body, extras);
  if (typeof tokens === 'string') return fault(tokens);
  const problem = collect(provider, body, messages, extras);
  if (problem !== null) return fault(problem);
  const facts = {
    model,
    maxTokens: tokens,
    // Ollama streams unless it is told not to.
    stream: stream ?? provider === 'ollama',
    tools: isNotEmpty(body.tools) || isNotEmpty(body.functions),
    messages: messages.length,
    extras: [...extras].sort(),
  };
  return { ok: true, facts };
}

function collect(
  provider: Provider,
  body: Json,
  messages: readonly Json[],
  extras: Set<string>,
): string | null {
  for (const name of Object.keys(body)) {
    if (!PLAIN_FIELDS[provider].has(name) && name !== 'n') extras.add(name);
  }
  for (const message of messages) {
    for (const name of Object.keys(message)) {
      if (!PLAIN_MESSAGE_FIELDS[provider].has(name)) extras.add(`message.${name}`);
    }
    const problem = collectParts(message.content, extras, 0);
    if (problem !== null) return problem;
  }
  if (provider === 'anthropic') {
    const problem = collectParts(body.system, extras, 0);
    if (problem !== null) return problem;
  }
  return collectTools(body.tools, extras) ?? collectOptions(provider, body.options, extras);
}

/** Tool results hold parts themselves. */
function collectParts(content: unknown, extras: Set<string>, depth: number): string | null {
  if (content === undefined || content === null || typeof content === 'string') return null;
  if (!Array.isArray(content) || depth > 4) return 'the content of a message cannot be read';
  for (const part of content) {
    if (!isObject(part) || typeof part.type !== 'string') {
      return 'a part of a message has no type';
    }
    if (!PLAIN_PARTS.has(part.type)) extras.add(partName(part, part.type));
    if (part.type !== 'tool_result') continue;
    const problem = collectParts(part.content, extras, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

/** With `:url` behind it when the provider would fetch it from where the caller says. */
function partName(part: Json, type: string): string {
  const image = isObject(part.image_url) ? part.image_url.url : part.image_url;
  const source = isObject(part.source) ? part.source.type : undefined;
  const inside =
    (image === undefined || (typeof image === 'string' && image.startsWith('data:'))) &&
    (source === undefined || source === 'base64' || source === 'text');
  return `part:${type}${inside ? '' : ':url'}`;
}

function collectTools(tools: unknown, extras: Set<string>): string | null {
  if (tools === undefined || tools === null) return null;
  if (!Array.isArray(tools) || !tools.every(isObject)) return '"tools" is not a list of objects';
  for (const { type } of tools) {
    if (type !== undefined && typeof type !== 'string') return 'the type of a tool is not a text';
    if (type !== undefined && !PLAIN_TOOLS.has(type)) extras.add(`tool:${type}`);
  }
  return null;
}

function collectOptions(provider: Provider, options: unknown, extras: Set<string>): string | null {
  if (provider !== 'ollama' || options === undefined || options === null) return null;
  if (!isObject(options)) return '"options" is not an object';
  for (const name of Object.keys(options)) {
    if (!PLAIN_OPTIONS.has(name)) extras.add(`options.${name}`);
  }
  return null;
}

/** The bound, null for none, or what is wrong with it. */
function maxTokensOf(provider: Provider, body: Json, extras: Set<string>): number | null | string {
  if (provider === 'ollama') {
    const wanted = isObject(body.options) ? body.options.num_predict : undefined;
    // Ollama takes -1 for "until it ends" and -2 for "until the context is full".
    return wanted === undefined || wanted === -1 || wanted === -2 ? null : checked(wanted);
  }
  const old = body.max_tokens ?? undefined;
  const newer = provider === 'openai' ? (body.max_completion_tokens ?? undefined) : undefined;
  if (old !== undefined && newer !== undefined) {
    return 'it bounds its tokens twice, with max_tokens and max_completion_tokens';
  }
  const wanted = old ?? newer;
  const most = wanted === undefined ? null : checked(wanted);
  const choices = provider === 'openai' ? (body.n ?? 1) : 1;
  if (choices === 1 || typeof most === 'string') return most;
  extras.add('n');
  const count = checked(choices);
  if (typeof count === 'string') return '"n" is not a whole number above 0';
  return most === null ? null : most * count;
}

function checked(value: unknown): number | string {
  const whole = typeof value === 'number' && Number.isSafeInteger(value);
  if (whole && value > 0 && value <= TOKENS_MAX) return value;
  return `the bound of its tokens is not a whole number from 1 to ${TOKENS_MAX}`;
}

function isNotEmpty(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(reason: string): ReadRequest {
  return { ok: false, reason };
}
