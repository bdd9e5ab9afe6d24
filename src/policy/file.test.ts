import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PowerboxError } from '../wire/errors.ts';
import { compartmentOf, EMPTY_COMPARTMENT } from './compartment.ts';
import { parsePolicy, policyJsonSchema } from './file.ts';
import {
  COMPARTMENT_POWERS_MAX,
  COMPARTMENTS_MAX,
  POLICY_CHARS_MAX,
  POLICY_ENTRIES_MAX,
} from './limits.ts';

const FULL = {
  $schema: './powerbox.schema.json',
  version: 1,
  limits: { memory: '512M', cpus: 1.5, pids: 200, disk: '1G', timeout: '10m' },
  workspace: 'copy',
  mounts: ['../data:/data:ro'],
  powers: [
    'GET https://api.github.com/repos/acme/**',
    '*.example.com',
    { http: 'https://api.example.com:8443', methods: ['POST', 'GET'], paths: ['/v1/*', '/v2'] },
    { http: 'registry.example' },
  ],
  secrets: ['GITHUB_TOKEN'],
  mask: ['.env.local'],
  env: { CI: '1' },
  compartments: {
    'search-tool': {
      globals: ['random', 'clock'],
      powers: {
        repo: 'files:/srv/repo',
        api: {
          power: 'https://api.example.com',
          only: ['POST /v1/items'],
          budget: ['uses=10'],
          approval: 'writes',
        },
      },
      packages: ['left-pad', '@a/b'],
      builtins: [],
      isolation: 'shared',
      limits: { memory: '64M', timeout: '10m', cpu: '30s', turn: '1s', output: '64K' },
    },
  },
};

const inA = (entry: string): string => `{"version":1,"compartments":{"a":${entry}}}`;

async function faultOf(text: string): Promise<PowerboxError> {
  const error: unknown = await parsePolicy(text, 'powerbox.json').then(
    () => new Error(`${text} was accepted`),
    (reason: unknown) => reason,
  );
  if (!PowerboxError.is(error)) throw error;
  return error;
}

