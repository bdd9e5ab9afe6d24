import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type DaemonClient } from '../../src/gateway/client.ts';
import type { GrantInfo, MailInfo, PendingInfo, PowerInfo } from '../../src/wire/doors.ts';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';

let place: DaemonPlace;
let client: DaemonClient;

beforeAll(async () => {
  place = makeDaemonPlace();
  mkdirSync(join(place.workspace, 'data'));
  writeFileSync(join(place.workspace, 'data', 'a.txt'), 'hello');
  for (const name of ['alice', 'bob', 'carol']) await place.json('guest', 'add', name);
  await place.json('power', 'add', 'https://api.example', '--as', 'api');
  await place.json('power', 'add', 'files:./data', '--as', 'data');
  client = await connect(join(place.home, 'powerbox.sock'));
});

afterAll(() => {
  client?.close();
  place?.close();
});

async function one<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const [only, ...more] = await place.json<T>(...args);
  if (only === undefined || more.length > 0) throw new Error(`not one line: ${args.join(' ')}`);
  return only;
}

function can(
  guest: string,
  url: string,
  method = 'GET',
): Promise<{ status: number | null; says: string }> {
  return place
    .powerbox(['can', guest, '--', method, url])
    .then(({ status, stdout }) => ({ status, says: stdout.trim() }));
}

describe('powers', () => {
  it('are known by the names that the host gave them', async () => {
    const names = await place.json('name', 'ls');
    expect(names.map(({ name, kind }) => [name, kind])).toEqual([
      ['api', 'http'],
      ['data', 'files'],
    ]);
    const power = await one<PowerInfo>('power', 'show', 'data');
    expect(power.text).toContain(join(place.workspace, 'data'));
    expect(power.methods.length).toBeGreaterThan(3);
    expect(await one('power', 'show', power.id)).toEqual(power);
    const kinds = (await place.json('power', 'kinds')).map(({ id }) => id);
    expect(kinds).toEqual(expect.arrayContaining(['http', 'files']));
  });
});

