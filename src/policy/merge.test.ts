import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeRules } from '../host/judge-policy.ts';
import { PowerboxError } from '../wire/errors.ts';
import { denyRule } from './deny-rule.ts';
import { type PolicyDraft, writeDraft } from './draft.ts';
import { parsePolicy } from './file.ts';
import { mergeOverride, type Override } from './merge.ts';
import { parseOverride } from './override-file.ts';
import { compilePathPattern, matchPath } from './path-pattern.ts';
import { relatePaths } from './path-relation.ts';
import type { RecordedCall } from './recorded-call.ts';
import { parseRule } from './rule.ts';
import { callOfUrl } from './url.ts';

const BASE: PolicyDraft = {
  version: 1,
  powers: ['GET,POST https://a.example/v1/**', 'https://b.example'],
  secrets: ['A'],
  env: { X: '1' },
  compartments: {
    tool: {
      globals: ['clock'],
      powers: {
        api: { power: 'https://a.example with KEY', only: ['GET /x', 'POST /x', 'POST /y'] },
        repo: { power: 'files:/srv/repo', only: ['read /docs/**'] },
      },
      packages: ['left-pad', 'ms'],
    },
    other: {},
  },
};

const merge = (override: unknown): PolicyDraft =>
  mergeOverride(BASE, parseOverride(JSON.stringify({ version: 1, ...(override as object) }), 'o'));

describe('mergeOverride', () => {
  test('changes nothing when it says nothing, and the same when it is said twice', () => {
    expect(merge({})).toEqual(BASE);
    const override: Override = {
      powers: ['c.example'],
      compartments: { tool: { packages: ['x'], deny: { packages: ['ms'] } }, other: null },
    };
    const once = mergeOverride(BASE, override);
    expect(mergeOverride(once, override)).toEqual(once);
  });

  test('adds what it says', () => {
    const merged = merge({
      powers: ['c.example'],
      secrets: ['B'],
      mounts: ['/data:ro'],
      workspace: 'ro',
      limits: { memory: '1G' },
      env: { Y: '2' },
      compartments: {
        tool: { globals: ['random'], limits: { memory: '64M' }, isolation: 'shared' },
        more: { powers: { api: 'https://c.example' } },
      },
    });
    expect(merged).toMatchObject({
      powers: [...(BASE.powers ?? []), 'c.example'],
      secrets: ['A', 'B'],
      mounts: ['/data:ro'],
      workspace: 'ro',
      limits: { memory: '1G' },
      env: { X: '1', Y: '2' },
      compartments: {
        more: { powers: { api: 'https://c.example' } },
        tool: { globals: ['clock', 'random'], limits: { memory: '64M' }, isolation: 'shared' },
      },
    });
  });

  test('takes away by null and by deny, of a list, of a compartment and of a power', () => {
    expect(merge({ compartments: { tool: null }, env: { X: null } })).toEqual({
      version: 1,
      powers: BASE.powers,
      secrets: ['A'],
      compartments: { other: {} },
    });
    const { compartments } = merge({
      deny: { secrets: ['A'] },
      compartments: {
        tool: {
          powers: { repo: null },
          deny: { powers: ['POST https://a.example'], packages: ['ms'], globals: ['clock'] },
        },
      },
    });
    expect(compartments?.tool).toEqual({
      powers: { api: { power: 'https://a.example with KEY', only: ['GET /x'] } },
      packages: ['left-pad'],
    });
  });

  test('puts a power in the place of the generated one, and does not join them', () => {
    const narrower = { power: 'https://a.example', only: ['GET /x'] };
    expect(
      merge({ compartments: { tool: { powers: { api: narrower } } } }).compartments,
    ).toMatchObject({
      tool: { powers: { api: narrower } },
    });
  });

  test('leaves no child of what it takes away', () => {
    const denied = (rule: string) => merge({ deny: { powers: [rule] } }).powers;
    expect(denied('https://a.example')).toEqual(['https://b.example']);
    expect(denied('https://*.example')).toBeUndefined();
    expect(denied('POST https://a.example')).toEqual([
      'GET https://a.example/v1/**',
      'https://b.example',
    ]);
    const { compartments } = merge({
      compartments: { tool: { deny: { powers: ['https://a.example'] } } },
    });
    expect(Object.keys(compartments?.tool?.powers ?? {})).toEqual(['repo']);
  });

  test.each<[unknown, string]>([
    [{ deny: { powers: ['https://a.example/v1/secret'] } }, 'gives more than that'],
    [{ deny: { powers: ['POST https://b.example'] } }, 'gives more than that'],
    [{ deny: { powers: ['HEAD https://a.example'] } }, 'gives more than that'],
    [{ deny: { powers: ['https://'] } }, 'Cannot parse the rule'],
    [{ compartments: { tool: { deny: { globals: 1 } } } }, '/compartments/tool/deny/globals'],
    [{ deny: { env: ['X'] } }, '/deny/env: there is no such key'],
    [{ denies: {} }, '/denies: there is no such key'],
  ])('refuses %j, which it could not keep', (override, words) => {
    const attempt = (): unknown => merge(override);
    expect(attempt).toThrow(words);
    try {
      attempt();
    } catch (error) {
      expect(PowerboxError.is(error)).toBe(true);
    }
  });

  test('refuses to deny a part of rules that cannot be taken apart', () => {
    const base: PolicyDraft = {
      version: 1,
      compartments: {
        tool: { powers: { api: { power: 'https://a.example', only: ['POST /x body only'] } } },
      },
    };
    const override = { compartments: { tool: { deny: { powers: ['POST https://a.example/x'] } } } };
    expect(() => mergeOverride(base, override)).toThrow('cannot be taken apart');
    const removed = { compartments: { tool: { powers: { api: null } } } };
    expect(mergeOverride(base, removed).compartments).toEqual({ tool: {} });
  });
});

