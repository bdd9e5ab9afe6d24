import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reveals } from '../support/readings.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import { makeIssuer, type RawService, startRawService } from '../support/service.ts';
import { makeSocketService, type Said } from '../support/websocket-service.ts';

const TOKEN = 'tok_live-9fQ2+mZ7xLw4TbR6y8KpV';
const SOCKET_TOKEN = 'sock_live-4Hq2ZpW9mLx7KcVt8RbN';
/** Of a secret that this box was never given. */
const LEAKED = 'other_live-Qw3Er5Ty7Ui9Op1As2Df4';
const PLACES = ['api', 'judged', 'slot', 'open', 'graph'].map((name) => `${name}.acme.example`);

const socketService = makeSocketService();
let servers: readonly RawService[];
let rig: Rig;
let inBox: TrickRun;
let outside: Readonly<Record<string, Seen>>;
let said: readonly Said[];
let saidOutside: readonly Said[];
let heard: string;

beforeAll(async () => {
  const issuer = makeIssuer();
  const { answer } = socketService;
  servers = await Promise.all(
    PLACES.map((name) => startRawService({ certificate: issuer.issue(name), answer })),
  );
  const ports = PLACES.map((name, index) => [`${name}:443`, servers[index]?.port ?? 0]);
  rig = makeRig(Object.fromEntries(ports), issuer.certificate);
  await rig.secret('API_TOKEN', TOKEN, ['--for', 'https://api.acme.example']);
  const slot = ['--for', 'https://slot.acme.example', '--in', 'websocket:json:/auth/token'];
  await rig.secret('SOCKET_TOKEN', SOCKET_TOKEN, slot);
  await rig.secret('OTHER_TOKEN', LEAKED, ['--for', 'https://elsewhere.acme.example']);
  const done = async (...words: string[]): Promise<void> => {
    const { status, stderr } = await rig.powerbox(words);
    if (status !== 0) throw new Error(stderr);
  };
  await done('guest', 'add', 'talker');
  const grant = (host: string, ...only: string[]): Promise<void> =>
    done('grant', `https://${host}.acme.example`, 'to', 'talker', ...only);
  await grant('api');
  await grant('slot');
  await grant('open');
  await grant('judged', '--only', 'GET /socket message /type=subscribe|ping');
  await grant('graph', '--only', '/graphql graphql query=*');
  const secrets = ['--secret', 'API_TOKEN', '--secret', 'SOCKET_TOKEN'];
  const flags = ['--as', 'talker', ...secrets, '--env', `LEAKED=${LEAKED}`];
  inBox = await rig.tricks('websocket-tricks.py', flags);
  said = [...socketService.said];
  heard = servers.map((server) => server.received()).join('\n');
  outside = await rig.control('websocket-tricks.py', {
    API_TOKEN: TOKEN,
    SOCKET_TOKEN,
    LEAKED,
  });
  saidOutside = socketService.said.slice(said.length);
});
afterAll(async () => {
  await rig.powerbox(['daemon', 'stop']);
  rig.close();
  await Promise.all(servers.map((server) => server.close()));
});

function textOf(name: string): string {
  const seen = inBox.seen[name] as Seen;
  return seen.text;
}

/** What the data frames said, put together. */
function lettersOf(seen: Seen | undefined): string {
  const frames = seen?.text.split('\n') ?? [];
  return frames.flatMap((line) => /^[012][.+] (.*)$/.exec(line)?.[1] ?? []).join('');
}

/** Its text reached the server without a box, and nothing of it did from the box. */
function expectHeldBack(name: string, told: RegExp, trace = name): void {
  expect(saidOutside.some(({ text }) => text.includes(trace))).toBe(true);
  expect(said.filter(({ text }) => text.includes(trace))).toEqual([]);
  expect(textOf(name)).toMatch(/^HTTP\/1\.1 101 /);
  expect(textOf(name)).toMatch(told);
}

