import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/gateway/client.ts';
import { API_HOST } from '../../src/quickstart/demo.ts';
import { daemonPidOf } from '../support/daemon.ts';
import { type ServedPlace, withServices } from '../support/powerbox.ts';

/** Policies from a journal that was made by use, and tried with it. */

interface Files {
  readText(path: string): Promise<string>;
  write(path: string, data: string): Promise<void>;
  remove(path: string): Promise<void>;
}

let place: ServedPlace;
let folder: string;

async function ok(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await place.powerbox(args);
  if (status !== 0) throw new Error(`powerbox ${args.join(' ')}: ${stderr}`);
  return stdout;
}

beforeAll(async () => {
  place = await withServices();
  folder = join(place.workspace, 'data');
  mkdirSync(join(folder, 'notes'), { recursive: true });
  writeFileSync(join(folder, 'notes', 'a.md'), 'a note');
  await ok('guest', 'add', 'search-tool');
  await ok('grant', 'files:./data', 'to', 'search-tool', '--as', 'data', '--only', 'below /notes');
  const client = await connect(join(place.home, 'powerbox.sock'));
  try {
    const guest = await client.door.guest('search-tool');
    const data = (await guest.lookup('data')) as Files;
    expect(await data.readText('notes/a.md')).toBe('a note');
    await data.readText('notes/a.md');
    await data.write('notes/b.md', 'more');
    await expect(data.readText('other.md')).rejects.toThrow('narrowing-refused');
  } finally {
    client.close();
  }
  const curl = (method: string, path: string): string =>
    `curl -s -o /dev/null -X ${method} https://${API_HOST}${path}`;
  const script = [
    `${curl('GET', '/user?page=value')} -H "authorization: Bearer $ACME_TOKEN"`,
    curl('POST', '/graphql'),
    'curl -s -o /dev/null https://elsewhere.example/',
  ].join('; ');
  await place.box(['sh', '-c', `${script}; true`]);
}, 60_000);

afterAll(async () => {
  const pid = daemonPidOf(place.home);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await place.close();
});

async function boxOf(): Promise<string> {
  const rows = (await ok('log', '--json')).trim().split('\n');
  const start = rows.map((row) => JSON.parse(row)).find(({ kind }) => kind === 'box-start');
  return start.box;
}

const write = (name: string, policy: unknown): void =>
  place.write(name, JSON.stringify({ version: 1, ...(policy as object) }));

describe('powerbox policy generate --from-log', () => {
  it('gives a guest what it used, and nothing more', async () => {
    const printed = await ok('policy', 'generate', '--from-log', '--guest', 'search-tool');
    expect(JSON.parse(printed)).toEqual({
      version: 1,
      compartments: {
        'search-tool': {
          powers: {
            data: {
              power: `files:${folder}`,
              only: ['read /notes/a.md', 'write /notes/b.md'],
            },
          },
        },
      },
    });
  });

  it('gives a box what it asked for and got, with its secrets', async () => {
    const box = await boxOf();
    const printed = JSON.parse(await ok('policy', 'generate', '--from-log', '--box', box));
    expect(printed).toEqual({
      version: 1,
      powers: [`POST https://${API_HOST}/graphql`, `GET https://${API_HOST}/user`],
      secrets: ['ACME_TOKEN'],
    });
    expect(JSON.stringify(printed)).not.toContain('value');
  });

  it('joins what the journal and the code say', async () => {
    place.write('search-tool.ts', "E(data).readText('notes/c.md' as string);\n");
    const printed = await ok(
      ...['policy', 'generate', 'search-tool.ts', '--from-log', '--guest', 'search-tool', '--json'],
    );
    const { policy, notes } = JSON.parse(printed);
    expect(Object.keys(policy.compartments)).toEqual(['search-tool']);
    const { powers } = policy.compartments['search-tool'];
    expect(powers.data.only).toEqual(['read /notes/a.md', 'read /notes/c.md', 'write /notes/b.md']);
    expect(powers.data.power).toBe(`files:${folder}`);
    expect(notes).toEqual([]);
  });

  it('wants to know whose', async () => {
    const nobody = await place.powerbox(['policy', 'generate', '--from-log']);
    expect([nobody.status, nobody.stderr]).toEqual([64, expect.stringContaining('--guest NAME')]);
    const other = await place.powerbox(['policy', 'generate', '--from-log', '--guest', 'nobody']);
    expect([other.status, other.stderr]).toEqual([66, expect.stringContaining('"nobody"')]);
  });
});

