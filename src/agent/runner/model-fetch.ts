import { ANSWER_CHARS_MAX, ANSWER_EVENTS_MAX } from '../limits.ts';

/** The model power as the runner holds it; everything that leaves goes through it. */
export interface ModelPower {
  complete(body: Json): PromiseLike<{ readonly answer: unknown }>;
  completeStream(body: Json): PromiseLike<ModelStream>;
}

export interface ModelStream extends Partial<Disposable> {
  next(): PromiseLike<{ readonly done: boolean; readonly event: unknown }>;
}

export interface ModelFetch {
  readonly fetch: typeof globalThis.fetch;
  /** What the power last failed with: libraries put words of their own in its place. */
  failure(): unknown;
}

type Json = Readonly<Record<string, unknown>>;
type Provider = 'openai' | 'anthropic' | 'ollama';

/**
 * A `fetch` for the library of a provider. It sends nothing itself: the body of the request is
 * what the guest's power is asked with, and the answer of that is made into a response. Whatever
 * address and key the library wrote is not looked at.
 */
export function modelFetch(provider: Provider, power: ModelPower): ModelFetch {
  const failures: { last?: unknown } = {};
  const noted = async <T>(work: PromiseLike<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      failures.last = error;
      throw error;
    }
  };
  return {
    failure: () => failures.last,
    async fetch(_url, init) {
      const { body, signal } = init ?? {};
      if (typeof body !== 'string') throw new Error('Cannot ask the model: the body is no text.');
      signal?.throwIfAborted();
      const asked = fitted(provider, JSON.parse(body) as Json);
      if (asked.stream !== true) {
        const { answer } = await noted(power.complete(asked));
        return Response.json(answer);
      }
      const stream = await noted(power.completeStream(asked));
      const type = provider === 'ollama' ? 'application/x-ndjson' : 'text/event-stream';
      const text = textOf(provider, stream, () => noted(stream.next()));
      return new Response(text, { headers: { 'content-type': type } });
    },
  };
}

/**
 * The library for Ollama writes three words that Ollama itself does not know; it takes the bound of
 * an answer as an option, and the name of a tool in place of the number of its call.
 */
function fitted(provider: Provider, body: Json): Json {
  if (provider !== 'ollama') return body;
  const { max_output_tokens: tokens, tool_choice: _, options, messages, ...rest } = body;
  const given = typeof options === 'object' && options !== null ? options : {};
  return {
    ...rest,
    messages: Array.isArray(messages) ? namedResults(messages as readonly Json[]) : messages,
    options: tokens === undefined ? given : { ...given, num_predict: tokens },
  };
}

function namedResults(messages: readonly Json[]): readonly Json[] {
  const names = new Map<unknown, unknown>();
  for (const { tool_calls: calls } of messages) {
    if (!Array.isArray(calls)) continue;
    for (const { id, function: called } of calls) names.set(id, called?.name);
  }
  return messages.map(({ tool_call_id: id, ...message }) =>
    id === undefined ? message : { ...message, tool_name: names.get(id) ?? 'tool' },
  );
}

/** Reads no event ahead of the library, and no more of them than an answer can have. */
function textOf(
  provider: Provider,
  stream: ModelStream,
  next: ModelStream['next'],
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let events = 0;
  let chars = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, event } = await next();
        if (done) {
          if (provider === 'openai') controller.enqueue(encoder.encode('data: [DONE]\n\n'));
          controller.close();
          stream[Symbol.dispose]?.();
          return;
        }
        const text = eventText(provider, event);
        events += 1;
        chars += text.length;
        if (events > ANSWER_EVENTS_MAX || chars > ANSWER_CHARS_MAX) {
          stream[Symbol.dispose]?.();
          throw new Error('Cannot read the answer of the model: it does not come to an end.');
        }
        controller.enqueue(encoder.encode(text));
      },
      cancel: () => stream[Symbol.dispose]?.(),
    },
    { highWaterMark: 0 },
  );
}

function eventText(provider: Provider, event: unknown): string {
  const data = JSON.stringify(event);
  return provider === 'ollama' ? `${data}\n` : `data: ${data}\n\n`;
}
