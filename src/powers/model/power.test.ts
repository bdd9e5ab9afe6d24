import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optional, someOf, testNarrowingLaws } from '../../../test/support/narrowing-laws.ts';
import { WILDCARD_CHARS_MAX } from '../words/limits.ts';
import type { ModelCall, ModelRule } from './kind.ts';
import { REQUEST_BYTES_MAX, TOKENS_DEFAULT } from './limits.ts';
import { modelPower } from './power.ts';

const config = modelPower.readConfig('openai credential=KEY extras=n,service_tier,part:*');
const callOf = (method: string, argument: unknown, of = config): ModelCall =>
  modelPower.callOf(of, { facet: 'root', at: null, method, args: [argument] });
const hello = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] };

const rule: fc.Arbitrary<ModelRule> = fc.record({
  models: optional(someOf('gpt-4o', 'gpt-4o-*', 'o*', '*')),
  tokens: optional(fc.constantFrom(0, 10, 1000)),
  tools: optional(fc.boolean()),
  stream: optional(fc.boolean()),
  messages: optional(fc.nat(3)),
  bytes: optional(fc.constantFrom(0, 100, 10_000)),
  extras: optional(fc.oneof(fc.constant([]), someOf('n', 'service_*', 'part:image_url'))),
});
const call: fc.Arbitrary<ModelCall> = fc
  .record({
    method: fc.constantFrom('complete', 'completeStream'),
    model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'o3'),
    messages: fc.array(fc.constant({ role: 'user', content: 'hello' }), { maxLength: 3 }),
    more: fc.constantFrom(
      {},
      { max_tokens: 10 },
      { max_completion_tokens: 1000 },
      { max_tokens: 10, n: 2 },
      { tools: [{ type: 'function', function: { name: 'f' } }] },
      { service_tier: 'flex' },
    ),
  })
  .map(({ method, model, messages, more }) => callOf(method, { model, messages, ...more }));