describe('parsePolicy', () => {
  test('reads everything', async () => {
    const { rules, ...rest } = await parsePolicy(JSON.stringify(FULL), 'powerbox.json');
    expect(rules.map((rule) => rule.text)).toEqual([
      'GET https://api.github.com/repos/acme/**',
      'https://*.example.com',
      'GET,POST https://api.example.com:8443/v1/*',
      'GET,POST https://api.example.com:8443/v2',
      'https://registry.example',
    ]);
    expect(rest).toEqual({
      limits: { memory: '512M', cpus: '1.5', pids: '200', disk: '1G', timeout: '10m' },
      workspace: 'copy',
      mounts: ['../data:/data:ro'],
      secrets: ['GITHUB_TOKEN'],
      mask: ['.env.local'],
      env: { CI: '1' },
      compartments: {
        'search-tool': {
          globals: ['clock', 'random'],
          powers: {
            repo: { power: 'files:/srv/repo', only: [], budget: [], approval: 'none' },
            api: {
              power: 'https://api.example.com',
              only: ['POST /v1/items'],
              budget: ['uses=10'],
              approval: 'writes',
            },
          },
          packages: ['@a/b', 'left-pad'],
          builtins: [],
          isolation: 'shared',
          limits: { memory: '64M', timeout: '10m', cpu: '30s', turn: '1s', output: '64K' },
        },
      },
    });
  });

  test('grants nothing by default', async () => {
    expect(await parsePolicy('{"version":1}', 'powerbox.json')).toEqual({
      limits: {},
      workspace: 'rw',
      mounts: [],
      rules: [],
      secrets: [],
      mask: [],
      env: {},
      compartments: {},
    });
    const nothing = await parsePolicy('{"version":1,"compartments":{"a":{}}}', 'powerbox.json');
    expect(nothing.compartments).toEqual({ a: EMPTY_COMPARTMENT });
    expect(compartmentOf(nothing.compartments, 'a')).toEqual(EMPTY_COMPARTMENT);
    expect(compartmentOf(nothing.compartments, 'constructor')).toBeNull();
  });

  test.each([
    ['{"version":1,\n"version":1}', 'line 2, column 1: the key "version" is there twice'],
    ['{"version":1', 'line 1, column 13: a comma'],
    ['[]', 'the whole: it must be of type object'],
    ['{}', '/version: it is missing'],
    ['{"version":2}', '/version: it must be 1'],
    ['{"version":1,"power":[]}', '/power: there is no such key'],
    ['{"version":1,"a/b~\\n":[]}', '/a~1b~0\\n: there is no such key'],
    ['{"version":1,"limits":{"ram":"1G"}}', '/limits/ram: there is no such key'],
    ['{"version":1,"limits":{"memory":512}}', '/limits/memory: it must be of type string'],
    ['{"version":1,"limits":{"memory":"lots"}}', '/limits/memory: it is not written'],
    ['{"version":1,"limits":{"cpus":0}}', '/limits/cpus: it is smaller'],
    ['{"version":1,"limits":{"pids":1.5}}', '/limits/pids: it must be of type int'],
    ['{"version":1,"workspace":"none"}', '/workspace: it must be rw or ro or copy'],
    ['{"version":1,"mounts":["a\\u0000b"]}', '/mounts/0: it is not written'],
    ['{"version":1,"secrets":["a b"]}', '/secrets/0: it is not written'],
    ['{"version":1,"env":{"A":1}}', '/env/A: it must be of type string'],
    ['{"version":1,"env":{"A=B":"1"}}', '/env/A=B: a name'],
    ['{"version":1,"powers":{}}', '/powers: it must be of type array'],
    ['{"version":1,"powers":[7]}', '/powers/0: it must be a rule or an object'],
    ['{"version":1,"powers":["x",{}]}', '/powers/1/http: it is missing'],
    ['{"version":1,"powers":[{"http":"x","path":["/"]}]}', '/powers/0/path: there is no such key'],
    ['{"version":1,"powers":[{"http":"x","paths":[]}]}', '/powers/0/paths: it is smaller'],
    ['{"version":1,"powers":[{"http":"x","methods":["get"]}]}', '/powers/0/methods/0: it is not'],
    ['{"version":1,"powers":[{"http":"x","methods":["TRACE"]}]}', '/powers/0/methods: Cannot'],
    ['{"version":1,"powers":[{"http":"x/y"}]}', '/powers/0/http: only an origin'],
    ['{"version":1,"powers":[{"http":"GET x"}]}', '/powers/0/http: only an origin'],
    ['{"version":1,"powers":[{"http":"x","paths":["/a",".evil/"]}]}', '/powers/0/paths/1: a path'],
    ['{"version":1,"powers":[{"http":"x","paths":["/../a"]}]}', '/powers/0/paths/0: Cannot'],
    ['{"version":1,"powers":["*.com"]}', '/powers/0: Cannot parse the rule "*.com"'],
    ['{"version":1,"powers":["*"]}', '/powers/0: Cannot parse the rule "*"'],
    ['{"version":1,"compartments":[]}', '/compartments: it must be of type'],
    ['{"version":1,"compartments":{"a b":{}}}', '/compartments/a b: a name of a compartment'],
    ['{"version":1,"compartments":{"":{}}}', '/compartments/: a name of a compartment'],
    [inA('{"power":{}}'), '/compartments/a/power: there is no such key'],
    [inA('{"globals":["fetch"]}'), '/compartments/a/globals/0: it must be clock or random'],
    [inA('{"powers":{"a-b":"x"}}'), '/compartments/a/powers/a-b: a name of a power'],
    [inA('{"powers":{"x":7}}'), '/compartments/a/powers/x: it must be the words of a power or'],
    [inA('{"powers":{"x":{}}}'), '/compartments/a/powers/x/power: it is missing'],
    [inA('{"powers":{"x":{"power":"y","only":[]}}}'), '/compartments/a/powers/x/only: it is small'],
    [inA('{"powers":{"x":{"power":"y","may":[]}}}'), '/compartments/a/powers/x/may: there is no'],
    [inA('{"powers":{"x":"GET https://a..b"}}'), '/compartments/a/powers/x: Cannot parse the rule'],
    [
      inA('{"powers":{"x":"https://a.example with K\u202e"}}'),
      '/compartments/a/powers/x: Cannot rea',
    ],
    [inA('{"powers":{"x":"https://*.com"}}'), '/compartments/a/powers/x: Cannot parse the rule'],
    [
      inA('{"powers":{"x":{"power":"GET https://a.example","only":["GET /x"]}}}'),
      '/compartments/a/powers/x: Cannot narrow the rule "GET https://a.example" further',
    ],
    [inA('{"packages":["../x"]}'), '/compartments/a/packages/0: it is not written'],
    [inA('{"builtins":["node:fs"]}'), '/compartments/a/builtins: no compartment has a module of N'],
    [inA('{"isolation":"none"}'), '/compartments/a/isolation: it must be own or shared'],
    [inA('{"limits":{"memory":"lots"}}'), '/compartments/a/limits/memory: it is not written'],
    [inA('{"limits":{"disk":"1G"}}'), '/compartments/a/limits/disk: there is no such key'],
  ])('refuses %s', async (text, message) => {
    const error = await faultOf(text);
    expect(error.code).toBe('policy-invalid');
    expect(error.message).toContain(`Cannot read powerbox.json: ${message}`);
    expect(error.message).not.toContain('\n');
  });

  test('bounds the file and its lists', async () => {
    expect((await faultOf(' '.repeat(POLICY_CHARS_MAX + 1))).message).toContain('longer');
    const powers = new Array(POLICY_ENTRIES_MAX + 1).fill('a.example');
    expect((await faultOf(JSON.stringify({ version: 1, powers }))).message).toContain('/powers: ');
    const many = (count: number, of: unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, of]));
    const compartments = many(COMPARTMENTS_MAX + 1, {});
    expect((await faultOf(JSON.stringify({ version: 1, compartments }))).message).toContain(
      '/compartments: there are more than 128',
    );
    const held = inA(JSON.stringify({ powers: many(COMPARTMENT_POWERS_MAX + 1, 'repo') }));
    expect((await faultOf(held)).message).toContain('/compartments/a/powers: there are more than');
  });

  test('fails only with policy-invalid, in one bounded line', async () => {
    const text = fc.oneof(
      fc.json(),
      fc
        .dictionary(fc.constantFrom(...Object.keys(FULL)), fc.jsonValue())
        .map((rest) => JSON.stringify({ ...rest, version: 1 })),
      fc
        .array(
          fc.oneof(fc.string(), fc.record({ http: fc.string(), paths: fc.array(fc.string()) })),
        )
        .map((powers) => JSON.stringify({ version: 1, powers })),
      fc
        .record(
          {
            globals: fc.array(fc.string()),
            powers: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue())),
            packages: fc.array(fc.string()),
            limits: fc.dictionary(fc.string(), fc.string()),
          },
          { requiredKeys: [] },
        )
        .map((entry) => inA(JSON.stringify(entry))),
    );
    await fc.assert(
      fc.asyncProperty(text, async (policy) => {
        const error: unknown = await parsePolicy(policy, 'p.json').then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error === null) return;
        if (!PowerboxError.is(error)) throw error;
        expect(error.code).toBe('policy-invalid');
        expect(error.message).toMatch(/^[\x20-\x7e…]{1,800}$/);
      }),
      { seed: 14, numRuns: 500 },
    );
  });
});

test('the published schema is the one that files are read with', () => {
  const published = readFileSync(
    new URL('../../spec/powerbox.schema.json', import.meta.url),
    'utf8',
  );
  expect(published).toBe(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
});
