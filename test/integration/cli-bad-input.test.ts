import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../support/powerbox.ts';

let place: Place;

beforeAll(() => {
  place = makePlace();
  execFileSync('mkfifo', [join(place.workspace, 'pipe.json')]);
  place.write('program.js', '1');
  place.write('unknown-key.json', '{"version":1,"power":[]}');
  mkdirSync(join(place.workspace, 'typed'));
  writeFileSync(join(place.workspace, 'typed/powerbox.json'), '{"version":1,"powers":"all"}');
  mkdirSync(join(place.workspace, 'keyed'));
  writeFileSync(join(place.workspace, 'keyed/powerbox.json'), '{"version":1,"power":[]}');
});

afterAll(() => place.close());

/** Arguments, exit status (sysexits), code, and what the line must say. */
const WRONG: readonly (readonly [string, readonly string[], number, string, RegExp])[] = [
  ['an unknown command', ['fly'], 64, 'usage', /"fly"/],
  ['an unknown flag', ['run', '--wings', '--', 'true'], 64, 'usage', /--wings/],
  ['no program', ['run'], 64, 'usage', /program/],
  [
    'a program that is not there',
    ['run', '--', 'no-such-program'],
    66,
    'program-missing',
    /no-such-program/,
  ],
  [
    'a program outside the box',
    ['run', '--workspace=none', '--', './run.sh'],
    66,
    'program-missing',
    /--mount/,
  ],
  [
    'a mount that is not there',
    ['run', '--mount=/no/such', '--', 'true'],
    66,
    'mount-unreadable',
    /\/no\/such/,
  ],
  [
    'a mount of the root',
    ['run', '--mount=/', '--', 'true'],
    77,
    'mount-exposes-state',
    /Cannot mount \//,
  ],
  [
    'a mount of /proc',
    ['run', '--mount=/proc:/x', '--', 'true'],
    77,
    'mount-exposes-state',
    /\/proc/,
  ],
  ['a mount with too many parts', ['run', '--mount=/a:/b:/c:rw', '--', 'true'], 64, 'usage', /SRC/],
  ['a mount over the system', ['run', '--mount=/usr:/etc', '--', 'true'], 64, 'usage', /\/etc/],
  [
    'a secret that is not there',
    ['run', '--secret=NOPE', '--', 'true'],
    66,
    'secret-unknown',
    /NOPE/,
  ],
  [
    'a wildcard above a public suffix',
    ['run', '--allow=*.com', '--', 'true'],
    64,
    'rule-invalid',
    /column 1/,
  ],
  [
    'every host without the flag',
    ['run', '--allow=*', '--', 'true'],
    64,
    'rule-invalid',
    /allow-all-hosts/,
  ],
  [
    'a malformed pattern',
    ['run', '--allow=https://a.example/x**y', '--', 'true'],
    64,
    'rule-invalid',
    /column \d+/,
  ],
  ['memory without a number', ['run', '--memory=lots', '--', 'true'], 64, 'limit-invalid', /lots/],
  ['no processes at all', ['run', '--pids=0', '--', 'true'], 64, 'limit-invalid', /--pids/],
  [
    'a timeout beyond timers',
    ['run', '--timeout=99d', '--', 'true'],
    64,
    'limit-invalid',
    /24 days/,
  ],
  ['an access that is none', ['run', '--workspace=rx', '--', 'true'], 64, 'usage', /rx/],
  [
    'a variable that is not set',
    ['run', '--env=NOT_SET_HERE', '--', 'true'],
    64,
    'usage',
    /NOT_SET_HERE/,
  ],
  ['a kit that is not there', ['run', '--kit=nope', '--', 'true'], 64, 'usage', /nope/],
  ['a box that is not there', ['inspect', 'bx-none'], 66, 'box-unknown', /bx-none/],
  [
    'a secret without an origin',
    ['secret', 'set', 'UNKNOWN_NAME'],
    64,
    'secret-no-origin',
    /UNKNOWN_NAME/,
  ],
  [
    'a secret as an argument',
    ['secret', 'set', 'A_NAME', 'the-value-of-it'],
    64,
    'usage',
    /argument/,
  ],
  [
    'a policy with an unknown key',
    ['policy', 'explain', 'unknown-key.json'],
    78,
    'policy-invalid',
    /power/,
  ],
  [
    'a policy that is a pipe',
    ['policy', 'explain', 'pipe.json'],
    78,
    'policy-invalid',
    /pipe\.json/,
  ],
  [
    'an output that cannot be written',
    ['policy', 'generate', 'program.js', '--output', 'no/such/folder.json'],
    64,
    'usage',
    /Cannot write no\/such/,
  ],
  ['an agent without a task', ['agent', 'scout', ' '], 64, 'usage', /it is empty\./],
  ['an agent without a name', ['agent'], 64, 'usage', /'name'\. Run/],
];

describe('a wrong command line', () => {
  it.each(WRONG)(
    '%s: one line, its code, its status, and nothing started',
    async (_, args, status, code, says) => {
      const ran = await place.powerbox(args, { input: 'a-value-long-enough' });
      expect(ran.status).toBe(status);
      expect(ran.stdout).toBe('');
      expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(ran.stderr).toMatch(says);
      expect(ran.stderr).toContain(`[${code}]`);
      expect(ran.stderr).not.toMatch(/\n\s+at /);
      expect(ran.stderr).not.toContain('the-value-of-it');
      const boxes = join(place.home, 'boxes');
      expect(existsSync(boxes) ? readdirSync(boxes) : []).toEqual([]);
    },
  );

  it.each([
    ['typed', /powers/],
    ['keyed', /power/],
  ])('a powerbox.json that is %s wrong', async (folder, says) => {
    const cwd = join(place.workspace, folder);
    const ran = await place.powerbox(['run', '--accept-policy', '--', 'true'], { cwd });
    expect(ran.status).toBe(78);
    expect(ran.stderr).toMatch(says);
    expect(ran.stderr).toContain('[policy-invalid]');
  });

  it('a workspace that holds the state folder', async () => {
    const ran = await place.powerbox(['run', '--', 'true'], { cwd: place.home });
    expect(ran.status).toBe(77);
    expect(ran.stderr).toContain('[mount-exposes-state]');
  });

  it('a config.json with an unknown key', async () => {
    const other = makePlace();
    writeFileSync(join(other.home, 'config.json'), '{"egress":{"host":{}}}');
    const ran = await other.powerbox(['run', '--', 'true']);
    other.close();
    expect(ran.status).toBe(78);
    expect(ran.stderr).toContain('"host"');
  });

  it('a stack is shown with --debug and only then', async () => {
    const ran = await place.powerbox(['--debug', 'inspect', 'bx-none']);
    expect(ran.stderr).toMatch(/\n\s+at /);
  });

  it('every verb has a --help with an example', async () => {
    const help = await place.powerbox(['--help']);
    const verbs = [...help.stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(
      (match) => match[1] as string,
    );
    expect(verbs.length).toBeGreaterThan(10);
    for (const verb of verbs) {
      const own = await place.powerbox([verb, '--help']);
      expect(own.status, verb).toBe(0);
      expect(own.stdout, verb).toMatch(/Example/);
    }
  });
});
