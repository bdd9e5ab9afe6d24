import { describe, expect, it } from 'vitest';
import type { Provider } from './config.ts';
import { modelCallOfHttp, modelKind } from './kind.ts';
import { MESSAGES_MAX, REQUEST_BYTES_MAX, TOKENS_MAX } from './limits.ts';
import { readModelConfig, readModelNarrowing } from './texts.ts';

const PATHS = { openai: '/v1/chat/completions', anthropic: '/v1/messages', ollama: '/api/chat' };
const messages = [{ role: 'user', content: 'hello' }];

function ask(provider: Provider, body: unknown, extras = '') {
  const config = readModelConfig(`${provider}${extras === '' ? '' : ` extras=${extras}`}`);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return modelCallOfHttp(config, 'POST', PATHS[provider], new TextEncoder().encode(text));
}

describe('modelCallOfHttp()', () => {
  it.each([
    ['openai', { max_tokens: 5 }, { maxTokens: 5, stream: false }],
    ['openai', { max_completion_tokens: 5, stream: true }, { maxTokens: 5, stream: true }],
    ['openai', { n: 1 }, { maxTokens: null, extras: [] }],
    ['openai', { tools: [], functions: [{}] }, { tools: true }],
    ['anthropic', { max_tokens: 5, system: 'x' }, { maxTokens: 5, tools: false }],
    ['anthropic', { max_tokens: 5, tools: [{ name: 'f' }] }, { tools: true, extras: [] }],
    ['ollama', {}, { maxTokens: null, stream: true }],
    ['ollama', { stream: false, options: { num_predict: 5 } }, { maxTokens: 5, stream: false }],
    ['ollama', { options: { num_predict: -1 } }, { maxTokens: null }],
  ] as const)('reads the facts of %s %j', (provider, more, facts) => {
    const read = ask(provider, { model: 'm', messages, ...more });
    expect(read).toMatchObject({ ok: true, call: { model: 'm', messages: 1, ...facts } });
  });

  it.each([
    ['openai', { service_tier: 'flex' }, 'service_tier'],
    ['openai', { n: 3, max_tokens: 5 }, 'n'],
    ['openai', { web_search_options: {} }, 'web_search_options'],
    ['openai', { Model: 'other' }, 'Model'],
    ['openai', { models: ['a'] }, 'models'],
    ['openai', { tools: [{ type: 'web_search' }] }, 'tool:web_search'],
    ['openai', { messages: [{ role: 'user', content: 'x', audio: {} }] }, 'message.audio'],
    ['openai', { messages: [of('image_url', { image_url: { url: 'data:x' } })] }, 'part:image_url'],
    [
      'openai',
      { messages: [of('image_url', { image_url: { url: 'https://x/' } })] },
      'part:image_url:url',
    ],
    ['anthropic', { mcp_servers: [] }, 'mcp_servers'],
    ['anthropic', { container: 'x' }, 'container'],
    ['anthropic', { tools: [{ type: 'web_search_20250305' }] }, 'tool:web_search_20250305'],
    ['anthropic', { system: [{ type: 'document', source: { type: 'url' } }] }, 'part:document:url'],
    [
      'anthropic',
      {
        messages: [of('tool_result', { content: [{ type: 'image', source: { type: 'base64' } }] })],
      },
      'part:image',
    ],
    ['ollama', { keep_alive: -1 }, 'keep_alive'],
    ['ollama', { options: { num_ctx: 1e6 } }, 'options.num_ctx'],
    ['ollama', { messages: [{ role: 'user', content: 'x', images: [] }] }, 'message.images'],
  ] as const)('refuses %s %j unless the power gives %s', (provider, more, extra) => {
    const body = { model: 'm', messages, ...more };
    const refused = ask(provider, body);
    expect(refused).toMatchObject({ ok: false, code: 'model-refused' });
    expect(ask(provider, body, extra)).toMatchObject({ ok: true, call: { extras: [extra] } });
  });

  it.each([
    ['openai', '{"model":"a","model":"b","messages":[]}', 'body-unreadable'],
    ['openai', '{"model":"a","messages":[]}x', 'body-unreadable'],
    ['openai', '{"model":"\\ud800","messages":[]}', 'body-unreadable'],
    ['openai', `${'['.repeat(100)}`, 'body-unreadable'],
    ['openai', '[]', 'call-invalid'],
    ['openai', { messages }, 'call-invalid'],
    ['openai', { model: '', messages }, 'call-invalid'],
    ['openai', { model: 'a b', messages }, 'call-invalid'],
    ['openai', { model: 'm'.repeat(257), messages }, 'call-invalid'],
    ['openai', { model: 'm' }, 'call-invalid'],
    ['openai', { model: 'm', messages: ['x'] }, 'call-invalid'],
    ['openai', { model: 'm', messages: Array(MESSAGES_MAX + 1).fill({}) }, 'call-invalid'],
    ['openai', { model: 'm', messages: [{ content: [{}] }] }, 'call-invalid'],
    ['openai', { model: 'm', messages: [{ content: {} }] }, 'call-invalid'],
    ['openai', { model: 'm', messages, stream: 1 }, 'call-invalid'],
    ['openai', { model: 'm', messages, tools: {} }, 'call-invalid'],
    ['openai', { model: 'm', messages, tools: [{ type: 1 }] }, 'call-invalid'],
    ['openai', { model: 'm', messages, max_tokens: 1, max_completion_tokens: 9 }, 'call-invalid'],
    ['openai', { model: 'm', messages, max_tokens: 1.5 }, 'call-invalid'],
    ['openai', { model: 'm', messages, max_tokens: '5' }, 'call-invalid'],
    ['openai', { model: 'm', messages, max_tokens: TOKENS_MAX + 1 }, 'call-invalid'],
    ['openai', { model: 'm', messages, n: 0 }, 'call-invalid'],
    ['ollama', { model: 'm', messages, options: [] }, 'call-invalid'],
    ['ollama', { model: 'm', messages, options: { num_predict: 0 } }, 'call-invalid'],
  ] as const)('refuses %s %j', (provider, body, code) => {
    expect(ask(provider, body, '*')).toMatchObject({ ok: false, code });
  });

  it('bounds all choices of an answer together', () => {
    const body = { model: 'm', messages, max_tokens: 5, n: 3 };
    expect(ask('openai', body, 'n')).toMatchObject({ ok: true, call: { maxTokens: 15 } });
  });

  it('knows one method and one path, and of queries only the provider\u2019s own', () => {
    const config = readModelConfig('anthropic');
    const body = new TextEncoder().encode(JSON.stringify({ model: 'm', messages, max_tokens: 1 }));
    const ok = (method: string, path: string) => modelCallOfHttp(config, method, path, body).ok;
    expect(ok('POST', '/v1/messages')).toBe(true);
    expect(ok('POST', '/v1/messages?beta=true')).toBe(true);
    for (const path of ['/v1/messages/', '/v1/messages?x=1', '/v1/messages/batches', '/messages']) {
      expect(ok('POST', path)).toBe(false);
    }
    expect(ok('GET', '/v1/messages')).toBe(false);
  });

  it('refuses bytes that are no text, or too many', () => {
    const config = readModelConfig('openai');
    const of = (body: Uint8Array) => modelCallOfHttp(config, 'POST', PATHS.openai, body);
    expect(of(new Uint8Array([0xff]))).toMatchObject({ ok: false, code: 'body-unreadable' });
    expect(of(new Uint8Array(REQUEST_BYTES_MAX + 1))).toMatchObject({ code: 'call-invalid' });
  });
});