describe('a message that the rules of the grant do not allow', () => {
  it('38 is the only one that is held back', () => {
    expect(textOf('judged_good')).toMatch(/1\. \{"type":"ping","n":1\}\n.*1\. \{"type":"ping"/s);
    const good = said.filter(({ text }) => text === '{"type":"ping","n":1}');
    expect(good.length).toBeGreaterThanOrEqual(3);
    for (const { frames, masked } of good) expect([frames, masked]).toEqual([1, true]);
  });

  it.each([
    ['judged_bad', /8\. 1008 body-refused: a message over .*\/type.* of the message must/],
    ['judged_later', /8\. 1008 body-refused/],
    ['judged_pieces', /8\. 1008 body-refused/],
    ['judged_key_twice', /8\. 1008 body-unreadable/],
    ['judged_key_case', /8\. 1008 body-refused/],
    ['judged_text', /8\. 1008 body-unreadable/],
    ['judged_two', /8\. 1008 body-unreadable/],
    ['judged_bom', /8\. 1008 body-unreadable/],
    ['judged_binary', /8\. 1008 body-unreadable/],
    ['judged_long', /8\. 1009 body-unreadable/],
    ['judged_deflate', /8\. 1002 request-malformed/],
  ])('38 (%s) never reaches the server, and is on record', (name, told) => {
    expectHeldBack(name, told);
  });

  it('38 closes its WebSocket when it is empty, or declared too long', () => {
    expect(textOf('judged_empty')).toMatch(/8\. 1008 body-unreadable/);
    expect(textOf('judged_declared')).toMatch(/8\. 1009 body-unreadable/);
  });

  it('38 has a row of its own, and one for the end of its WebSocket', () => {
    const rows = inBox.rows.filter(({ method }) => method === 'MESSAGE');
    const denied = rows.filter(({ url, verdict }) => verdict === 'deny' && url?.includes('judged'));
    expect(denied.map(({ code }) => code)).toContain('body-refused');
    expect(denied.length).toBeGreaterThan(20);
    const sockets = inBox.rows.filter(
      ({ url, method }) => url?.includes('judged') && method === 'GET',
    );
    for (const row of sockets.filter(({ verdict }) => verdict === 'allow')) {
      expect(row).toHaveProperty('status', 101);
    }
  });

  it('38 is no way around the path of the grant', () => {
    expect(textOf('judged_path')).toMatch(/^HTTP\/1\.1 403 .*path-not-granted/s);
  });

  it('30 as a mutation does not pass where a grant has rules for GraphQL', () => {
    expect((outside.graph_mutation as Seen).text).toMatch(/1\. .*graph_mutation/);
    expect(textOf('graph_mutation')).toMatch(/^HTTP\/1\.1 403 .*body-refused/s);
    expect(said.filter(({ text }) => text.includes('graph_mutation'))).toEqual([]);
  });
});

describe('frames that are none', () => {
  const names = [
    'unmasked',
    'rsv1',
    'rsv2',
    'opcode',
    'continuation',
    'nested',
    'long_ping',
    'cut_ping',
    'long_length',
    'not_utf8',
    'odd_close',
  ];

  it.each(['open', 'strict'].flatMap((host) => names.map((name) => `${host}_${name}`)))(
    '35-38 (%s) never reach the server',
    (name) => {
      expectHeldBack(name, /8\. 100[27] request-malformed: The WebSocket was closed/);
    },
  );

  it.each(['open', 'strict'])('38 (%s) say nothing more after a close', (host) => {
    const name = `${host}_after_close`;
    // The server may have ended its side before the frame that follows was read.
    expectHeldBack(name, /8\. 100[02] /);
  });

  it.each(['open', 'strict'])('35-38 (%s) are no second request, and no endless one', (host) => {
    expect(textOf(`${host}_second_request`)).toMatch(/8\. 1002 request-malformed/);
    expect(heard).not.toContain('second_request');
    expect(textOf(`${host}_huge_length`)).toMatch(/8\. 1009 /);
    expect(heard).not.toContain('huge_length');
  });

  it('pass where they are frames, whatever they say', () => {
    const open = said.filter(({ text }) => /hello|you there|in pieces|^\0/.test(text));
    expect(open.map(({ opcode }) => opcode)).toEqual([1, 2, 9, 1]);
    expect(open.every(({ masked }) => masked)).toBe(true);
    expect(open[1]?.text.length).toBe(100_000);
    expect(textOf('open_good')).toMatch(/1\. hello\n.*10\. you there\?\n.*1\. in pieces/s);
  });
});

describe('a secret in the messages of a WebSocket', () => {
  const arrived = (name: string): readonly Said[] => said.filter(({ text }) => text.includes(name));

  it.each(['slot_pointer', 'slot_pieces'])('%s is filled in its slot alone', (name) => {
    expect(arrived(name).map(({ text }) => JSON.parse(text))).toEqual([
      { auth: { token: SOCKET_TOKEN }, n: name },
    ]);
    expect(arrived(name)[0]?.frames).toBe(1);
    expect(lettersOf(inBox.seen[name])).toContain(name);
    expect(lettersOf(inBox.seen[name])).not.toContain(SOCKET_TOKEN);
    expect(lettersOf(outside[name])).toContain(SOCKET_TOKEN);
  });

  it('is on record by name when it is sent first', () => {
    const rows = inBox.rows.filter(
      ({ method, secrets }) => method === 'MESSAGE' && secrets?.length,
    );
    expect(rows.map(({ secrets, verdict }) => [verdict, secrets])).toEqual([
      ['allow', ['SOCKET_TOKEN']],
      ['allow', ['SOCKET_TOKEN']],
    ]);
    expect(rows.every(({ status }) => status === 101)).toBe(true);
  });

  it.each(['slot_elsewhere', 'slot_text', 'slot_split'])('%s stays a placeholder', (name) => {
    expect(arrived(name)).toHaveLength(1);
    expect(reveals(Buffer.from(arrived(name)[0]?.text ?? '', 'latin1'), SOCKET_TOKEN)).toBe(false);
  });

  it.each([
    ['slot_foreign', /8\. 1008 credential-foreign/],
    ['slot_deeper', /8\. 1008 credential-foreign/],
    ['slot_binary', /8\. 1008 body-unreadable/],
  ])('38, 43 (%s) does not pass with anything else in its place', (name, told) => {
    expectHeldBack(name, told);
  });

  it('is not filled into a ping', () => {
    const pings = said.filter(({ opcode, text }) => opcode === 9 && text.includes('auth'));
    expect(pings).toHaveLength(1);
    expect(pings[0]?.text).not.toContain(SOCKET_TOKEN);
  });

  it('reaches the server nowhere but in its slot', () => {
    const filled = said.filter(({ text }) => text.includes(SOCKET_TOKEN));
    expect(filled).toHaveLength(2);
  });
});

describe('what a server says over a WebSocket', () => {
  it.each([
    ['echo_early', /1\. early \S{30}/],
    ['echo_everywhere', /2\. binary .*9\. ping .*10\. pong .*1\+? ?.* in two.*8\. 1000 bye /s],
  ])('38 (%s) loses the value in every kind of frame', (name, instead) => {
    expect(reveals((outside[name] as Seen).bytes, TOKEN)).toBe(true);
    expect(reveals((inBox.seen[name] as Seen).bytes, TOKEN)).toBe(false);
    expect(textOf(name)).toMatch(instead);
  });

  it.each(['echo_compressed', 'echo_masked'])('38 (%s) is cut where it cannot be read', (name) => {
    expect(reveals((inBox.seen[name] as Seen).bytes, TOKEN)).toBe(false);
    expect(textOf(name)).toMatch(/8\. 1014 response-unscrubbable/);
  });

  it('43 is not asked for with a credential among the sub-protocols', () => {
    expect((outside.echo_protocol as Seen).text).toMatch(/1\. echo_protocol/);
    expect(textOf('echo_protocol')).toMatch(/^HTTP\/1\.1 403 .*credential-foreign/s);
  });
});

describe('a value that no box may know', () => {
  it.each([
    ...['leak_text', 'leak_pieces', 'leak_binary', 'leak_base64', 'leak_ping', 'leak_close'],
    ...['leak_judged', 'leak_judged_ping'],
  ])('49 (%s) does not leave in a frame', (name) => {
    expect(saidOutside.some(({ text }) => text.includes(name))).toBe(true);
    expect(textOf(name)).toMatch(/8\. 1008 secret-leaked/);
    for (const { text } of said) expect(reveals(Buffer.from(text, 'latin1'), LEAKED)).toBe(false);
    expect(reveals(Buffer.from(heard, 'latin1'), LEAKED)).toBe(false);
  });
});
