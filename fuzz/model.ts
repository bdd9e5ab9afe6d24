import { PROVIDERS, type Provider } from '../src/powers/model/config.ts';
import { modelCallOfHttp, modelKind } from '../src/powers/model/kind.ts';
import { readModelConfig, readModelNarrowing } from '../src/powers/model/texts.ts';
import { usageReader } from '../src/powers/model/usage.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

const PATHS: Readonly<Record<Provider, string>> = {
  openai: '/v1/chat/completions',
  anthropic: '/v1/messages',
  ollama: '/api/chat',
};

/** The strictest narrowing that still lets something through. */
const STRICT = readModelNarrowing(['model=m tokens=10 tools=off stream=off extras=none']);

/** What a box asks a model, and what a provider answers: both are bytes of somebody else. */
export const modelTarget: FuzzTarget = {
  name: 'model',
  seeds: [
    '{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":5,"n":2,"stream":true}',
    '{"model":"m","max_tokens":5,"system":[{"type":"text"}],"messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"url"}}]}]}],"tools":[{"type":"web_search"}]}',
    '{"model":"m","messages":[],"options":{"num_predict":5,"num_ctx":9},"stream":false}',
    'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
    'event: x\ndata: {"type":"message_start","message":{"usage":{"input_tokens":1}}}\n\n',
    '{"done":true,"prompt_eval_count":1,"eval_count":2}\n',
  ],
  words: [
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    'null',
    '-1',
    '1e9',
    '"n"',
    '"usage"',
    '"stream"',
    '\n',
  ],
  check(input) {
    return PROVIDERS.map(
      (provider) => `${asked(provider, input)}${counted(provider, input)}`,
    ).join();
  },
};

function asked(provider: Provider, input: Uint8Array): string {
  const config = readModelConfig(`${provider} extras=*`);
  const read = modelCallOfHttp(config, 'POST', PATHS[provider], input);
  if (!read.ok) return read.code;
  const { call } = read;
  holds(call.body === textOf(input), 'what was judged is what is sent');
  const plain = JSON.parse(textOf(input)) as { model: string; stream?: boolean };
  holds(plain.model === call.model, 'other readers find the same model');
  holds((plain.stream ?? provider === 'ollama') === call.stream, 'and the same stream');
  if (modelKind.permits(STRICT, call).allow) {
    holds(call.model === 'm' && !call.stream && !call.tools, 'a strict grant is kept to');
    holds(call.maxTokens !== null && call.maxTokens <= 10, 'its bound is kept to');
    holds(call.extras.length === 0, 'and nothing else is made use of');
  }
  return `ok${call.extras.length}${call.stream}${call.tools}`;
}

function counted(provider: Provider, input: Uint8Array): string {
  const kinds = ['application/json', 'text/event-stream'].map((type) => {
    const reader = usageReader(provider, type);
    const half = Math.floor(input.length / 2);
    reader.push(input.subarray(0, half));
    reader.push(input.subarray(half));
    const usage = reader.end();
    for (const count of Object.values(usage)) {
      holds(count === null || (Number.isSafeInteger(count) && count >= 0), 'a count is a count');
    }
    return `${usage.input === null}${usage.output === null}`;
  });
  return kinds.join();
}