describe('modelKind', () => {
  it.each([
    ['model=gpt-4o', true],
    ['model=gpt-*', true],
    ['model=gpt-4', false],
    ['tokens=10', true],
    ['tokens=9', false],
    ['tools=off', false],
    ['tools=on', true],
    ['stream=off', true],
    ['messages=1', true],
    ['messages=0', false],
    ['bytes=1K', true],
    ['bytes=10', false],
    ['extras=none', false],
    ['extras=n', true],
    ['any', true],
  ])('permits a call under --only %s: %s', (only, allowed) => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const read = ask('openai', { model: 'gpt-4o', messages, max_tokens: 5, n: 2, tools }, 'n');
    if (!read.ok) throw new Error(read.reason);
    expect(modelKind.permits(readModelNarrowing([only]), read.call).allow).toBe(allowed);
  });

  it('wants a bound where the grant has one', () => {
    const read = ask('openai', { model: 'm', messages });
    if (!read.ok) throw new Error(read.reason);
    expect(modelKind.permits(readModelNarrowing(['tokens=1000000']), read.call)).toMatchObject({
      allow: false,
      reason: expect.stringContaining('must bound'),
    });
  });

  it('concerns one place only', () => {
    const read = ask('openai', { model: 'm', messages });
    if (!read.ok) throw new Error(read.reason);
    expect(modelKind.concerns(readModelConfig('openai'), read.call)).toBe(true);
    for (const other of [
      'anthropic',
      'openai https://example.com/v1',
      'openai https://api.openai.com',
    ]) {
      expect(modelKind.concerns(readModelConfig(other), read.call)).toBe(false);
    }
  });
});

function of(type: string, fields: object): { role: string; content: readonly object[] } {
  return { role: 'user', content: [{ type, ...fields }] };
}
