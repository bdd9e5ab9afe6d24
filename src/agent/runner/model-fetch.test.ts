import { describe, expect, it } from 'vitest';
import { type ModelPower, modelFetch } from './model-fetch.ts';

type Asked = { method: string; body: Readonly<Record<string, unknown>> };

function fakePower(events: readonly unknown[]): { power: ModelPower; asked: Asked[] } {
  const asked: Asked[] = [];
  const waiting = [...events];
  const power: ModelPower = {
    async complete(body) {
      asked.push({ method: 'complete', body });
      return { answer: { said: events } };
    },
    async completeStream(body) {
      asked.push({ method: 'completeStream', body });
      return {
        next: async () =>
          waiting.length === 0
            ? { done: true, event: null }
            : { done: false, event: waiting.shift() },
      };
    },
  };
  return { power, asked };
}

const ask = (provider: 'openai' | 'anthropic' | 'ollama', power: ModelPower, body: object) =>
  modelFetch(provider, power).fetch('http://model.invalid/x', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: 'Bearer none' },
  });

describe('a fetch of a model', () => {
  it('asks the power with the body alone, and gives its answer as a response', async () => {
    const { power, asked } = fakePower([1]);
    const response = await ask('openai', power, { model: 'm', messages: [] });
    expect(await response.json()).toEqual({ said: [1] });
    expect(asked).toEqual([{ method: 'complete', body: { model: 'm', messages: [] } }]);
  });

  it.each([
    ['openai', 'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n', 'text/event-stream'],
    ['anthropic', 'data: {"a":1}\n\ndata: {"b":2}\n\n', 'text/event-stream'],
    ['ollama', '{"a":1}\n{"b":2}\n', 'application/x-ndjson'],
  ] as const)('streams as %s does', async (provider, text, type) => {
    const { power } = fakePower([{ a: 1 }, { b: 2 }]);
    const response = await ask(provider, power, { stream: true });
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toBe(text);
  });

  it("says to Ollama what it knows, and nothing that only the library's words mean", async () => {
    const { power, asked } = fakePower([]);
    await ask('ollama', power, {
      ...{
        model: 'm',
        stream: true,
        max_output_tokens: 5,
        tool_choice: 'auto',
        options: { top_k: 1 },
      },
      messages: [
        { role: 'assistant', content: '', tool_calls: [{ id: 'c1', function: { name: 'look' } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'seen' },
      ],
    });
    expect(asked[0]?.body).toEqual({
      ...{ model: 'm', stream: true, options: { top_k: 1, num_predict: 5 } },
      messages: [
        { role: 'assistant', content: '', tool_calls: [{ id: 'c1', function: { name: 'look' } }] },
        { role: 'tool', tool_name: 'look', content: 'seen' },
      ],
    });
  });

  it('ends an answer that does not come to an end', async () => {
    const event = { text: 'x'.repeat(1024 ** 2) };
    const power: ModelPower = {
      complete: () => Promise.reject(new Error('not asked')),
      completeStream: async () => ({ next: async () => ({ done: false, event }) }),
    };
    const response = await ask('openai', power, { stream: true });
    await expect(response.text()).rejects.toThrow('does not come to an end');
  });

  it('keeps what the power failed with', async () => {
    const failure = new Error('[budget-spent] Nothing is left.');
    const power: ModelPower = {
      complete: () => Promise.reject(failure),
      completeStream: () => Promise.reject(failure),
    };
    const { fetch, failure: last } = modelFetch('openai', power);
    await expect(fetch('http://x', { body: '{"stream":true}' })).rejects.toBe(failure);
    expect(last()).toBe(failure);
  });
});