describe('powerbox policy replay', () => {
  it('says nothing of a policy that was made from the same record', async () => {
    await ok(
      ...['policy', 'generate', '--from-log', '--guest', 'search-tool', '--output', 'same.json'],
    );
    const same = await place.powerbox(['policy', 'replay', 'same.json', '--guest', 'search-tool']);
    expect(same.stdout.split('\n').slice(0, 2)).toEqual([
      '0 would be refused, 0 would now be allowed, 0 cannot be told, 4 stay as they were.',
      expect.stringContaining('Not replayed: values of queries, headers and bodies'),
    ]);
    expect(same.status).toBe(0);
  });

  it('lists what would be refused and what would now be allowed', async () => {
    write('other.json', {
      powers: [`GET https://${API_HOST}/user`, 'elsewhere.example'],
      compartments: {
        'search-tool': { powers: { data: { power: `files:${folder}`, only: ['ro'] } } },
      },
    });
    const { status, stdout } = await place.powerbox(['policy', 'replay', 'other.json', '--json']);
    expect(status).toBe(1);
    const said = JSON.parse(stdout);
    const brief = (lines: readonly { who: string; call: string; count: number }[]): unknown =>
      lines.map(({ who, call, count }) => `${who} ${call} ${count}`).sort();
    const box = await boxOf();
    expect(brief(said.refused)).toEqual(
      [`${box} POST https://${API_HOST}/graphql 1`, 'search-tool write /notes/b.md 1'].sort(),
    );
    expect(brief(said.allowed)).toEqual(
      [`${box} GET https://elsewhere.example/ 1`, 'search-tool readText /other.md 1'].sort(),
    );
    expect(said).toMatchObject({ undecided: [], same: 3, others: 0 });
  });

  it('does not decide what the journal does not tell', async () => {
    write('bounds.json', {
      compartments: {
        'search-tool': {
          powers: { data: { power: `files:${folder}`, only: ['below /notes', 'max=1K'] } },
        },
      },
    });
    const args = ['policy', 'replay', 'bounds.json', '--guest', 'search-tool', '--since', '1h'];
    const { status, stdout } = await place.powerbox(args);
    expect(stdout).toContain('cannot be told: readText /notes/a.md (search-tool, 2 times, last 20');
    expect(stdout).toContain(
      '0 would be refused, 0 would now be allowed, 3 cannot be told, 1 stay',
    );
    expect(status).toBe(0);
    const none = await ok(
      'policy',
      'replay',
      'bounds.json',
      '--guest',
      'search-tool',
      '--since',
      '2999-01-01',
    );
    expect(none).toContain('0 stay as they were');
  });

  it('judges no guest that the policy does not name', async () => {
    write('none.json', {});
    const stdout = await ok('policy', 'replay', 'none.json', '--guest', 'search-tool');
    expect(stdout).toContain('4 are of guests that the policy has no compartment for.');
  });
});

describe('a policy that code runs under', () => {
  const evaluate = (...args: string[]) =>
    place.powerbox(['eval', '--policy', 'loop.json:reader', '--accept-policy', ...args]);

  it('is made of the code, holds it, and is made smaller by what it used', async () => {
    await ok('power', 'add', 'files:./data', '--as', 'repo');
    place.write(
      'reader.ts',
      [
        "const note: string = await E(repo).readText('notes/a.md');",
        "if (note === '') await E(repo).remove('notes/a.md');",
        'note.length + Math.min(0, Date.now());',
      ].join('\n'),
    );
    await ok('policy', 'generate', 'reader.ts', '--output', 'loop.json');
    expect(await evaluate('--name', 'reader', 'reader.ts')).toMatchObject({ stdout: '6\n' });
    const other = await evaluate('--name', 'reader', '-e', "await E(repo).readText('x')");
    expect([other.status, other.stderr]).toEqual([
      65,
      expect.stringContaining('only /notes/a.md may be read'),
    ]);
    // Each evaluation was a guest of its own, and the name means both.
    const used = JSON.parse(await ok('policy', 'generate', '--from-log', '--guest', 'reader'));
    expect(used.compartments.reader).toEqual({
      powers: { data: { power: `files:${folder}`, only: ['read /notes/a.md'] } },
    });
    write('used.json', used);
    const replayed = await ok('policy', 'replay', 'used.json', '--guest', 'reader');
    expect(replayed).toContain(
      '0 would be refused, 0 would now be allowed, 0 cannot be told, 2 stay as they were.',
    );
    const named = ['--guest', 'search-tool', '--name', 'reader'];
    const { stdout } = await place.powerbox(['policy', 'replay', 'used.json', ...named]);
    expect(stdout).toContain('would be refused: write /notes/b.md (search-tool, once');
  });
});

it('leaves the journal as it was', async () => {
  expect(await ok('log', 'verify')).toContain('The journal is whole');
  expect(readFileSync(join(folder, 'notes', 'b.md'), 'utf8')).toBe('more');
});
