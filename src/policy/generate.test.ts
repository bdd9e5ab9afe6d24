import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgePower, judgeRules } from '../host/judge-policy.ts';
import type { RequestEntry, UseEntry } from '../wire/journal-entry.ts';
import { lacksOfBox, lacksOfCompartment } from './check-needs.ts';
import { type CompartmentPolicy, compartmentOf } from './compartment.ts';
import { diffPolicy } from './diff.ts';
import { writeDraft } from './draft.ts';
import { parsePolicy } from './file.ts';
import { generalisePaths } from './generalise.ts';
import { generateBox, generateCompartment } from './generate.ts';
import { NAMES_LEARNED_MAX, ONLY_TEXTS_MAX } from './limits.ts';
import type { HttpNeed, Need, Needs, UseNeed } from './needs.ts';
import { compilePathPattern, matchPath } from './path-pattern.ts';
import type { Policy } from './policy.ts';
import { needsOfRecord, type RecordedRow, recordedCalls } from './recorded.ts';

const ORIGINS = ['https://a.example', 'https://b.example', 'http://127.0.0.1:8080'];
const PATHS = ['/', '/x', '/x/', '/v1/items/1', '/v1/items/2', '/a%2Fb', '/x/y/z'];
const METHODS = ['GET', 'POST', 'DELETE', 'HEAD'];
const FILES = ['/docs/a.md', '/docs/b.md', '/out', '/x y'];
const FILE_METHODS = ['readText', 'list', 'write', 'remove', 'makeDirectory'];

const request = fc
  .tuple(fc.constantFrom(...METHODS), fc.constantFrom(...ORIGINS), fc.constantFrom(...PATHS))
  .map(([method, origin, path]) => `${method} ${origin}${path}`);
const onFile = fc
  .tuple(fc.constantFrom(...FILE_METHODS), fc.constantFrom(...FILES))
  .map(([method, path]) => `${method} ${/ /.test(path) ? JSON.stringify(path) : path}`);
const toModel = fc
  .constantFrom('gpt-4o', 'o3', 'a b')
  .map((name) => `chat with "${name}" at https://api.openai.com (2 messages, at most 9 tokens)`);

const POWERS: Readonly<Record<string, string>> = {
  'gr-files': 'files:/srv/repo',
  'gr-model': 'model:openai https://api.openai.com/v1',
};

const grantOf = (call: string): string =>
  call.startsWith('chat') ? 'gr-model' : /^[a-z]/.test(call) ? 'gr-files' : 'gr-http';

function useRow(call: string): RecordedRow {
  const grant = grantOf(call);
  const row: UseEntry = {
    kind: 'use',
    guest: 'gu-1',
    grant,
    chain: [grant],
    power: 'http',
    call,
    effect: 'write',
    verdict: 'allow',
  };
  return { ...row, time: 1 };
}

function requestRow(call: string): RecordedRow {
  const [method = '', url = ''] = call.split(' ');
  const row: RequestEntry = {
    kind: 'request',
    box: 'bx-1',
    method,
    url: `${url}?key`,
    verdict: 'allow',
    rule: 'x',
    secrets: ['TOKEN'],
  };
  return { ...row, time: 1 };
}

const recorded = (rows: readonly RecordedRow[]): Needs =>
  needsOfRecord(rows, (grant) => POWERS[grant] ?? null);

async function compartmentFor(needs: Needs): Promise<CompartmentPolicy> {
  const { draft } = generateCompartment(needs);
  const text = writeDraft({ version: 1, compartments: { a: draft } });
  const policy = await parsePolicy(text, 'generated');
  // The order in which things were seen is no part of a policy.
  const turned = { ...needs, found: needs.found.toReversed() };
  const again = { version: 1, compartments: { a: generateCompartment(turned).draft } } as const;
  expect(writeDraft(again)).toBe(text);
  return compartmentOf(policy.compartments, 'a') as CompartmentPolicy;
}

async function boxFor(needs: Needs): Promise<Policy> {
  const { draft } = generateBox(needs);
  return parsePolicy(writeDraft({ version: 1, ...draft }), 'generated');
}

function allows(policy: CompartmentPolicy, call: string): boolean {
  const [one] = recordedCalls(useRow(call));
  if (!one?.call) throw new Error(`${call} cannot be judged`);
  const { call: judged } = one;
  return Object.values(policy.powers).some((power) => judgePower(power, judged) === 'allow');
}

/** HEAD is given with GET, and to see a name in a place is to read it. */
function isImplied(call: string, seen: readonly string[]): boolean {
  if (call.startsWith('HEAD ')) return seen.includes(call.replace('HEAD', 'GET'));
  const reads = /^(?:readText|list) (.*)$/.exec(call)?.[1];
  const writes = /^(?:write|remove|makeDirectory) (.*)$/.exec(call)?.[1];
  const others = reads !== undefined ? ['readText', 'list'] : ['write', 'remove', 'makeDirectory'];
  return others.some((method) => seen.includes(`${method} ${reads ?? writes}`));
}