const PATHS = [
  '',
  '/',
  '/x',
  '/x/y',
  '/x/*',
  '/x/**',
  '/**/y',
  '/v*',
  '/v1',
  '/x/{id}',
  '/{id=x|z}/y',
];
const METHODS = ['', 'GET ', 'POST ', 'GET,POST ', 'HEAD '];
const HOSTS = [
  'https://a.example',
  'https://*.a.example',
  'https://b.a.example',
  'https://c.example',
];
const rules = fc
  .tuple(fc.constantFrom(...METHODS), fc.constantFrom(...HOSTS), fc.constantFrom(...PATHS))
  .map((parts) => parseRule(parts.join(''), { isPublicSuffix: () => false }).text);
const calls = fc
  .tuple(
    fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
    fc.constantFrom(
      'https://a.example',
      'https://b.a.example',
      'https://d.a.example',
      'https://c.example',
    ),
    fc.constantFrom('/', '/x', '/x/y', '/x/z', '/x/y/z', '/v1', '/v12', '/z/y', '/q'),
  )
  .map(([method, origin, path]): RecordedCall => {
    const read = callOfUrl(method, `${origin}${path}`);
    if (!read.ok) throw new Error(read.reason);
    return { kind: 'http', call: read.call };
  });

test('what is denied is denied, and all else stays', async () => {
  const allows = async (powers: readonly unknown[], call: RecordedCall): Promise<boolean> =>
    judgeRules(await parsePolicy(writeDraft({ version: 1, powers }), 'p'), call);
  await fc.assert(
    fc.asyncProperty(
      fc.array(rules, { maxLength: 4 }),
      rules,
      calls,
      async (given, denied, call) => {
        let left: readonly unknown[];
        try {
          left =
            mergeOverride({ version: 1, powers: given }, { deny: { powers: [denied] } }).powers ??
            [];
        } catch (error) {
          // One of the rules gives more than is denied, and the person is told.
          if (!PowerboxError.is(error)) throw error;
          return;
        }
        const expected = (await allows(given, call)) && !(await allows([denied], call));
        expect(await allows(left, call)).toBe(expected);
      },
    ),
    { seed: 57, numRuns: 400 },
  );
});

test('relatePaths says of patterns what their matches say', () => {
  const pattern = fc.constantFrom(...PATHS.slice(1), '/**', '/x/*/z', '/x/**/z', '/x/y/**');
  const path = fc.constantFrom(
    '/',
    '/x',
    '/x/y',
    '/x/z',
    '/x/y/z',
    '/x/a/b/z',
    '/v1',
    '/v',
    '/z/y',
  );
  const matches = (text: string, one: string): boolean => {
    const compiled = compilePathPattern(text);
    return compiled.ok && matchPath(compiled.pattern, one) === 'match';
  };
  fc.assert(
    fc.property(pattern, pattern, path, (outer, inner, one) => {
      const relation = relatePaths(outer, inner);
      if (relation === 'covers' && matches(inner, one)) expect(matches(outer, one)).toBe(true);
      if (relation === 'apart') expect(matches(inner, one) && matches(outer, one)).toBe(false);
    }),
    { seed: 58, numRuns: 1000 },
  );
  expect(relatePaths('/x/**', '/x/*/z')).toBe('covers');
  expect(relatePaths('/x/*', '/x/*')).toBe('covers');
  expect(relatePaths('/x/*', '/x/**')).toBe('overlaps');
  expect(relatePaths('/x', '/y')).toBe('apart');
  expect(relatePaths(`/${'**/a/'.repeat(40)}b`, `/${'a/'.repeat(80)}c`)).toBe('apart');
});

test('denyRule keeps a rule that it does not touch as it is', () => {
  const rule = parseRule('GET a.example/x');
  expect(denyRule(rule, parseRule('POST a.example/x'))).toBe(rule);
  expect(denyRule(rule, parseRule('http://a.example/x'))).toBe(rule);
  expect(denyRule(rule, parseRule('GET a.example/y'))).toBe(rule);
  expect(denyRule(rule, parseRule('a.example'))).toBeNull();
});