describe('the kind model', () => {
  testNarrowingLaws(modelPower, { config, rule, call });

  it.each([
    ['openai', 'openai https://api.openai.com/v1'],
    ['openai credential=KEY', 'openai https://api.openai.com/v1 credential=KEY'],
    ['anthropic credential=KEY', 'anthropic https://api.anthropic.com/v1 credential=KEY'],
    ['ollama', 'ollama http://127.0.0.1:11434/api'],
    ['openai https://Example.com:8443/openai/v1/', 'openai https://example.com:8443/openai/v1'],
    [
      'openai http://127.0.0.1:1 credential=K price=a:b:2.5:10,c*:0:0.15 extras=n',
      'openai http://127.0.0.1:1 credential=K price=a:b:2.5:10,c*:0:0.15 extras=n',
    ],
  ])('reads the power %s', (text, written) => {
    const read = modelPower.readConfig(text);
    expect(modelPower.config.parse(read)).toEqual(read);
    expect(modelPower.describeConfig(read)).toBe(`model:${written}`);
    expect(modelPower.readConfig(written)).toEqual(read);
  });

  it('reads prices in dollars for a million tokens', () => {
    const { prices } = modelPower.readConfig('openai price=gpt-4o:2.5:10');
    expect(prices).toEqual([{ model: 'gpt-4o', input: 2_500_000, output: 10_000_000 }]);
  });

  it.each([
    'mistral',
    'openai ftp://x',
    'openai https://user@example.com/v1',
    'openai https://example.com/v1?x=1',
    'openai https://example.com/a%2fb',
    'openai http://example.com/v1 credential=KEY',
    'openai credential=not-a-name',
    'openai price=gpt-4o:1',
    'openai price=gpt-4o:1:2000',
    'openai other=1',
  ])('refuses the power %s', (text) => {
    expect(() => modelPower.readConfig(text)).toThrow(
      expect.objectContaining({ code: 'power-invalid' }),
    );
  });

  it('keeps patterns short', () => {
    const rule = (pattern: string) => [
      { ...modelPower.readNarrowing(['any'], config)[0], models: [pattern] },
    ];
    const longest = 'x'.repeat(WILDCARD_CHARS_MAX);
    expect(modelPower.narrowing.safeParse(rule(longest)).success).toBe(true);
    expect(modelPower.narrowing.safeParse(rule(`${longest}x`)).success).toBe(false);
    for (const bad of [`model=${longest}x`, 'model=""', 'extras=""']) {
      expect(() => modelPower.readNarrowing([bad], config)).toThrow(
        expect.objectContaining({ code: 'narrowing-invalid' }),
      );
    }
  });

  it('refuses a stored config whose key would leave in the clear', () => {
    const clear = { ...config, origin: 'http://example.com' };
    expect(modelPower.config.safeParse(clear).success).toBe(false);
    expect(modelPower.config.safeParse({ ...clear, credential: null }).success).toBe(true);
    expect(modelPower.config.safeParse({ ...config, origin: 'https://a.b/c' }).success).toBe(false);
  });

  it('asks all providers the same with chat', () => {
    const request = {
      ...hello,
      maxTokens: 7,
      tools: [{ name: 'f', description: 'd', parameters: { type: 'object' } }],
    };
    for (const provider of ['openai', 'anthropic', 'ollama']) {
      const of = modelPower.readConfig(provider);
      const asked = callOf('chat', request, of);
      expect(asked).toMatchObject({ model: 'gpt-4o', maxTokens: 7, tools: true, stream: false });
      expect(asked.extras).toEqual([]);
      expect(callOf('stream', request, of).stream).toBe(true);
    }
  });

  it('bounds an answer by the name that the service knows', () => {
    const own = JSON.parse(callOf('chat', hello).body ?? '');
    expect(own).toMatchObject({ max_completion_tokens: TOKENS_DEFAULT });
    const other = modelPower.readConfig('openai https://models.example.com/v1');
    expect(JSON.parse(callOf('chat', hello, other).body ?? '')).toMatchObject({
      max_tokens: TOKENS_DEFAULT,
    });
  });

  it('describes a call in one line without its words', () => {
    expect(modelPower.describe(callOf('chat', { ...hello, maxTokens: 5 }))).toBe(
      'chat with "gpt-4o" at https://api.openai.com (1 message, at most 5 tokens)',
    );
  });

  it('has streams of the first dialect counted, whatever the body says', () => {
    const body = { ...hello, stream_options: { include_usage: false, other: 1 } };
    const asked = callOf('completeStream', body);
    expect(JSON.parse(asked.body ?? '').stream_options).toEqual({ include_usage: true, other: 1 });
  });

  it('refuses what the method does not do, and bodies that are no data', () => {
    const circle: Record<string, unknown> = { ...hello };
    circle.self = circle;
    for (const [method, argument] of [
      ['complete', { ...hello, stream: true }],
      ['completeStream', { ...hello, stream: false }],
      ['complete', 'text'],
      ['complete', circle],
      ['complete', { ...hello, seed: 1n }],
      ['chat', { ...hello, service_tier: 'flex' }],
      ['chat', { ...hello, maxTokens: 0 }],
      ['chat', { ...hello, messages: [] }],
      ['complete', { ...hello, seed: 'x'.repeat(REQUEST_BYTES_MAX) }],
      ['embed', hello],
    ] as const) {
      expect(() => callOf(method, argument)).toThrow(
        expect.objectContaining({ code: 'call-invalid' }),
      );
    }
  });

  it('judges reading on as it judged the asking, which changes nothing any more', () => {
    const asked = callOf('stream', hello);
    const next = modelPower.callOf(config, {
      facet: 'stream',
      at: { ...asked, body: null },
      method: 'next',
      args: [],
    });
    expect(modelPower.effect(asked)).toBe('write');
    expect(modelPower.effect(next)).toBe('read');
    const off = modelPower.readNarrowing(['stream=off'], config);
    expect(modelPower.permits(off, next)).toMatchObject({ allow: false, code: 'model-refused' });
    expect(modelPower.describe(next)).not.toContain('hello');
  });
});
