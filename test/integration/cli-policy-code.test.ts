import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Outcome, type Place } from '../support/powerbox.ts';

/** Policies that are made from code, kept beside overrides, compared, and checked. */

let place: Place;

beforeAll(() => {
  place = makePlace();
  mkdirSync(join(place.workspace, 'src/node_modules/left-pad'), { recursive: true });
  mkdirSync(join(place.workspace, 'src/lib'));
  place.write('src/node_modules/left-pad/index.js', "fetch('https://evil.example/');");
  place.write('src/lib/config.ts', "export const BASE: string = 'https://api.example.com/v1';\n");
  place.write(
    'src/search-tool.ts',
    [
      "import pad from 'left-pad';",
      "import { BASE } from './lib/config.js';",
      'export async function search(query: string): Promise<unknown> {',
      '  const found = await E(api).fetch({ url: `#{BASE}/items/#{query}` });',
      "  await E(repo).write('out/last.txt', pad(String(found), Date.now()));",
      '  return found;',
      '}',
    ]
      .join('\n')
      .replaceAll('#{', '\u0024{'),
  );
  place.write('src/quiet.js', 'export const one = 1;\n');
  place.write('src/quiet.test.js', "fetch('https://evil.example/');\n");
});

afterAll(() => place.close());

const policy = (...args: string[]): Promise<Outcome> => place.powerbox(['policy', ...args]);
const read = (name: string): string => readFileSync(join(place.workspace, name), 'utf8');

const SEARCH_TOOL = {
  globals: ['clock'],
  powers: {
    api: { power: 'https://api.example.com', only: ['GET /v1/items/*'] },
    repo: { power: 'repo', only: ['write /out/last.txt'] },
  },
  packages: ['left-pad'],
};

describe('powerbox policy generate', () => {
  it('gives each program of a folder what it needs, and says what that is', async () => {
    const { status, stdout, stderr } = await policy('generate', 'src', '--output', 'powerbox.json');
    expect([status, stdout]).toEqual([0, '']);
    expect(JSON.parse(read('powerbox.json'))).toEqual({
      version: 1,
      compartments: { quiet: {}, 'search-tool': SEARCH_TOOL },
    });
    expect(stderr.trim().split('\n')).toEqual([
      'powerbox.json: quiet: is new, and holds nothing',
      'powerbox.json: search-tool: may now GET to https://api.example.com/v1/items/* as api',
      'powerbox.json: search-tool: may now use repo (repo), only write /out/last.txt',
      'powerbox.json: search-tool: now sees the clock',
      'powerbox.json: search-tool: may now import left-pad',
    ]);
    const explained = await policy('explain');
    expect(explained.stdout).toContain('search-tool may import left-pad.');
  });

  it('writes the same again, beside what it did not make, and never the override', async () => {
    const override = JSON.stringify({
      version: 1,
      limits: { memory: '1G' },
      compartments: {
        'search-tool': {
          powers: { repo: { power: 'files:/srv/repo', only: ['write /out/**'] } },
          deny: { packages: ['left-pad'] },
        },
        quiet: null,
      },
    });
    place.write('powerbox.override.json', override);
    place.write(
      'powerbox.json',
      JSON.stringify({
        version: 1,
        secrets: ['KEPT'],
        compartments: { mine: { globals: ['random'] } },
      }),
    );
    await policy('generate', 'src', '--output', 'powerbox.json');
    const once = read('powerbox.json');
    expect(JSON.parse(once)).toEqual({
      version: 1,
      limits: { memory: '1G' },
      secrets: ['KEPT'],
      compartments: {
        mine: { globals: ['random'] },
        'search-tool': {
          globals: ['clock'],
          powers: {
            api: SEARCH_TOOL.powers.api,
            repo: { power: 'files:/srv/repo', only: ['write /out/**'] },
          },
        },
      },
    });
    const again = await policy('generate', 'src', '--output', 'powerbox.json');
    const told = 'powerbox.override.json was put on top of what was generated.\n';
    expect([read('powerbox.json'), again.stderr]).toEqual([once, told]);
    expect(read('powerbox.override.json')).toBe(override);
  });

  it('tells with its line what it does not give', async () => {
    place.write('wild.mjs', "\nfetch(process.env.WHERE);\nimport('node:fs');\n");
    const { status, stdout, stderr } = await policy(
      'generate',
      'wild.mjs',
      '--override',
      'none.json',
    );
    expect([status, stdout, stderr]).toEqual([78, '', expect.stringContaining('none.json')]);
    place.write('none.json', '{"version":1}');
    const said = await policy('generate', 'wild.mjs', '--override', 'none.json');
    expect(JSON.parse(said.stdout)).toEqual({ version: 1, compartments: { wild: {} } });
    expect(said.stderr).toContain(
      'not given: wild sends a GET request, but where it goes is known only when it runs (wild.mjs:2).',
    );
    expect(said.stderr).toContain(
      'not given: wild imports node:fs, which no compartment has (wild.mjs:3).',
    );
    expect(said.stderr).toContain(
      'reads the variable WHERE, which no compartment has (wild.mjs:2).',
    );
  });

  it('makes the rules of a box', async () => {
    place.write(
      'job.js',
      "fetch('https://api.example.com/x', { headers: { a: process.env.API_KEY } });\n",
    );
    const { stdout } = await policy(
      'generate',
      'job.js',
      '--for',
      'box',
      '--override',
      'none.json',
    );
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      powers: ['GET https://api.example.com/x'],
      secrets: ['API_KEY'],
    });
  });

  it.each([
    [['generate'], 64, 'there is no PATH and no --from-log'],
    [['generate', 'missing.ts'], 64, 'it is missing'],
    [['generate', 'powerbox.json', '--name', 'x'], 65, 'Cannot read powerbox.json: line'],
    [['generate', 'broken.ts'], 65, 'Cannot read broken.ts: line 2, column'],
  ])('refuses %j', async (args, status, words) => {
    place.write('broken.ts', 'const a = 1;\nconst = 2;\n');
    const said = await policy(...args);
    expect([said.status, said.stderr]).toEqual([status, expect.stringContaining(words)]);
    expect(said.stdout).toBe('');
  });
});

