import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_HOST } from '../../src/quickstart/demo.ts';
import type { GrantInfo } from '../../src/wire/doors.ts';
import { daemonPidOf, jsonLines } from '../support/daemon.ts';
import { type Outcome, type ServedPlace, withServices } from '../support/powerbox.ts';

/**
 * The whole story, told with the real daemon, the real command line and real boxes: a power is
 * given, handed on narrowed, used up, taken back in the middle of a download, and all of it is on
 * record; and a daemon that is killed meanwhile changes nothing.
 */

const REPOSITORY = `https://${API_HOST}/repos/acme/one`;
const TARBALL = `${REPOSITORY}/tarball`;

let place: ServedPlace;
let box: { readonly alice: string; readonly bob: string };
let first: GrantInfo;
/** Authorization headers that the service saw for the repository. */
const seen: (string | undefined)[] = [];

beforeAll(async () => {
  place = await withServices(undefined, { handle });
  await powerbox('power', 'add', `https://${API_HOST} with ACME_TOKEN`, '--as', 'github');
  await powerbox('guest', 'add', 'alice');
  await powerbox('guest', 'add', 'bob');
  [first] = jsonLines<GrantInfo>(
    await powerbox('grant', 'github', 'to', 'alice', '--because', 'the release', '--json'),
  ) as [GrantInfo];
  box = { alice: await start('alice'), bob: await start('bob') };
}, 60_000);

afterAll(async () => {
  for (const id of Object.values(box ?? {})) await place.powerbox(['stop', id]);
  const pid = daemonPidOf(place.home);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await place.close();
});

/** A repository of a few words, and a download that does not end by itself. */
function handle(request: IncomingMessage, response: ServerResponse): boolean {
  if (!request.url?.startsWith('/repos/acme/')) return false;
  seen.push(request.headers.authorization);
  if (!request.url.endsWith('/tarball')) {
    response.end('a file of the repository\n');
    return true;
  }
  const timer = setInterval(() => response.write('some bytes of the download\n'), 5);
  response.on('close', () => clearInterval(timer));
  return true;
}

