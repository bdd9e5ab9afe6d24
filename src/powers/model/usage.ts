import type { Provider } from './config.ts';
import { eventReader } from './events.ts';
import { RESPONSE_BYTES_MAX } from './limits.ts';

/** Tokens as the provider counts them; null is what it has not said. */
export interface ProviderUsage {
  /** Read anew, without what came from or went to a cache. */
  readonly input: number | null;
  /** Of the input, what was read from a cache, and what was written to one. */
  readonly cached: number;
  readonly stored: number;
  readonly output: number | null;
}

/** Finds the usage in an answer, whole or streamed, while its bytes pass by. */
export interface UsageReader {
  push(bytes: Uint8Array): void;
  /** Call it once, after the last byte or where the answer was cut. */
  end(): ProviderUsage;
}

const NOTHING: ProviderUsage = { input: null, cached: 0, stored: 0, output: null };

/** `contentType` is the answer's own; a streamed answer is recognized by it. */
export function usageReader(provider: Provider, contentType: string): UsageReader {
  const streams = /^(text\/event-stream|application\/x-ndjson)\b/i.test(contentType.trim());
  return streams ? ofStream(provider) : ofWhole(provider);
}

function ofStream(provider: Provider): UsageReader {
  const events = eventReader(provider);
  const counter = usageCounter(provider);
  return {
    push: (bytes) => events.push(bytes).forEach(counter.take),
    end() {
      events.end().forEach(counter.take);
      return counter.usage();
    },
  };
}

function ofWhole(provider: Provider): UsageReader {
  const decoder = new TextDecoder('utf-8');
  let text = '';
  let length = 0;
  return {
    push(bytes) {
      length += bytes.length;
      if (length <= RESPONSE_BYTES_MAX) text += decoder.decode(bytes, { stream: true });
    },
    end() {
      if (length > RESPONSE_BYTES_MAX) return NOTHING;
      try {
        return usageOf(provider, JSON.parse(text + decoder.decode()));
      } catch {
        return NOTHING;
      }
    },
  };
}

/** The usage in an answer that came whole. */
export function usageOf(provider: Provider, answer: unknown): ProviderUsage {
  return provider === 'ollama' ? ollamaUsage(answer) : usageIn(provider, field(answer, 'usage'));
}

/** Gathers the usage of a stream from its events. */
export function usageCounter(provider: Provider): {
  take(event: unknown): void;
  usage(): ProviderUsage;
} {
  let usage = NOTHING;
  let whole = false;
  return {
    take(event) {
      if (provider === 'ollama') {
        if (field(event, 'done') === true) usage = ollamaUsage(event);
        whole = true;
        return;
      }
      if (provider === 'anthropic') {
        const type = field(event, 'type');
        const found = type === 'message_start' ? field(event, 'message') : event;
        usage = merged(usage, usageIn(provider, field(found, 'usage')));
        // What stands at the start is the input; the output is told at the end only.
        whole ||= type === 'message_delta' && field(event, 'usage') !== undefined;
        return;
      }
      // The last event but one has it, without choices; some services count in each event.
      usage = merged(usage, usageIn(provider, field(event, 'usage')));
      whole ||= event === null || lastChoice(event);
    },
    usage: () => (whole ? usage : { ...usage, output: null }),
  };
}

function lastChoice(event: unknown): boolean {
  const choices = field(event, 'choices');
  return Array.isArray(choices) && choices.length === 0 && field(event, 'usage') !== undefined;
}

function usageIn(provider: Provider, usage: unknown): ProviderUsage {
  if (provider === 'anthropic') {
    return {
      input: count(field(usage, 'input_tokens')),
      cached: count(field(usage, 'cache_read_input_tokens')) ?? 0,
      stored: count(field(usage, 'cache_creation_input_tokens')) ?? 0,
      output: count(field(usage, 'output_tokens')),
    };
  }
  const cached = count(field(field(usage, 'prompt_tokens_details'), 'cached_tokens')) ?? 0;
  const input = count(field(usage, 'prompt_tokens'));
  const fresh = input === null ? null : Math.max(0, input - cached);
  return { input: fresh, cached, stored: 0, output: count(field(usage, 'completion_tokens')) };
}

/** Ollama leaves the count of the input out when all of it was in its cache. */
function ollamaUsage(answer: unknown): ProviderUsage {
  const output = count(field(answer, 'eval_count'));
  const input = count(field(answer, 'prompt_eval_count'));
  return { input: input ?? (output === null ? null : 0), cached: 0, stored: 0, output };
}

/** Counts in a stream only grow. */
function merged(a: ProviderUsage, b: ProviderUsage): ProviderUsage {
  return {
    input: larger(a.input, b.input),
    cached: Math.max(a.cached, b.cached),
    stored: Math.max(a.stored, b.stored),
    output: larger(a.output, b.output),
  };
}

function larger(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
