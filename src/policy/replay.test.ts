import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgePower, judgeRules } from '../host/judge-policy.ts';
import type { RequestEntry, UseEntry } from '../wire/journal-entry.ts';
import type { PolicyPower } from './compartment.ts';
import { parsePolicy } from './file.ts';
import type { Policy } from './policy.ts';
import type { RecordedRow } from './recorded.ts';
import { callOfDescription } from './recorded-call.ts';
import { type Replay, replayRecord } from './replay.ts';

const use = (
  call: string,
  more: Partial<UseEntry> & { readonly time?: number } = {},
): RecordedRow => ({
  ...{ kind: 'use', guest: 'gu-1', grant: 'gr-1', chain: ['gr-1'], power: 'files', call },
  ...{ effect: 'read', verdict: 'allow', time: 5, ...more },
});

const request = (method: string, url: string, more: Partial<RequestEntry> = {}): RecordedRow => ({
  ...{ kind: 'request', box: 'bx-1', method, url, verdict: 'allow', rule: 'x', secrets: [] },
  ...{ time: 7, ...more },
});

const parts = {
  power: judgePower,
  rules: judgeRules,
  nameOf: (id: string) => (id === 'gu-1' ? 'tool' : id),
  compartmentOf: (id: string) => (id === 'gu-1' ? 'tool' : id),
};

const policyOf = (policy: unknown): Promise<Policy> =>
  parsePolicy(JSON.stringify({ version: 1, ...(policy as object) }), 'p');

async function replay(rows: readonly RecordedRow[], policy: unknown): Promise<Replay> {
  return replayRecord(rows, await policyOf(policy), parts);
}

const tool = (...powers: readonly unknown[]): unknown => ({
  compartments: { tool: { powers: Object.fromEntries(powers.map((one, at) => [`p${at}`, one])) } },
});

