import { connect as connectTo, type Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  BIGINT_DIGITS_MAX,
  CALLBACKS_MAX,
  CALLS_MAX,
  FAILED_LOGINS_MAX,
  GREETING_MS_MAX,
  GUEST_SESSIONS_MAX,
  HEAD_BYTES_MAX,
  HELD_BYTES_MAX,
  HELD_CALLS_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_DEPTH_MAX,
  PORT_SESSIONS_MAX,
  REFERENCES_MAX,
  SOCKET_SESSIONS_MAX,
  TABLE_CHECK_MESSAGES,
  TABLE_ENTRIES_MAX,
  UNSENT_BYTES_MAX,
} from '../../src/gateway/limits.ts';
import type { HostDoor } from '../../src/wire/doors.ts';
import {
  type Gateway,
  lookup,
  openGateway,
  refusal,
  type Till,
} from '../support/gateway-harness.ts';
import { HOST } from '../support/kernel-fixture.ts';

/** A peer that sends what it likes, line by line. */
interface RawPeer {
  readonly socket: Socket;
  /** Every message that came, as data. */
  readonly heard: unknown[];
  send(message: unknown): void;
  /** The next message whose name begins with this. */
  hear(name: string): Promise<readonly unknown[]>;
  readonly closed: Promise<void>;
}

async function rawPeer(gateway: Gateway): Promise<RawPeer> {
  const socket = connectTo(gateway.doors.socket);
  onTestFinished(() => void socket.destroy());
  const heard: unknown[] = [];
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    heard.push(...lines.map((line) => JSON.parse(line) as unknown));
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    socket,
    heard,
    closed,
    send: (message) => void socket.write(`${JSON.stringify(message)}\n`),
    async hear(name) {
      const found = (): unknown =>
        heard.find((one) => Array.isArray(one) && String(one[0]).startsWith(name));
      await expect.poll(found).toBeDefined();
      const [message] = heard.splice(heard.indexOf(found()), 1);
      return message as readonly unknown[];
    },
  };
}

/** The reason of the end of a session, as the peer was told. */
async function endOf(peer: RawPeer): Promise<string> {
  const [, error] = await peer.hear('abort');
  await peer.closed;
  return String((error as readonly unknown[])[2]);
}