describe('powerbox policy check --code', () => {
  it('is content with what was generated, and names what is lacking', async () => {
    await policy('generate', 'src', '--output', 'given.json', '--override', 'none.json');
    const content = await policy('check', '--code', 'src', 'given.json');
    expect(content).toEqual({ status: 0, stdout: '', stderr: '' });

    place.write(
      'less.json',
      JSON.stringify({
        version: 1,
        compartments: {
          'search-tool': {
            powers: { api: 'POST https://api.example.com/v1/**', repo: 'files:/srv/repo:ro' },
          },
        },
      }),
    );
    const lacking = await policy('check', '--code', 'src', 'less.json');
    expect(lacking.status).toBe(77);
    expect(lacking.stdout.trim().split('\n')).toEqual([
      'search-tool needs the package left-pad (src/search-tool.ts:1), which the policy does not give.',
      'search-tool needs GET https://api.example.com/v1/items/* as api (src/search-tool.ts:4), which the policy does not give.',
      'search-tool needs repo, write /out/last.txt (src/search-tool.ts:5), which the policy does not give.',
      'search-tool needs the clock (src/search-tool.ts:5), which the policy does not give.',
    ]);
    const json = await policy('check', '--code', 'src', 'less.json', '--json');
    expect(JSON.parse(json.stdout.split('\n')[1] ?? '')).toEqual({
      name: 'search-tool',
      needs: 'GET https://api.example.com/v1/items/* as api',
      file: 'src/search-tool.ts',
      line: 4,
    });
  });

  it('checks the rules of a box, and still a single request', async () => {
    place.write('box.json', '{"version":1,"powers":["GET api.example.com/x"]}');
    place.write('job.js', "fetch('https://api.example.com/x', { method: 'POST' });\n");
    const { status, stdout } = await policy(
      'check',
      '--code',
      'job.js',
      '--for',
      'box',
      'box.json',
    );
    expect([status, stdout]).toEqual([
      77,
      'job needs POST https://api.example.com/x (job.js:1), which the policy does not give.\n',
    ]);
    const request = await policy('check', 'box.json', '--', 'GET', 'https://api.example.com/x');
    expect(request.stdout).toBe('allowed by GET https://api.example.com/x\n');
  });
});

describe('powerbox policy diff', () => {
  it('says what changes, and by its status whether anything does', async () => {
    place.write('old.json', '');
    place.write(
      'new.json',
      '{"version":1,"powers":["GET a.example"],"compartments":{"t":{"globals":["clock"]}}}',
    );
    expect(await policy('diff', 'old.json', 'new.json')).toEqual({
      status: 1,
      stdout: 'a box may now GET to https://a.example\nt: now sees the clock\n',
      stderr: '',
    });
    expect(await policy('diff', 'new.json', 'new.json')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const json = await policy('diff', 'new.json', 'none.json', '--json');
    expect(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { change: 'a box may no longer GET to https://a.example' },
      { change: 't: is gone, with all that it held' },
    ]);
  });
});
