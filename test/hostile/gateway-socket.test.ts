import { connect as connectTo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  BIGINT_DIGITS_MAX,
  GREETING_MS_MAX,
  HEAD_BYTES_MAX,
  HELD_CALLS_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_DEPTH_MAX,
  SOCKET_SESSIONS_MAX,
  TABLE_CHECK_MESSAGES,
  TABLE_ENTRIES_MAX,
  UNSENT_BYTES_MAX,
} from '../../src/gateway/limits.ts';
import { type Gateway, openGateway, PATIENCE } from '../support/gateway-harness.ts';
import { endOf, expectAlive, rawPeer, withTill } from '../support/raw-peer.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A request for a WebSocket, without the end of its head. */
const UPGRADE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

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
    await withTill(gateway);
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
    await withTill(gateway);
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
    await withTill(gateway);
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
      await expect.poll(() => peer.heard.length >= batch || isOver(), PATIENCE).toBe(true);
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
    await expect.poll(() => tryWhoami(gateway), PATIENCE).toBe(true);
  });

  it('cannot fill the memory with pings whose answers it does not read', async () => {
    const gateway = await openGateway({ port: null });
    const socket = connectTo(gateway.doors.socket);
    onTestFinished(() => void socket.destroy());
    socket.write(`${UPGRADE}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // A ping of 125 bytes with a mask of zeros (RFC 6455 §5.2).
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const many = Buffer.concat(new Array<Buffer>(8_000).fill(ping));
    for (let sent = 0; sent < 4 * UNSENT_BYTES_MAX && socket.writable; sent += many.length) {
      if (!socket.write(many)) {
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
      }
    }
    await expect.poll(() => gateway.doors.sessions(), PATIENCE).toBe(0);
    await expectAlive(gateway);
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
    expect(await ask(`${UPGRADE}\r\nOrigin: http://localhost`)).toMatch(/^HTTP\/1\.1 403 /);
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

async function tryWhoami(gateway: Gateway): Promise<boolean> {
  try {
    await expectAlive(gateway);
    return true;
  } catch {
    return false;
  }
}