describe('a policy from the record', () => {
  test('allows all that was used, and nothing that was not', async () => {
    const some = fc.uniqueArray(fc.oneof(request, onFile, toModel), { maxLength: 12 });
    const other = fc.oneof(request, onFile, toModel);
    await fc.assert(
      fc.asyncProperty(some, other, async (seen, call) => {
        const needs = recorded(seen.map(useRow));
        const policy = await compartmentFor(needs);
        for (const one of seen) expect(allows(policy, one), one).toBe(true);
        const expected = seen.includes(call) || isImplied(call, seen);
        expect(allows(policy, call), call).toBe(expected);
        expect(lacksOfCompartment(needs, policy, judgePower).lacks).toEqual([]);
      }),
      { seed: 53, numRuns: 150 },
    );
  });

  test('does so for the box of a process', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(request, { maxLength: 12 }), request, async (seen, call) => {
        const needs = recorded(seen.map(requestRow));
        const policy = await boxFor(needs);
        const judged = (one: string): boolean =>
          recordedCalls(requestRow(one)).every(
            (each) => each.call && judgeRules(policy, each.call),
          );
        for (const one of seen) expect(judged(one), one).toBe(true);
        expect(judged(call), call).toBe(seen.includes(call) || isImplied(call, seen));
        expect(policy.secrets).toEqual(seen.length === 0 ? [] : ['TOKEN']);
        expect(lacksOfBox(needs, policy, judgeRules).lacks).toEqual([]);
      }),
      { seed: 54, numRuns: 150 },
    );
  });

  test('gives nothing for what was refused or is not told in full, and says so', () => {
    const denied = { ...useRow('GET https://a.example/x'), verdict: 'deny' } as RecordedRow;
    expect(recorded([denied])).toEqual({ found: [], notes: [] });
    for (const call of [
      'run git log --oneline',
      `GET https://a.example/${'x'.repeat(200)}…`,
      'GET https://a.example/a*b',
      'GET https://a.example//b',
      'write /a*',
    ]) {
      const { found, notes } = recorded([useRow(call)]);
      expect(found, call).toEqual([]);
      expect(notes, call).toHaveLength(1);
    }
    const own = { ...requestRow('GET http://powerbox.internal/'), rule: 'powerbox.internal' };
    expect(recorded([own as RecordedRow])).toEqual({ found: [], notes: [] });
  });
});

describe('generalisePaths', () => {
  const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => `/v1/${at}x/y`);

  test('keeps names until there are many, and then only in their one place', () => {
    expect(generalisePaths(ids(NAMES_LEARNED_MAX))).toEqual(ids(NAMES_LEARNED_MAX).sort());
    expect(generalisePaths(ids(NAMES_LEARNED_MAX + 1))).toEqual(['/v1/*/y']);
    expect(generalisePaths([...ids(20), '/v1/a/z', '/'])).toEqual(['/', '/v1/*/y', '/v1/a/z']);
  });

  test('covers every path, in any order, and no path of another length', () => {
    const segment = fc.constantFrom(...'abcdefghijkl'.split(''));
    const path = fc
      .array(segment, { minLength: 1, maxLength: 3 })
      .map((segments) => `/${segments.join('/')}`);
    fc.assert(
      fc.property(fc.array(path, { maxLength: 60 }), path, (paths, other) => {
        const patterns = generalisePaths(paths);
        expect(generalisePaths(paths.toReversed())).toEqual(patterns);
        const matches = (one: string): boolean =>
          patterns.some((text) => {
            const compiled = compilePathPattern(text);
            return compiled.ok && matchPath(compiled.pattern, one) === 'match';
          });
        for (const one of paths) expect(matches(one)).toBe(true);
        const lengths = paths.map((one) => one.split('/').length);
        if (!lengths.includes(other.split('/').length)) expect(matches(other)).toBe(false);
      }),
      { seed: 55, numRuns: 300 },
    );
  });
});