/** That nothing that was done to the daemon keeps it from others. */
async function expectAlive(gateway: Gateway): Promise<void> {
  const { door, close } = await gateway.host();
  expect(await (door as unknown as HostDoor).whoami()).toEqual({ id: HOST, name: HOST });
  close();
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a hostile peer on the socket', () => {
  it.each([
    ['bytes that are no greeting', '\u0000\u0001\u0002'],
    ['words in small letters', 'hello\n'],
    ['TLS', '\u0016\u0003\u0001'],
  ])('is cut when it begins with %s', async (_, bytes) => {
    const gateway = await openGateway({ port: null });
    const peer = await rawPeer(gateway);
    peer.socket.write(bytes);
    await peer.closed;
    expect(peer.heard).toEqual([]);
    await expectAlive(gateway);
  });

  it.each([
    ['what is not JSON', '[not json\n'],
    ['what is no message', '[]\n'],
    ['a message of another name', '["hello",1]\n'],
    ['a name that every object has', '["constructor",1]\n'],
    ['a release of what is not there', '["release",77,1]\n'],
    ['a release that adds', '["push",["pipeline",0,["whoami"],[]]]\n["release",1,-3]\n'],
    ['a pull of what is not there', '["pull",77]\n'],
    ['a pipe', '["pipe"]\n'],
    ['a stream', '["stream",["pipeline",0,["whoami"],[]]]\n'],
    ['a program to run over a list', '["push",["remap",0,[],[],[["pipeline",0]]]]\n'],
    ['the same in other letters', '["push", ["\\u0072emap",0,[],[],[["pipeline",0]]]]\n'],
    ['it in an argument', '["push",["pipeline",0,["list"],[[[{"a":["readable",1]}]]]]]\n'],
    [
      'it in an error',
      '["reject",0,["error","Error","a",null,{"b":["blob","",["readable",1]]}]]\n',
    ],
    ['an object that is not there', '["push",["pipeline",55,["a"],[]]]\n'],
    ['a call that is none', '["push",["import",0]]\n'],
    ['a call within a call', '["push",["pipeline",0,["list"],[["pipeline",0,["whoami"],[]]]]]\n'],
    ['a call within an answer', '["resolve",5,["pipeline",0,["whoami"],[]]]\n'],
  ])('is told and cut when it sends %s', async (_, lines) => {
    const gateway = await openGateway({ port: null });
    const peer = await rawPeer(gateway);
    peer.socket.write(lines);
    expect(await endOf(peer)).toMatch(/^\[(?:call-invalid|reference-closed)\] Cannot .*\.$/);
    await expectAlive(gateway);
    expect(gateway.errors).toEqual([]);
  });

  it('may say those words in its data, where they are data', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const peer = await rawPeer(gateway);
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['push', ['pipeline', 1, ['keep'], [[['remap', [['readable', 1]]]]]]]);
    peer.send(['pull', 2]);
    expect((await peer.hear('resolve'))[2]).toEqual([['remap', [['readable', 1]]]]);
  });

  it('cannot send a message that is too long, also when it never ends', async () => {
    const gateway = await openGateway({ port: null });
    const peer = await rawPeer(gateway);
    const part = Buffer.alloc(64 * 1024, 'a');
    peer.socket.write('["push",["');
    for (let sent = 0; sent <= MESSAGE_BYTES_MAX; sent += part.length) peer.socket.write(part);
    expect(await endOf(peer)).toMatch(/^\[session-limit\]/);
    await expectAlive(gateway);
  });

  it('cannot nest deeper than is read', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const nested = (depth: number): string => `${'[['.repeat(depth)}1${']]'.repeat(depth)}`;
    const call = (value: string): string =>
      `["push",["pipeline",0,["can"],["till","put",[[${value}]]]]]\n["pull",1]\n`;
    const shallow = await rawPeer(gateway);
    shallow.socket.write(call(nested(20)));
    expect(await shallow.hear('reject')).toBeDefined();
    for (const depth of [MESSAGE_DEPTH_MAX, 200_000]) {
      const peer = await rawPeer(gateway);
      peer.socket.write(call(nested(depth)));
      expect(await endOf(peer)).toMatch(/^\[session-limit\]/);
    }
    await expectAlive(gateway);
  });

  it('cannot send a whole number that takes long to read', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const peer = await rawPeer(gateway);
    const call = (digits: number): unknown[] => [
      'push',
      ['pipeline', 1, ['keep'], [['bigint', '9'.repeat(digits)]]],
    ];
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(call(BIGINT_DIGITS_MAX));
    peer.send(['pull', 2]);
    expect((await peer.hear('re'))[0]).toBe('resolve');
    peer.send(call(BIGINT_DIGITS_MAX + 1));
    expect(await endOf(peer)).toMatch(/^\[session-limit\]/);
  });

  it('cannot hold more calls than it may', async () => {
    const gateway = await openGateway({ port: null });
    const peer = await rawPeer(gateway);
    for (let call = 0; call <= HELD_CALLS_MAX; call += 1) {
      peer.send(['push', ['pipeline', 0, ['whoami'], []]]);
    }
    expect(await endOf(peer)).toMatch(/^\[session-limit\]/);
    await expectAlive(gateway);
  });

  it('cannot hold entries of the tables that are neither calls nor powers', async () => {
    const gateway = await openGateway({ port: null });
    const peer = await rawPeer(gateway);
    // A method without its call is an object of its own each time it is asked for.
    const batch = 1_000;
    const isOver = (): boolean => peer.heard.some((one) => (one as unknown[])[0] === 'abort');
    for (let first = 1; first <= TABLE_ENTRIES_MAX + 2 * TABLE_CHECK_MESSAGES; first += batch) {
      for (let call = first; call < first + batch; call += 1) {
        peer.send(['push', ['pipeline', 0, ['whoami']]]);
        peer.send(['pull', call]);
      }
      await expect.poll(() => peer.heard.length >= batch || isOver()).toBe(true);
      if (isOver()) break;
      peer.heard.splice(0);
      for (let call = first; call < first + batch; call += 1) peer.send(['release', call, 1]);
    }
    expect(await endOf(peer)).toMatch(/^\[session-limit\]/);
    await expectAlive(gateway);
  });

  it('says nothing and is cut when its time is over', async () => {
    const gateway = await openGateway({ port: null });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const silent = await rawPeer(gateway);
    const greeting = await rawPeer(gateway);
    greeting.socket.write('\n');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => greeting.socket.write('\n', resolve));
    greeting.send(['push', ['pipeline', 0, ['whoami'], []]]);
    greeting.send(['pull', 1]);
    while (greeting.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(GREETING_MS_MAX + 1);
    await silent.closed;
    expect(greeting.socket.destroyed).toBe(false);
  });

  it('cannot keep the host out with connections of its own for long', async () => {
    const gateway = await openGateway({ port: null });
    const peers = await Promise.all(
      Array.from({ length: SOCKET_SESSIONS_MAX }, () => rawPeer(gateway)),
    );
    const late = await rawPeer(gateway);
    await late.closed;
    peers[0]?.socket.destroy();
    await peers[0]?.closed;
    await expect.poll(() => tryWhoami(gateway)).toBe(true);
  });

  it('gets no page and no session from HTTP that is no WebSocket, or that a page sent', async () => {
    const gateway = await openGateway({ port: null });
    const ask = async (head: string): Promise<string> => {
      const socket = connectTo(gateway.doors.socket);
      socket.write(`${head}\r\n\r\n`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    };
    expect(await ask('GET / HTTP/1.1\r\nHost: a')).toMatch(/^HTTP\/1\.1 426 [\s\S]*\r\n\r\n$/);
    const upgrade =
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    expect(await ask(`${upgrade}\r\nOrigin: http://localhost`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await ask('CONNECT a:1 HTTP/1.1\r\nHost: a')).toMatch(/^HTTP\/1\.1 404 /);
    const long = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(HEAD_BYTES_MAX)}`;
    expect(await ask(long)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await ask('GET nothing')).toMatch(/^HTTP\/1\.1 400 /);
    // The same request without the page's mark is what opens a session.
    const socket = new WebSocket(`ws+unix://${gateway.doors.socket}:/`);
    await new Promise((resolve) => socket.once('open', resolve));
    socket.close();
  });
});