describe('a grant', () => {
  it('gives, is narrowed on, and is taken back with all that hangs on it', async () => {
    const url = 'https://api.example/repos/acme/issues';
    expect(await can('alice', url)).toEqual({
      status: 77,
      says: expect.stringContaining('[not-granted]'),
    });
    const first = await one<GrantInfo>('grant', 'api', 'to', 'alice', '--because', 'the review');
    expect(first).toMatchObject({ from: 'host', to: 'alice', kind: 'http', names: ['api'] });
    expect(await can('alice', url)).toEqual({ status: 0, says: `yes, by ${first.id}` });

    const only = 'GET https://api.example/repos/**';
    const second = await one<GrantInfo>(
      ...['grant', 'api', 'to', 'bob', '--by', 'alice', '--only', only],
      ...['--budget', 'uses=10,rate=5/minute', '--for', '2h', '--as', 'repos', '--no-delegate'],
    );
    expect(second).toMatchObject({
      ...{ from: 'alice', to: 'bob', parent: first.id, only: ['GET /repos/**'] },
      ...{ budget: ['uses=10', 'rate=5/minute'], delegable: false },
    });
    expect((await can('bob', url)).says).toBe(`yes, by ${second.id}`);
    expect((await can('bob', url, 'POST')).status).toBe(77);
    expect((await can('bob', 'https://api.example/user')).status).toBe(77);

    const tree = (await place.powerbox(['grants', '--tree'])).stdout;
    const lines = tree.split('\n');
    const at = lines.findIndex((line) => line.includes(first.id));
    expect(lines[at]).toMatch(/^[├└]─ .*alice as api/);
    expect(lines[at + 1]).toMatch(/^[│ ] {2}└─ .*bob as repos .*uses 0 of 10.*valid$/);

    const would = await place.json<GrantInfo>('revoke', first.id, '--dry-run');
    expect(would.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect((await can('bob', url)).status).toBe(0);
    const ended = await place.json<GrantInfo>('revoke', first.id, '--because', 'over');
    expect(ended.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect((await can('alice', url)).status).toBe(77);
    expect((await can('bob', url)).status).toBe(77);
    const left = await place.json<GrantInfo>('grants', '--to', 'bob');
    expect(left).toEqual([]);
    const all = await place.json<GrantInfo>('grants', '--to', 'bob', '--all');
    expect(all.map(({ id, valid }) => [id, valid.allow])).toEqual([[second.id, false]]);
    expect((await place.powerbox(['grants', '--tree', '--all'])).stdout).toMatch(/grant-revoked/);
  });

  it('of another kind is asked about by name and method', async () => {
    const grant = await one('grant', 'data', 'to', 'carol', '--only', 'ro', '--as', 'papers');
    const shown = await one<PowerInfo>('name', 'show', 'papers', '--by', 'carol');
    expect(shown.kind).toBe('files');
    const reads = shown.methods.find(({ name }) => name === 'readText')?.name;
    expect(reads).toBe('readText');
    const yes = await place.powerbox(['can', 'carol', 'papers', 'readText', '"a.txt"']);
    expect([yes.status, yes.stdout, yes.stderr]).toEqual([0, `yes, by ${grant.id}\n`, '']);
    const no = await place.powerbox(['can', 'carol', 'papers', 'remove', '"a.txt"', '--json']);
    expect(no.status).toBe(77);
    expect(JSON.parse(no.stdout)).toMatchObject({ allow: false });
  });

  it('that was not used for so many days is found', async () => {
    const made = await one<GrantInfo>('grant', 'data', 'to', 'alice', '--as', 'unused');
    const unused = await place.json<GrantInfo>('grants', '--to', 'alice', '--unused', '0');
    expect(unused.map(({ id }) => id)).toContain(made.id);
    expect(await place.json('grants', '--to', 'alice', '--unused', '1')).toEqual([]);
    await place.json('revoke', made.id);
  });

  it('ends with its power, and with its guest', async () => {
    await place.json('guest', 'add', 'dora');
    await one('power', 'add', 'https://other.example', '--as', 'other');
    const power = await one<PowerInfo>('power', 'show', 'other');
    const grant = await one<GrantInfo>('grant', 'other', 'to', 'dora');
    const byPower = await place.json<GrantInfo>('revoke', power.id, '--power', '--dry-run');
    expect(byPower.map(({ id }) => id)).toContain(grant.id);
    const byGuest = await place.json<GrantInfo>('guest', 'rm', 'dora');
    expect(byGuest.map(({ id }) => id)).toEqual([grant.id]);
    const gone = await place.powerbox(['guest', 'show', 'nobody']);
    expect([gone.status, gone.stderr]).toEqual([66, expect.stringContaining('[guest-unknown]')]);
    const guests = await place.json('guest', 'ls');
    expect(guests.map(({ name }) => name)).not.toContain('dora');
    expect((await place.json('guest', 'ls', '--all')).map(({ name }) => name)).toContain('dora');
  });
});

describe('approval', () => {
  interface Files {
    write(path: string, content: string): Promise<unknown>;
    readText(path: string): Promise<string>;
  }

  async function filesOf(guest: string): Promise<Files> {
    const door = await client.door.guest(guest);
    return (await door.lookup('papers')) as Files;
  }

  async function waiting(count: number): Promise<readonly PendingInfo[]> {
    for (let tries = 0; tries < 50; tries++) {
      const found = await place.json<PendingInfo>('pending');
      if (found.length === count) return found;
    }
    throw new Error(`never ${count} calls that wait`);
  }

  it('lets reads pass, and writes when the host says so, once each', async () => {
    await place.json('guest', 'add', 'erin');
    await one('grant', 'data', 'to', 'erin', '--approve', 'writes', '--as', 'papers');
    const files = await filesOf('erin');
    expect(await files.readText('a.txt')).toBe('hello');
    const writes = ['b.txt', 'c.txt', 'd.txt'].map((name) =>
      files.write(name, 'text').then(
        () => 'written',
        (error: unknown) => /^\[[a-z-]+\]/.exec(String((error as Error).message))?.[0],
      ),
    );
    const [first, second, third] = await waiting(3);
    expect(first).toMatchObject({ guest: 'erin', state: 'pending', effect: 'write' });
    const denied = await one<PendingInfo>('deny', String(second?.id), '--because', 'not this');
    expect(denied).toMatchObject({ id: second?.id, state: 'denied' });
    expect(await writes[1]).toBe('[approval-denied]');
    const approved = await place.json<PendingInfo>('approve', '--all');
    expect(approved.map(({ id, state }) => [id, state])).toEqual([
      [first?.id, 'approved'],
      [third?.id, 'approved'],
    ]);
    expect(await Promise.all(writes)).toEqual(['written', '[approval-denied]', 'written']);
    const again = await place.powerbox(['approve', String(first?.id)]);
    expect(again.status).not.toBe(0);
    expect(again.stderr).toMatch(/\[approval-(?:decided|unknown)\]/);
    expect(existsSync(join(place.workspace, 'data', 'b.txt'))).toBe(true);
    expect(existsSync(join(place.workspace, 'data', 'c.txt'))).toBe(false);
  });
});

describe('names', () => {
  it('are moved, copied, nested and forgotten by each holder alone', async () => {
    await one('grant', 'api', 'to', 'carol', '--as', 'api');
    const name = (...args: string[]): Promise<unknown> =>
      place.powerbox(['name', ...args, '--by', 'carol']).then(({ status, stderr }) => {
        expect(stderr).toBe('');
        expect(status).toBe(0);
      });
    await name('mkdir', 'work');
    await name('mv', 'api', 'work/api');
    await name('cp', 'work/api', 'again');
    const within = await place.json('name', 'ls', 'work', '--by', 'carol');
    expect(within.map((entry) => entry.name)).toEqual(['api']);
    await name('rm', 'work', '-r');
    const left = (await place.json('name', 'ls', '--by', 'carol')).map((entry) => entry.name);
    expect(left).toContain('again');
    expect(left).not.toContain('work');
    expect((await place.json('name', 'ls')).map((entry) => entry.name)).toContain('api');
  });
});

describe('mail', () => {
  it('asks, is answered with a grant, and comes back to the asker', async () => {
    const only = 'GET https://wiki.example/**';
    const asked = await one<MailInfo>(
      ...['request', 'http', 'to look things up', '--by', 'bob'],
      ...['--power', 'https://wiki.example', '--only', only],
    );
    expect(asked).toMatchObject({
      from: 'bob',
      to: 'host',
      state: 'open',
      text: 'to look things up',
    });
    expect((await place.json('inbox')).map(({ id }) => id)).toEqual([asked.id]);
    const resolved = await one<MailInfo>('resolve', asked.id, '--for', '1h');
    expect(resolved.state).toBe('resolved');
    expect((await can('bob', 'https://wiki.example/x')).says).toBe(`yes, by ${resolved.grant}`);
    expect(await place.json('inbox')).toEqual([]);
    const [sent] = await place.json<MailInfo>('inbox', '--sent', '--by', 'bob');
    expect(sent).toMatchObject({ id: asked.id, grant: resolved.grant });
    const twice = await place.powerbox(['resolve', asked.id]);
    expect([twice.status, twice.stderr]).toEqual([65, expect.stringContaining('[mail-decided]')]);
  });

  it('waits for its answer, and says no with the exit status', async () => {
    const waiting = place.powerbox([
      'request',
      'http',
      'please',
      '--by',
      'bob',
      '--wait',
      '--json',
    ]);
    let open: readonly MailInfo[] = [];
    for (let tries = 0; open.length === 0 && tries < 50; tries++) {
      open = await place.json<MailInfo>('inbox');
    }
    await one('reject', open[0]?.id ?? '', '--because', 'use the mirror');
    const answered = await waiting;
    expect(answered.status).toBe(77);
    expect(JSON.parse(answered.stdout)).toMatchObject({
      state: 'rejected',
      answer: 'use the mirror',
    });
  });

  it('says that the daemon has gone, to who waits', async () => {
    const own = makeDaemonPlace();
    await own.json('guest', 'add', 'bob');
    const waiting = own.powerbox(['request', 'http', 'please', '--by', 'bob', '--wait']);
    while ((await own.json('inbox')).length === 0);
    const pid = own.daemonPid();
    if (pid === undefined) throw new Error('no daemon runs');
    process.kill(pid, 'SIGKILL');
    const told = await waiting;
    own.close();
    expect(told.status).toBe(69);
    expect(told.stderr).toContain('[daemon-unreachable]');
  });

  it('brings grants that are adopted, and is answered and dismissed', async () => {
    const letter = await one<MailInfo>(
      ...['send', 'alice', 'for today', '--enclose', 'papers=data', '--only', 'ro'],
    );
    expect(letter.enclosed.map(({ name }) => name)).toEqual(['papers']);
    const adopted = await one('adopt', letter.id, 'papers', '--by', 'alice', '--as', 'today');
    expect(adopted.path).toBe('today');
    expect((await one<PowerInfo>('name', 'show', 'today', '--by', 'alice')).kind).toBe('files');
    const reply = await one<MailInfo>('reply', letter.id, 'thank you', '--by', 'alice');
    expect(reply).toMatchObject({ from: 'alice', to: 'host', replyTo: letter.id });
    expect(await one<MailInfo>('dismiss', reply.id)).toMatchObject({ state: 'dismissed' });
  });

  it('cannot speak to a terminal', async () => {
    const text = 'look \u001b[2J\u202e here';
    const asked = await one<MailInfo>('request', 'http', text, '--by', 'bob');
    const { stdout } = await place.powerbox(['inbox']);
    expect(stdout).toContain('look \\x1b[2J\\u202e here');
    await one('dismiss', asked.id);
  });
});

describe('the journal', () => {
  it('has all of it, by guest and by grant', async () => {
    const grant = await one<GrantInfo>('grant', 'api', 'to', 'bob', '--as', 'last');
    const byGrant = await place.json('log', '--grant', grant.id);
    expect(byGrant.map(({ kind }) => kind)).toEqual(['grant']);
    const byGuest = await place.json('log', '--guest', 'bob');
    expect(byGuest.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['guest', 'grant', 'mail']),
    );
    expect((await place.powerbox(['log', 'verify'])).status).toBe(0);
  });
});