describe('what cannot be one policy', () => {
  const found = (...needs: readonly Need[]): Needs => ({
    found: needs.map((need) => ({ need, at: { file: 'a.ts', line: 1 } })),
    notes: [],
  });
  const http = (as: string | null, origin: string | null, path = '/x'): Need => ({
    kind: 'http',
    as,
    origin,
    method: 'GET',
    path,
  });
  const use = (as: string, power: string | null, of: 'files' | 'model' = 'files'): Need => ({
    kind: 'use',
    of,
    as,
    power,
    only: of === 'files' ? 'read /x' : 'model=y',
  });

  test.each<[string, Needs, readonly string[], readonly string[]]>([
    [
      'one name for two origins',
      found(http('api', 'https://a.example'), http('api', 'https://b.example')),
      ['api'],
      ['asks api for https://b.example, but it is for https://a.example'],
    ],
    [
      'a name for requests and files',
      found(http('x', 'https://a.example'), use('x', null)),
      ['x'],
      ['uses x both for requests and otherwise'],
    ],
    [
      'one name of two kinds',
      found(use('x', null), use('x', null, 'model')),
      ['x'],
      ['uses x as model, but it is used as files'],
    ],
    [
      'two folders of one name',
      found(use('x', 'files:/a/x'), use('x', 'files:/b/x')),
      ['x', 'x_2'],
      [],
    ],
    [
      'more ways than rules',
      found(
        ...Array.from({ length: ONLY_TEXTS_MAX + 1 }, (_, at) =>
          http('x', 'https://a.example', `/${'a/'.repeat(at)}b`),
        ),
      ),
      [],
      ['needs x in more ways than a grant has rules for'],
    ],
    [
      'what only a process has',
      found(
        { kind: 'builtin', name: 'node:fs' },
        { kind: 'env', name: 'A' },
        { kind: 'global', name: 'Buffer' },
      ),
      [],
      [
        'imports node:fs, which no compartment has',
        'reads the variable A, which no compartment has',
        'uses Buffer, which no compartment has',
      ],
    ],
  ])('%s', (_, needs, powers, notes) => {
    const generated = generateCompartment(needs);
    expect(Object.keys(generated.draft.powers ?? {})).toEqual(powers);
    expect(generated.notes.map(({ text }) => text)).toEqual(notes);
  });

  test('names that a policy cannot have are noted', () => {
    const odd = found(
      { kind: 'package', name: '../x' },
      http('__proto__', 'https://a.example'),
      use('x'.repeat(65), null),
      { ...(use('repo', null) as UseNeed), only: 'read /a\nb' },
    );
    const { draft, notes } = generateCompartment(odd);
    expect(draft).toEqual({});
    expect(notes).toHaveLength(4);
    expect(generateBox(found({ kind: 'env', name: 'A B_TOKEN' })).draft).toEqual({});
  });

  test('what was sent with one secret is not given with another', () => {
    const asked = (method: string, secret: string | null): Need => ({
      ...(http(null, 'https://a.example') as HttpNeed),
      ...{ method, secret },
    });
    const needs = found(asked('POST', null), asked('GET', 'TOKEN'), asked('DELETE', 'OTHER'));
    expect(generateCompartment(needs).draft.powers).toEqual({
      a_example: { power: 'https://a.example', only: ['POST /x'] },
      a_example_2: { power: 'https://a.example with OTHER', only: ['DELETE /x'] },
      a_example_3: { power: 'https://a.example with TOKEN', only: ['GET /x'] },
    });
    const turned = { ...needs, found: needs.found.toReversed() };
    expect(generateCompartment(turned).draft).toEqual(generateCompartment(needs).draft);
  });

  test.each(['GET,POST', '*', 'get', 'TRACE'])('the method %s of a row makes no rule', (method) => {
    const row = { ...requestRow('GET https://a.example/x'), method };
    const { found: needs, notes } = needsOfRecord([row], () => null);
    expect([needs, notes.length]).toEqual([[], 1]);
  });

  test('a box is given rules and secrets, and told of the rest', () => {
    const { draft, notes } = generateBox(
      found(
        http(null, 'https://a.example'),
        http('api', null),
        { kind: 'env', name: 'API_TOKEN' },
        { kind: 'env', name: 'PORT' },
        use('repo', null),
      ),
    );
    expect(draft).toEqual({ powers: ['GET https://a.example/x'], secrets: ['API_TOKEN'] });
    expect(notes.map(({ text }) => text)).toEqual([
      'asks api for a path of its own',
      'reads the variable PORT, which "env" can give',
      'uses repo (files), which is granted to a guest',
    ]);
  });

  test('names each thing that a generated policy gives beyond an older one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(request, { minLength: 1, maxLength: 6 }), async (seen) => {
        const policy = await boxFor(recorded(seen.map(requestRow)));
        const words = diffPolicy(null, policy).join('\n');
        for (const { config, narrowing, text } of policy.rules) {
          for (const method of narrowing.methods ?? []) expect(words).toContain(method);
          expect(config.host.type).toBe('exact');
          expect(words).toContain(`to ${text.replace(/^\S+ /, '')}`);
        }
        expect(diffPolicy(policy, policy)).toEqual([]);
      }),
      { seed: 56, numRuns: 50 },
    );
  });
});