describe('replayRecord', () => {
  test('counts what is the same, and lists the most frequent change first', async () => {
    const rows = [
      use('readText /a', { time: 1 }),
      use('readText /a', { calls: ['readText /a', 'write /b'], time: 9 }),
      use('write /b', { time: 3 }),
      use('read /c', { verdict: 'deny', code: 'narrowing-refused' }),
      use('read /c', { verdict: 'deny', code: 'budget-spent' }),
      request('GET', 'https://a.example/x?key'),
      request('GET', 'https://a.example/?k=…', {
        verdict: 'deny',
        code: 'not-granted',
        rule: null,
      }),
      request('GET', 'http://powerbox.internal/', { rule: 'powerbox.internal' }),
    ];
    const policy = {
      powers: ['GET a.example/'],
      ...(tool({ power: 'files:/srv', only: ['ro'] }) as object),
    };
    expect(await replay(rows, policy)).toEqual({
      refused: [
        { who: 'tool', call: 'write /b', count: 2, last: 9 },
        { who: 'bx-1', call: 'GET https://a.example/x', count: 1, last: 7 },
      ],
      allowed: [
        { who: 'bx-1', call: 'GET https://a.example/', count: 1, last: 7 },
        { who: 'tool', call: 'read /c', count: 1, last: 5 },
      ],
      undecided: [],
      same: 3,
      others: 0,
    });
  });

  const chat = 'chat with "gpt-4o" at https://api.openai.com (2 messages, at most 90 tokens)';
  const web = 'POST https://a.example/x';

  test.each<[string, unknown, 'same' | 'refused' | 'undecided']>([
    [web, 'https://a.example', 'same'],
    [web, 'POST https://a.example/x with KEY', 'same'],
    [web, 'GET https://a.example/x', 'refused'],
    [web, 'POST https://b.example/x', 'refused'],
    [web, 'files:/srv', 'refused'],
    // What a body must be is not told; a method that is wrong is.
    [web, { power: 'https://a.example', only: ['POST /x body /a=1'] }, 'undecided'],
    [web, { power: 'https://a.example', only: ['PUT /x body /a=1'] }, 'refused'],
    [web, { power: 'https://a.example', only: ['POST /x query page=1'] }, 'undecided'],
    [web, { power: 'https://a.example', only: ['POST /x body /a=1', 'POST /*'] }, 'same'],
    [web, 'POST https://a.example/x request<=1K', 'undecided'],
    ['the answer of GET https://a.example/x', 'GET https://a.example/x', 'same'],
    ['GET https://a.example/x (WebSocket)', 'GET https://a.example/x', 'same'],
    // Nobody knows what a petname is for; what it is narrowed to is known.
    [web, 'api', 'undecided'],
    [web, { power: 'api', only: ['GET /x'] }, 'refused'],
    ['write /a', { power: 'repo', only: ['ro'] }, 'refused'],
    ['write /a', 'files:/srv:ro', 'refused'],
    ['write /a', { power: 'files:/srv', only: ['write /a', 'max=1'] }, 'undecided'],
    ['rename /a to "/b c"', { power: 'files:/srv', only: ['below /'] }, 'same'],
    ['rename /a to "/b c"', { power: 'files:/srv', only: ['write /**'] }, 'refused'],
    ['subdirectory /docs', { power: 'files:/srv', only: ['read /docs/**'] }, 'same'],
    [chat, 'model:openai', 'same'],
    [chat, 'model:anthropic', 'refused'],
    [chat, { power: 'model:openai', only: ['model=gpt-*'] }, 'same'],
    [chat, { power: 'model:openai', only: ['model=o3'] }, 'refused'],
    [chat, { power: 'model:openai', only: ['tokens=80'] }, 'refused'],
    [chat, { power: 'model:openai', only: ['tools=off'] }, 'undecided'],
    [chat, { power: 'model:openai', only: ['tools=off', 'model=gpt-4o'] }, 'same'],
    [chat, 'ai', 'undecided'],
    ['run git log', 'command:git', 'undecided'],
    ['GET https://a.example/…', 'https://a.example', 'undecided'],
  ])('judges %s by %j as %s', async (call, power, expected) => {
    const result = await replay([use(call)], tool(power));
    const { refused, undecided, same } = result;
    const found = same === 1 ? 'same' : refused.length === 1 ? 'refused' : 'undecided';
    expect(found).toBe(expected);
    expect(refused.length + undecided.length + same).toBe(1);
  });

  test('leaves out guests that the policy has no compartment for', async () => {
    expect(await replay([use('readText /a')], {})).toMatchObject({ others: 1, same: 0 });
    expect(await replay([use('readText /a')], tool())).toMatchObject({ others: 0 });
  });

  test('never refuses by less than it allows, whatever the rules', async () => {
    const only = fc.uniqueArray(
      fc.constantFrom('GET /x', 'POST /*', '/y', 'POST /x body /a=1', 'GET query page=1', 'PUT'),
      { minLength: 1, maxLength: 3 },
    );
    const call = fc
      .tuple(fc.constantFrom('GET', 'POST', 'PUT'), fc.constantFrom('/x', '/y', '/z'))
      .map(([method, path]) => `${method} https://a.example${path}`);
    const rank = { refuse: 0, unknown: 1, allow: 2 } as const;
    fc.assert(
      fc.property(only, only, call, (one, other, text) => {
        const recorded = callOfDescription(text);
        if (recorded === null) throw new Error(text);
        const power = (texts: readonly string[]): PolicyPower => ({
          power: 'https://a.example',
          only: texts,
          budget: [],
          approval: 'none',
        });
        const wider = [...new Set([...one, ...other])];
        const [less, more] = [power(one), power(wider)].map((each) => judgePower(each, recorded));
        expect(rank[more as keyof typeof rank]).toBeGreaterThanOrEqual(
          rank[less as keyof typeof rank],
        );
      }),
      { seed: 59, numRuns: 300 },
    );
  });
});