async function powerbox(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await place.powerbox(args);
  if (status !== 0) throw new Error(`powerbox ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function start(guest: string): Promise<string> {
  const flags = ['--as', guest, '--detach', '--workspace', 'none'];
  return (await powerbox('run', ...flags, '--', 'sleep', '300')).trim();
}

function inside(id: string, ...program: string[]): Promise<Outcome> {
  return place.powerbox(['exec', id, '--', ...program]);
}

/** Status and body. */
async function curl(id: string, url: string, ...flags: string[]): Promise<[number, string]> {
  const { stdout } = await inside(id, 'curl', '-s', '-w', '\n%{http_code}', ...flags, url);
  const at = stdout.lastIndexOf('\n');
  return [Number(stdout.slice(at + 1)), stdout.slice(0, at)];
}

function killDaemon(): void {
  const pid = daemonPidOf(place.home);
  if (pid === undefined) throw new Error('no daemon runs');
  process.kill(pid, 'SIGKILL');
}

describe('a power goes from hand to hand', () => {
  it('is used by whoever it was given to, who never sees its secret', async () => {
    expect(await curl(box.alice, `${REPOSITORY}/readme`)).toEqual([
      200,
      'a file of the repository\n',
    ]);
    expect(seen).toEqual([`Bearer ${place.demo.token}`]);
    const environment = await inside(box.alice, 'env');
    expect(environment.stdout).not.toContain(place.demo.token);
    const [status, body] = await curl(box.bob, `${REPOSITORY}/readme`);
    expect([status, JSON.parse(body).error]).toEqual([403, 'not-granted']);
  });

  it('is handed on from inside a box, narrowed, with ten uses', async () => {
    const only = `GET ${REPOSITORY}/**`;
    const words = ['grant', 'github', 'to', 'bob', '--only', only, '--budget', 'uses=10'];
    const granted = await inside(box.alice, 'powerbox', ...words, '--because', 'to review');
    expect([granted.status, granted.stderr]).toEqual([0, '']);
    const tree = await powerbox('grants', '--tree');
    expect(tree).toMatch(/alice[^\n]*\n[^\n]*bob[^\n]*uses 0 of 10/);
  });

  it('works ten times, also when the daemon is killed in the middle, and not an eleventh', async () => {
    for (let use = 1; use <= 10; use += 1) {
      if (use === 6) killDaemon();
      // Whoever asks for the daemon starts another; the box finds it by itself.
      if (use === 6) await powerbox('grants');
      expect((await curl(box.bob, `${REPOSITORY}/file-${use}`, '--retry', '5'))[0]).toBe(200);
    }
    const [status, body] = await curl(box.bob, `${REPOSITORY}/file-11`);
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({
      error: 'budget-spent',
      message: expect.stringContaining('a budget of 10 uses, and 10 are spent'),
    });
    expect(seen).toHaveLength(11);
  }, 60_000);

  it('is narrower in the second hand, whatever the first hand says', async () => {
    const [posted, body] = await curl(box.bob, `${REPOSITORY}/issues`, '-d', 'x=1');
    expect([posted, JSON.parse(body).error]).toEqual([403, 'method-not-granted']);
    expect((await curl(box.bob, `https://${API_HOST}/repos/acme/two`))[0]).toBe(403);
    const lacking = await inside(box.alice, 'powerbox', 'grant', 'vault', 'to', 'bob');
    expect(lacking.status).toBe(77);
    // What was narrowed for alice stays narrow, though alice hands it on as if it were not.
    await powerbox('guest', 'add', 'carol');
    const narrow = ['grant', 'github', 'to', 'carol', '--only', `GET https://${API_HOST}/v1/**`];
    await powerbox(...narrow, '--as', 'little');
    const wide = ['--only', `POST https://${API_HOST}/**`, '--as', 'much'];
    await powerbox('grant', 'little', 'to', 'bob', '--by', 'carol', ...wide);
    expect((await curl(box.bob, `https://${API_HOST}/v1/me`, '-d', 'x=1'))[0]).toBe(403);
  });

  it('ends for everyone when it is taken back, in the middle of a download', async () => {
    const words = ['grant', 'github', 'to', 'bob', '--only', `GET ${TARBALL}`, '--as', 'download'];
    expect((await inside(box.alice, 'powerbox', ...words)).status).toBe(0);
    let began = (): void => {};
    const streaming = new Promise<void>((done) => {
      began = done;
    });
    let last = 0;
    const program = ['exec', box.bob, '--', 'curl', '-sSN', TARBALL];
    const download = place.powerbox(program, {
      onOutput() {
        last = performance.now();
        began();
      },
    });
    await Promise.race([streaming, download]);
    const dry = await powerbox('revoke', first.id, '--dry-run');
    expect(dry).toContain('bob');
    await powerbox('revoke', first.id, '--because', 'the release is out');
    const returned = performance.now();
    const { status, stderr } = await download;
    expect(status).not.toBe(0);
    expect(stderr).toContain('curl:');
    // Not one byte came after the command had returned.
    expect(last).toBeLessThanOrEqual(returned);
    for (const id of [box.alice, box.bob]) {
      const [refused, body] = await curl(id, TARBALL);
      expect(refused).toBe(403);
      expect(JSON.parse(body)).toMatchObject({
        error: 'grant-revoked',
        message: expect.stringContaining('the release is out'),
      });
    }
  }, 60_000);

  it('stays ended when the daemon is killed', async () => {
    killDaemon();
    for (const id of [box.alice, box.bob]) {
      const [refused, body] = await curl(id, TARBALL);
      expect([refused, JSON.parse(body).error]).toEqual([403, 'grant-revoked']);
    }
    const tree = await powerbox('grants', '--tree', '--all');
    expect(tree).toMatch(/alice[^\n]*revoked[^\n]*the release is out/);
    expect((await curl(box.bob, TARBALL))[0]).toBe(403);
  });

  it('is on record, from the first grant to the last refusal', async () => {
    const log = await powerbox('log', '--limit', '500');
    for (const words of ['to alice', 'the release', 'budget-spent', 'grant-revoked']) {
      expect(log).toContain(words);
    }
    const ofBob = jsonLines<{ kind: string; verdict?: string; code?: string; chain?: string[] }>(
      await powerbox('log', '--guest', 'bob', '--limit', '500', '--json'),
    );
    expect(ofBob.some(({ kind }) => kind === 'box-start')).toBe(true);
    const allowed = ofBob.filter(({ kind, verdict }) => kind === 'request' && verdict === 'allow');
    expect(allowed).toHaveLength(11);
    const spent = ofBob.filter(({ code }) => code === 'budget-spent');
    expect(spent).toMatchObject([{ chain: [...first.chain, expect.any(String)] }]);
    for (const { chain } of allowed) expect(chain?.slice(0, 2)).toEqual(first.chain);
    expect(JSON.stringify(ofBob)).not.toContain(place.demo.token);
    expect(await powerbox('log', 'verify')).toContain('The journal is whole');
  });
});
