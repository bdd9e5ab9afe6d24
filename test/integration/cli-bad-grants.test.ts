import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type DaemonClient } from '../../src/gateway/client.ts';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';

let place: DaemonPlace;
let client: DaemonClient;

beforeAll(async () => {
  place = makeDaemonPlace();
  for (const name of ['alice', 'bob']) await place.json('guest', 'add', name);
  await place.json('power', 'add', 'https://api.example', '--as', 'api');
  await place.json('grant', 'api', 'to', 'alice', '--as', 'api');
  await place.json('grant', 'api', 'to', 'alice', '--as', 'fixed', '--no-delegate');
  client = await connect(join(place.home, 'powerbox.sock'));
});

afterAll(() => {
  client?.close();
  place?.close();
});

/** Everything that was ever given. */
async function everyGrant(): Promise<readonly unknown[]> {
  const grants = await client.door.grants({ all: true });
  return grants.map(({ id, valid }) => [id, valid.allow]);
}

/** Arguments, exit status (sysexits), code, and what the line must say. */
const WRONG: readonly (readonly [string, readonly string[], number, string, RegExp])[] = [
  ['no word "to"', ['grant', 'api', 'for', 'alice'], 64, 'usage', /POWER to GUEST/],
  ['no guest', ['grant', 'api', 'to'], 64, 'usage', /guest/],
  ['a guest that is not there', ['grant', 'api', 'to', 'nobody'], 66, 'guest-unknown', /nobody/],
  ['a name that is not there', ['grant', 'nothing', 'to', 'alice'], 66, 'name-unknown', /nothing/],
  [
    'a grant that is not there',
    ['grant', 'gr-none', 'to', 'alice'],
    66,
    'grant-unknown',
    /gr-none/,
  ],
  ['a kind that is not there', ['power', 'add', 'nokind:x'], 64, 'kind-unknown', /nokind/],
  ['files that are no path', ['power', 'add', 'files:x'], 64, 'power-invalid', /begin with/],
  ['a rule as a power', ['power', 'add', 'GET https://a.example/x'], 64, 'power-invalid', /narrow/],
  [
    'a malformed rule',
    ['grant', 'api', 'to', 'bob', '--only', 'GET https://api.example/x**y'],
    64,
    'narrowing-invalid',
    /x\*\*y/,
  ],
  [
    'a rule of another host',
    ['grant', 'api', 'to', 'bob', '--only', 'GET https://other.example/'],
    64,
    'narrowing-invalid',
    /other\.example/,
  ],
  [
    'a budget of nothing',
    ['grant', 'api', 'to', 'bob', '--budget', 'uses'],
    64,
    'grant-invalid',
    /uses/,
  ],
  [
    'a budget twice',
    ['grant', 'api', 'to', 'bob', '--budget', 'uses=1,uses=2'],
    64,
    'grant-invalid',
    /twice/,
  ],
  [
    'a time that is none',
    ['grant', 'api', 'to', 'bob', '--for', 'soon'],
    64,
    'grant-invalid',
    /soon/,
  ],
  [
    'an end before the beginning',
    ['grant', 'api', 'to', 'bob', '--for', '1h', '--from', '2h'],
    64,
    'grant-invalid',
    /over/,
  ],
  [
    'an approval that is none',
    ['grant', 'api', 'to', 'bob', '--approve', 'maybe'],
    64,
    'usage',
    /maybe/,
  ],
  [
    'what a guest does not hold',
    ['grant', 'api', 'to', 'alice', '--by', 'bob'],
    66,
    'name-unknown',
    /api/,
  ],
  [
    'what may not be granted on',
    ['grant', 'fixed', 'to', 'bob', '--by', 'alice'],
    77,
    'grant-not-delegable',
    /fixed|granted on|handed on|delegat/,
  ],
  [
    'a circle',
    ['grant', 'api', 'to', 'alice', '--by', 'alice'],
    65,
    'grant-cycle',
    /alice|itself|way/,
  ],
  ['the guest of another', ['name', 'ls', '--by', 'nobody'], 66, 'guest-unknown', /nobody/],
  ['a guest twice', ['guest', 'add', 'alice'], 73, 'guest-exists', /alice/],
  ['a guest without a name', ['guest', 'add', ''], 64, 'guest-invalid', /name/],
  ['a guest that is a path', ['guest', 'add', '../x'], 64, 'guest-invalid', /name/],
  ['the host as a guest', ['guest', 'rm', 'host'], 64, 'guest-invalid', /host/],
  ['a guest to remove that is not there', ['guest', 'rm', 'nobody'], 66, 'guest-unknown', /nobody/],
  [
    'a token for no time',
    ['guest', 'token', 'alice', '--for', 'ever'],
    64,
    'limit-invalid',
    /ever/,
  ],
  ['a name that is taken', ['name', 'cp', 'api', 'api'], 73, 'name-taken', /api/],
  ['a name that is none', ['name', 'mkdir', 'a/../b'], 64, 'name-invalid', /\.\./],
  ['a directory that is not there', ['name', 'ls', 'none'], 66, 'name-unknown', /none/],
  ['a grant to end that is not there', ['revoke', 'gr-none'], 66, 'grant-unknown', /gr-none/],
  ['two things to end', ['revoke', 'x', '--guest', '--secret'], 64, 'usage', /--secret/],
  [
    'a grant that another gave',
    ['revoke', 'api', '--by', 'bob'],
    66,
    'grant-unknown',
    /not given by you|find/,
  ],
  ['mail that is not there', ['resolve', 'ml-none'], 66, 'mail-unknown', /ml-none/],
  ['a letter to nobody', ['send', 'nobody', 'hi'], 66, 'guest-unknown', /nobody/],
  ['a letter to dismiss that is not there', ['dismiss', 'ml-none'], 66, 'mail-unknown', /ml-none/],
  ['an answer to no letter', ['reply', 'ml-none', 'hi'], 66, 'mail-unknown', /ml-none/],
  ['an approval that is not there', ['approve', 'ap-none'], 66, 'approval-unknown', /ap-none/],
  ['nothing to decide', ['deny'], 64, 'usage', /ids or --all/],
  ['days that are none', ['grants', '--unused', 'many'], 64, 'usage', /days/],
  [
    'a question without a guest',
    ['can', 'nobody', '--', 'GET', 'https://a.example/'],
    66,
    'guest-unknown',
    /nobody/,
  ],
  ['a question without a method', ['can', 'alice', 'api'], 64, 'usage', /METHOD/],
  ['arguments that are no JSON', ['can', 'alice', 'api', 'fetch', '{'], 64, 'usage', /JSON/],
  [
    'a power to show that is not there',
    ['power', 'show', 'pw-none'],
    66,
    'power-unknown',
    /pw-none/,
  ],
  ['a log of nobody', ['log', '--guest', 'nobody'], 66, 'guest-unknown', /nobody/],
];

describe('a wrong command line about grants', () => {
  it.each(WRONG)('%s: one line, its code, its status', async (_, args, status, code, says) => {
    const before = await everyGrant();
    const ran = await place.powerbox(args);
    expect(ran.stderr).toContain(`[${code}]`);
    expect(ran.status).toBe(status);
    expect(ran.stdout).toBe('');
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(ran.stderr).toMatch(says);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    expect(await everyGrant()).toEqual(before);
  });

  it('a chain that is too deep, and one as deep as may be', async () => {
    const names = ['alice', ...Array.from({ length: 64 }, (_, at) => `deep-${at}`)];
    for (const name of names.slice(1)) await client.door.addGuest(name, '');
    // Below a grant that was given to alice, which is the second of its chain.
    for (let at = 1; at <= 62; at++) {
      const giver = await client.door.guest(names[at - 1] ?? '');
      await giver.grant({ power: 'api', to: names[at] ?? '', as: 'api' });
    }
    const args = ['grant', 'api', 'to', names[63] ?? '', '--by', names[62] ?? ''];
    const refused = await place.powerbox(args);
    expect(refused.status).toBe(77);
    expect(refused.stderr).toContain('[grant-too-deep]');
  });
});