describe('a hostile guest', () => {
  it('calls nothing that its objects did not declare', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const peer = await rawPeer(gateway);
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    let call = 1;
    const ask = async (object: number, path: readonly string[]): Promise<readonly unknown[]> => {
      call += 1;
      peer.send(['push', ['pipeline', object, path, ['return process']]]);
      peer.send(['pull', call]);
      return peer.hear('re');
    };
    for (const object of [0, 1]) {
      for (const path of [
        ['constructor'],
        ['toString'],
        ['hasOwnProperty'],
        ['__proto__'],
        ['__defineGetter__'],
        ['valueOf'],
        ['then'],
        ['dispose'],
        ['other'],
        ['constructor', 'constructor'],
        ['whoami', 'constructor'],
        ['sum', 'call'],
        ['sum', 'bind'],
      ]) {
        const [name, , error] = await ask(object, path);
        expect(name).toBe('reject');
        expect(String((error as unknown[])[2])).toMatch(/^\[method-unknown\]/);
      }
    }
    const [name, , answer] = await ask(1, ['keep']);
    expect([name, answer]).toEqual(['resolve', 'return process']);
  });

  it('cannot use a method without the object that it belongs to', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const peer = await rawPeer(gateway);
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['push', ['pipeline', 1, ['sum']]]);
    peer.send(['push', ['pipeline', 2, [], []]]);
    peer.send(['pull', 3]);
    const [, , error] = await peer.hear('reject');
    expect(String((error as unknown[])[2])).toMatch(/^\[reference-closed\]/);
    expect(gateway.log).not.toContain('sum');
  });

  it('cannot name the objects of another session', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const [one, other] = [await rawPeer(gateway), await rawPeer(gateway)];
    one.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    one.send(['pull', 1]);
    const [, , exported] = await one.hear('resolve');
    expect(exported).toEqual(['export', -1]);
    // Where it was given it can be called by its number.
    one.send(['push', ['pipeline', -1, ['put'], [4]]]);
    one.send(['pull', 2]);
    expect((await one.hear('resolve'))[2]).toBe(4);
    other.send(['push', ['pipeline', -1, ['put'], [4]]]);
    expect(await endOf(other)).toMatch(/^\[reference-closed\]/);
    expect(gateway.log.filter((line) => line === 'put')).toHaveLength(1);
  });

  it('cannot hand its objects to another through a door that both can reach', async () => {
    const gateway = await openGateway();
    const ann = await guestWithTill(gateway, 'ann');
    const host = (await gateway.stockHost()).door;
    const anns = await host.guest('ann');
    const till = await lookup(host, 'till');
    // Another holder's object, in the same session even.
    const foreign = await lookup(anns, 'till');
    expect(await refusal(till.keep(foreign))).toMatch(/^\[call-invalid\]/);
    expect(await refusal(till.keep(host))).toMatch(/^\[call-invalid\]/);
    const own = await lookup(ann.door, 'till');
    const drawer = await own.drawer();
    expect(await (await own.keep(drawer)).put(1)).toBe(1);
  });

  it('cannot use what it let go of', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const peer = await rawPeer(gateway);
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['pull', 1]);
    await peer.hear('resolve');
    peer.send(['release', 1, 1]);
    peer.send(['push', ['pipeline', -1, ['sum'], []]]);
    peer.send(['pull', 2]);
    expect((await peer.hear('resolve'))[2]).toBe(0);
    peer.send(['release', -1, 1]);
    peer.send(['push', ['pipeline', -1, ['sum'], []]]);
    expect(await endOf(peer)).toMatch(/^\[reference-closed\]/);
    await expect.poll(() => gateway.doors.sessions()).toBe(0);
  });

  it('cannot hold more powers than it may', async () => {
    const gateway = await openGateway();
    const { door, socket } = await guestWithTill(gateway, 'ann');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const held: Till[] = [];
    const hold = async (): Promise<void> => {
      for (let count = 0; count <= REFERENCES_MAX; count += 1)
        held.push(await lookup(door, 'till'));
    };
    expect(await refusal(hold())).toMatch(/^\[session-limit\]/);
    expect(held).toHaveLength(REFERENCES_MAX);
    await closed;
    await expectAlive(gateway);
  });

  it('cannot have more calls going on than it may', async () => {
    const gateway = await openGateway();
    const { door } = await guestWithTill(gateway, 'ann');
    const till = await lookup(door, 'till');
    const waiting = Array.from({ length: CALLS_MAX }, () => refusal(till.wait()));
    expect(await refusal(till.sum())).toMatch(/^\[session-limit\]/);
    const [grant] = gateway.kernel.grants({ to: gateway.kernel.principal('ann').id });
    await gateway.kernel.revoke(HOST, { grant: grant?.grant.id ?? '' }, '');
    for (const one of waiting) expect(await one).toMatch(/^\[grant-revoked\]/);
    expect(await door.whoami()).toMatchObject({ name: 'ann' });
  });

  it('cannot hold more answers than it may', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const peer = await rawPeer(gateway);
    const bytes = 1024 ** 2;
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['push', ['pipeline', 1, ['keep'], ['a'.repeat(bytes)]]]);
    // Each call is a few bytes, and each answer is large; none is ever asked for.
    const count = HELD_BYTES_MAX / bytes;
    for (let call = 0; call < count; call += 1) {
      peer.send(['push', ['pipeline', 1, ['keep'], [['pipeline', 2]]]]);
    }
    peer.send(['pull', count + 2]);
    const [name, , error] = await peer.hear('re');
    expect(name).toBe('reject');
    expect(String((error as unknown[])[2])).toMatch(/^\[session-limit\]/);
    // What it lets go of makes room.
    for (let call = 3; call < 12; call += 1) peer.send(['release', call, 1]);
    peer.send(['push', ['pipeline', 1, ['keep'], ['b']]]);
    peer.send(['pull', count + 3]);
    expect((await peer.hear('resolve'))[2]).toBe('b');
  });

  it('is cut when it does not read what it asked for', async () => {
    const gateway = await openGateway({ port: null });
    await expectTill(gateway);
    const peer = await rawPeer(gateway);
    const bytes = 1024 ** 2;
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['push', ['pipeline', 1, ['keep'], ['a'.repeat(bytes)]]]);
    peer.send(['pull', 2]);
    await peer.hear('resolve');
    peer.socket.pause();
    for (let call = 3; call < 3 + 2 * (UNSENT_BYTES_MAX / bytes); call += 1) {
      peer.send(['push', ['pipeline', 1, ['keep'], [['pipeline', 2]]]]);
      peer.send(['pull', call]);
    }
    await expect.poll(() => gateway.doors.sessions()).toBe(0);
    await expectAlive(gateway);
  });

  it('cannot pass a callback that outlives its session, or one that is an attack', async () => {
    const gateway = await openGateway();
    const { door } = await guestWithTill(gateway, 'ann');
    const till = await lookup(door, 'till');
    expect(await till.each((sum: number) => sum + 1)).toBe(1);
    expect(
      await refusal(
        till.each(() => {
          throw new Error('mine');
        }),
      ),
    ).toMatch(/^\[power-failed\]/);
    await expect(till.each(() => () => 1)).resolves.toBeDefined();
    expect(await refusal(till.each(3))).toMatch(/^\[power-failed\]/);
    await expectAlive(gateway);
  });

  it('cannot be called back more often at once than it may', async () => {
    const gateway = await openGateway();
    const { door } = await guestWithTill(gateway, 'ann');
    const till = await lookup(door, 'till');
    let answer = (): void => undefined;
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const calls = Array.from({ length: CALLBACKS_MAX + 1 }, () =>
      refusal(till.each(() => silence)),
    );
    const refused = calls.at(-1) as Promise<string>;
    expect(await refused).toMatch(/^\[session-limit\]/);
    answer();
    expect(new Set(await Promise.all(calls.slice(0, -1)))).toEqual(new Set(['']));
  });

  it('has no more sessions than a guest may have', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    gateway.guest('ben');
    const token = await gateway.token('ann');
    for (let count = 0; count < GUEST_SESSIONS_MAX; count += 1) await gateway.stockGuest(token);
    await expect(gateway.stockGuest(token)).rejects.toThrow('429');
    await gateway.stockGuest(await gateway.token('ben'));
  });
});

