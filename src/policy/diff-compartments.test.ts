import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CompartmentPolicy, EMPTY_COMPARTMENT, type PolicyPower } from './compartment.ts';
import { diffPolicy } from './diff.ts';
import { explainCompartments } from './explain-compartments.ts';
import { EMPTY_POLICY, type Policy } from './policy.ts';

const power = (text: string, more: Partial<PolicyPower> = {}): PolicyPower => ({
  power: text,
  only: [],
  budget: [],
  approval: 'none',
  ...more,
});

const policy = (compartments: Readonly<Record<string, Partial<CompartmentPolicy>>>): Policy => ({
  ...EMPTY_POLICY,
  compartments: Object.fromEntries(
    Object.entries(compartments).map(([name, part]) => [name, { ...EMPTY_COMPARTMENT, ...part }]),
  ),
});

const FULL: Partial<CompartmentPolicy> = {
  globals: ['clock', 'random'],
  powers: {
    api: power('https://api.example.com with KEY', { only: ['GET /v1/*', 'POST /v1/items'] }),
    repo: power('files:/srv/repo', { only: ['read /docs/**'], budget: ['uses=9'] }),
  },
  packages: ['left-pad'],
  isolation: 'shared',
  limits: { memory: '64M' },
};

describe('diffPolicy of compartments', () => {
  test('says everything of a first one, and of its end', () => {
    const first = policy({ 'search-tool': FULL });
    expect(diffPolicy(null, first)).toEqual([
      'search-tool: may now GET to https://api.example.com/v1/* as api',
      'search-tool: may now POST to https://api.example.com/v1/items as api',
      'search-tool: has api with secret KEY',
      'search-tool: may now use repo (files:/srv/repo), only read /docs/**',
      'search-tool: has the budget of repo as uses=9 (before: none)',
      'search-tool: now sees the clock',
      'search-tool: now has randomness',
      'search-tool: may now import left-pad',
      'search-tool: shares the process of its maker',
      'search-tool: has memory limited to 64M (before: the default)',
    ]);
    expect(diffPolicy(first, EMPTY_POLICY)).toEqual([
      'search-tool: is gone, with all that it held',
    ]);
    expect(diffPolicy(first, policy({ 'search-tool': {} }))).toEqual([
      'search-tool: has a process of its own',
      'search-tool: has memory limited to the default (before: 64M)',
      'search-tool: may no longer import left-pad',
      'search-tool: no longer sees the clock',
      'search-tool: no longer has randomness',
      'search-tool: may no longer GET to https://api.example.com/v1/* as api',
      'search-tool: may no longer POST to https://api.example.com/v1/items as api',
      'search-tool: may no longer use repo (files:/srv/repo), only read /docs/**',
    ]);
    expect(diffPolicy(null, policy({ a: {} }))).toEqual(['a: is new, and holds nothing']);
  });

  test.each<[PolicyPower | null, PolicyPower | null, readonly string[]]>([
    [
      power('files:/a'),
      power('files:/b'),
      ['may now use x (files:/b)', 'may no longer use x (files:/a)'],
    ],
    [
      power('files:/a'),
      power('files:/a', { only: ['ro'] }),
      ['has x narrowed to ro (before: nothing less)'],
    ],
    [
      power('files:/a', { only: ['read /b', 'max=1K'] }),
      power('files:/a', { only: ['read /b'] }),
      ['has x narrowed to read /b (before: max=1K and read /b)'],
    ],
    [power('GET https://a.example/x'), power('https://a.example', { only: ['GET /x'] }), []],
    [power('http:https://a.example'), power('https://a.example'), []],
    [
      power('https://a.example'),
      power('https://a.example', { only: ['GET /x body only'] }),
      ['has x narrowed to GET /x body only (before: nothing less)'],
    ],
    [
      power('https://a.example'),
      power('files:/a'),
      ['may now use x (files:/a)', 'may no longer use x (https://a.example)'],
    ],
    [
      null,
      power('GET https://a.example', { approval: 'always' }),
      ['may now GET to https://a.example as x', 'waits for approval of x: always (before: none)'],
    ],
    [
      power('repo', { approval: 'always' }),
      power('repo'),
      ['waits for approval of x: none (before: always)'],
    ],
  ])('from %j to %j', (before, after, lines) => {
    const of = (one: PolicyPower | null): Policy =>
      policy({ a: one ? { powers: { x: one } } : {} });
    expect(diffPolicy(of(before), of(after))).toEqual(lines.map((line) => `a: ${line}`));
  });

  const words = fc.constantFrom('https://a.example', 'https://b.example', 'files:/a', 'repo');
  const texts = fc.subarray(['GET /x', 'read /b', 'POST /y']);
  const some = fc.record({
    globals: fc.subarray<'clock' | 'random'>(['clock', 'random']),
    powers: fc.dictionary(
      fc.constantFrom('x', 'y'),
      fc.record({
        power: words,
        only: texts,
        budget: fc.subarray(['uses=1']),
        approval: fc.constantFrom<PolicyPower['approval']>('none', 'always'),
      }),
    ),
    packages: fc.subarray(['p', 'q']),
    isolation: fc.constantFrom<CompartmentPolicy['isolation']>('own', 'shared'),
    limits: fc.constantFrom({}, { memory: '1M' }),
  });

  test('says nothing of what is the same, and names all that is gained', () => {
    fc.assert(
      fc.property(some, some, (before, after) => {
        expect(diffPolicy(policy({ a: after }), policy({ a: after }))).toEqual([]);
        const lines = diffPolicy(policy({ a: before }), policy({ a: after })).join('\n');
        for (const name of after.packages.filter((one) => !before.packages.includes(one))) {
          expect(lines).toContain(`a: may now import ${name}`);
        }
        if (after.globals.includes('clock') && !before.globals.includes('clock')) {
          expect(lines).toContain('a: now sees the clock');
        }
        const had = JSON.stringify(before.powers);
        for (const [name, { power: text }] of Object.entries(after.powers)) {
          // Whatever else a power became, one that is wholly new is named.
          if (!Object.hasOwn(before.powers, name) || !had.includes(text)) {
            expect(lines).toMatch(new RegExp(`(?:as|use|of) ${name}\\b`));
          }
        }
      }),
      { seed: 51, numRuns: 500 },
    );
  });
});

test('explainCompartments says what each holds', () => {
  const { compartments } = policy({ 'search-tool': FULL, idle: {} });
  expect(explainCompartments(compartments).map(({ sentence }) => sentence)).toEqual([
    'idle holds no power.',
    'search-tool may GET to https://api.example.com/v1/* as api, with secret KEY.',
    'search-tool may POST to https://api.example.com/v1/items as api, with secret KEY.',
    'search-tool may use repo (files:/srv/repo), only read /docs/**, for uses=9.',
    'search-tool sees the clock.',
    'search-tool has randomness.',
    'search-tool may import left-pad.',
    'search-tool shares the process of its maker.',
    'search-tool is limited to memory 64M.',
  ]);
});
