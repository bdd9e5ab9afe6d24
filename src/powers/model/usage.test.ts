import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Provider } from './config.ts';
import { EVENT_BYTES_MAX, RESPONSE_BYTES_MAX } from './limits.ts';
import { usageReader } from './usage.ts';

const sse = (...events: readonly unknown[]): string =>
  events
    .map((one) => `event: x\ndata: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`)
    .join('');
const SSE = 'text/event-stream; charset=utf-8';
const LINES = 'application/x-ndjson';

const ANSWERS: readonly (readonly [Provider, string, string, object])[] = [
  [
    'openai',
    'application/json',
    JSON.stringify({
      usage: {
        prompt_tokens: 9,
        completion_tokens: 4,
        prompt_tokens_details: { cached_tokens: 2 },
      },
    }),
    { input: 7, cached: 2, stored: 0, output: 4 },
  ],
  [
    'openai',
    SSE,
    sse(
      { choices: [{ delta: { content: 'é' } }], usage: null },
      { choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } },
      '[DONE]',
    ),
    { input: 9, cached: 0, stored: 0, output: 4 },
  ],
  [
    'anthropic',
    'application/json',
    JSON.stringify({
      usage: {
        input_tokens: 5,
        cache_read_input_tokens: 3,
        cache_creation_input_tokens: 2,
        output_tokens: 8,
      },
    }),
    { input: 5, cached: 3, stored: 2, output: 8 },
  ],
  [
    'anthropic',
    SSE,
    sse(
      { type: 'message_start', message: { usage: { input_tokens: 5, output_tokens: 1 } } },
      { type: 'content_block_delta', delta: { text: 'x' } },
      { type: 'message_delta', usage: { output_tokens: 8 } },
      { type: 'message_stop' },
    ),
    { input: 5, cached: 0, stored: 0, output: 8 },
  ],
  [
    'ollama',
    'application/json',
    JSON.stringify({ done: true, prompt_eval_count: 6, eval_count: 3 }),
    { input: 6, cached: 0, stored: 0, output: 3 },
  ],
  [
    'ollama',
    LINES,
    `${JSON.stringify({ message: { content: 'x' }, done: false })}\n${JSON.stringify({ done: true, prompt_eval_count: 6, eval_count: 3 })}\n`,
    { input: 6, cached: 0, stored: 0, output: 3 },
  ],
];

function read(provider: Provider, type: string, text: string, cuts: readonly number[] = []) {
  const bytes = new TextEncoder().encode(text);
  const reader = usageReader(provider, type);
  let from = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    reader.push(bytes.subarray(from, cut));
    from = Math.max(from, cut);
  }
  return reader.end();
}

describe.each(ANSWERS)('usageReader() of %s, %s', (provider, type, text, expected) => {
  it('finds the usage, wherever the answer is split', () => {
    expect(read(provider, type, text)).toEqual(expected);
    const length = new TextEncoder().encode(text).length;
    fc.assert(
      fc.property(fc.array(fc.nat(length)), (cuts) => {
        expect(read(provider, type, text, cuts)).toEqual(expected);
      }),
    );
  });

  it('never takes what a cut answer has not said for its end', () => {
    const bytes = new TextEncoder().encode(text);
    for (let length = 0; length < bytes.length - 2; length += 1) {
      const { output } = read(provider, type, new TextDecoder().decode(bytes.subarray(0, length)));
      expect([null, (expected as { output: number }).output]).toContain(output);
    }
    expect(read(provider, type, '')).toMatchObject({ input: null, output: null });
  });
});

describe('usageReader()', () => {
  it.each([-1, 1.5, '7', 2 ** 60, null])('takes %j for no count', (count) => {
    const text = JSON.stringify({ usage: { prompt_tokens: count, completion_tokens: 1 } });
    expect(read('openai', 'application/json', text)).toMatchObject({ input: null, output: 1 });
  });

  it('counts nothing of an answer beyond its limit, and skips events beyond theirs', () => {
    const long = ' '.repeat(RESPONSE_BYTES_MAX);
    const whole = `{"usage":{"prompt_tokens":1,"completion_tokens":1}}${long}`;
    expect(read('openai', 'application/json', whole).input).toBeNull();
    const last = sse({ choices: [], usage: { prompt_tokens: 2, completion_tokens: 3 } }, '[DONE]');
    const flood = `data: ${'x'.repeat(EVENT_BYTES_MAX)}\n\n${last}`;
    const cuts = [1000, EVENT_BYTES_MAX, EVENT_BYTES_MAX + 3];
    expect(read('openai', SSE, flood, cuts)).toMatchObject({ input: 2, output: 3 });
  });
});