describe('a stranger at the port', () => {
  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: `Bearer pbt_${'a'.repeat(43)}` }],
    ['a token that is too long', { authorization: `Bearer ${'a'.repeat(2_000)}` }],
    ['another scheme', { authorization: 'Basic YTph' }],
  ])('is refused with %s', async (_, headers) => {
    const gateway = await openGateway();
    expect(await knock(gateway, headers)).toBe(401);
  });

  it('is refused under another name of this machine, and from a page of elsewhere', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const { port } = gateway.doors;
    const authorization = `Bearer ${await gateway.token('ann')}`;
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `0:${port}`,
    ]) {
      expect(await knock(gateway, { authorization, host })).toBe(403);
    }
    for (const origin of [
      'https://evil.example',
      'null',
      `https://127.0.0.1:${port}`,
      'http://127.0.0.1',
      `http://127.0.0.1:${port}.evil.example`,
      `http://evil.example:${port}`,
    ]) {
      expect(await knock(gateway, { authorization, origin })).toBe(403);
    }
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${port}`;
      expect(await knock(gateway, { authorization, host })).toBe(101);
      expect(await knock(gateway, { authorization, host, origin: `http://${host}` })).toBe(101);
    }
  });

  it('names its token as a protocol where it cannot set headers, and never in the URL', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const token = await gateway.token('ann');
    const url = `ws://127.0.0.1:${gateway.doors.port}/`;
    const open = async (...args: ConstructorParameters<typeof WebSocket>): Promise<WebSocket> => {
      const socket = new WebSocket(...args);
      onTestFinished(() => socket.terminate());
      await new Promise((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      });
      return socket;
    };
    const both = await open(url, ['powerbox', `powerbox.token.${token}`]);
    expect(both.protocol).toBe('powerbox');
    expect((await open(url, `powerbox.token.${token}`)).protocol).not.toBe('powerbox');
    await expect(open(`${url}?token=${token}`)).rejects.toThrow('401');
    await expect(open(url, 'powerbox.token.other')).rejects.toThrow('401');
  });

  it('cannot guess for long', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const token = await gateway.token('ann');
    const right = { authorization: `Bearer ${token}` };
    for (let count = 0; count < FAILED_LOGINS_MAX; count += 1) {
      expect(await knock(gateway, { authorization: 'Bearer wrong' })).toBe(401);
    }
    expect(await knock(gateway, { authorization: 'Bearer wrong' })).toBe(429);
    expect(await knock(gateway, right)).toBe(429);
    gateway.clock.now += 1_000;
    expect(await knock(gateway, right)).toBe(101);
  });

  it('cannot take the place of the host at the socket', async () => {
    const gateway = await openGateway();
    const { port } = gateway.doors;
    const sockets = Array.from({ length: PORT_SESSIONS_MAX + 8 }, () =>
      connectTo(port ?? 0, '127.0.0.1'),
    );
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    let over = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        over += 1;
      });
    }
    await expect.poll(() => over).toBeGreaterThanOrEqual(8);
    await expectAlive(gateway);
  });

  it('gets nothing from a request that is no WebSocket, and no leave for other pages', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const url = `http://127.0.0.1:${gateway.doors.port}`;
    const authorization = `Bearer ${await gateway.token('ann')}`;
    for (const [method, headers, status] of [
      ['GET', { authorization }, 426],
      ['GET', {}, 404],
      ['OPTIONS', { origin: 'https://evil.example' }, 404],
      ['POST', { authorization }, 426],
    ] as const) {
      const answer = await fetch(`${url}/anything`, { method, headers });
      expect(answer.status).toBe(status);
      expect(await answer.text()).toBe('');
      const names = [...answer.headers.keys()];
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

/** The status that a request for a WebSocket is answered with; a session that opens is closed. */
function knock(gateway: Gateway, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.doors.port}/`, { headers });
    socket.once('upgrade', () => {
      resolve(101);
      socket.once('open', () => socket.close());
    });
    socket.once('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once('error', reject);
    socket.on('error', () => undefined);
  });
}

async function tryWhoami(gateway: Gateway): Promise<boolean> {
  try {
    await expectAlive(gateway);
    return true;
  } catch {
    return false;
  }
}

async function expectTill(gateway: Gateway): Promise<void> {
  const { door, close } = await gateway.host();
  await (door as unknown as HostDoor).makePower('till:one', 'till', '');
  close();
  await expect.poll(() => gateway.doors.sessions()).toBe(0);
}

async function guestWithTill(gateway: Gateway, name: string): ReturnType<Gateway['stockGuest']> {
  await expectTill(gateway);
  const to = gateway.guest(name);
  const parent = gateway.kernel.names.lookup(HOST, 'till');
  gateway.kernel.grant(HOST, { parent, to, as: 'till' });
  return gateway.stockGuest(await gateway.token(name));
}
