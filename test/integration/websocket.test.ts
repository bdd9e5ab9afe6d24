import { writeFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { makeAuthority } from '../../src/quickstart/certificates.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { makePlace, type Place } from '../support/powerbox.ts';
import { ROOT } from '../support/repository.ts';

const TOKEN = 'acme_k3v9q2x7m4t8w1z5b6n0c';
const WS_PACKAGE = join(ROOT, 'node_modules/ws');
const NAMES = ['one.acme.example', 'two.acme.example'] as const;

/** The package's own reader and writer of frames, over any stream. */
interface OverStream extends WebSocket {
  setSocket(stream: Duplex, head: Buffer, options: object): void;
  _isServer: boolean;
}

/** Opens a WebSocket over HTTP/1.1 or HTTP/2, talks, and prints what was said. */
const CLIENT = `
import { connect } from 'node:http2';
import { WebSocket } from '/opt/ws/wrapper.mjs';
const authorization = 'Bearer ' + process.env.ACME_TOKEN;
const OPTIONS = { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: false };
function overHttp1(host) {
  return new WebSocket('wss://' + host + '/socket', ['chat'], { headers: { authorization } });
}
async function overHttp2(host, extra = {}) {
  const session = connect('https://' + host);
  await new Promise((done) => session.once('remoteSettings', done));
  if (!session.remoteSettings.enableConnectProtocol) throw new Error('no extended CONNECT');
  const stream = session.request({
    ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': host,
    ':path': '/socket', 'sec-websocket-version': '13', 'sec-websocket-protocol': 'chat',
    authorization, ...extra,
  }, { endStream: false });
  const headers = await new Promise((done) => stream.once('response', done));
  if (headers[':status'] !== 200) {
    let text = '';
    for await (const chunk of stream) text += chunk;
    session.close();
    return { refused: headers[':status'] + ' ' + text };
  }
  const socket = new WebSocket(null, undefined, { autoPong: true });
  socket._isServer = false;
  socket.setSocket(stream, Buffer.alloc(0), OPTIONS);
  socket.once('close', () => session.close());
  return { socket, protocol: headers['sec-websocket-protocol'] };
}
function talk(socket) {
  return new Promise((done) => {
    const lines = [];
    socket.on('message', (data, binary) => {
      lines.push(binary ? 'bytes ' + data.length + ' ' + data[0] : 'text ' + data);
      if (lines.length === 1) socket.send('hello');
      if (lines.length === 2) socket.send(Buffer.alloc(100_000, 7));
      if (lines.length === 3) socket.close(4001, 'enough');
    });
    socket.on('error', (error) => lines.push('error ' + error.message));
    socket.on('close', () => done(lines));
  });
}
WHAT
`;

let place: Place;
let servers: readonly (Server | Http2SecureServer)[];
const begun: string[] = [];
const closed: string[] = [];

beforeAll(async () => {
  const authority = makeAuthority();
  const certificate = authority.issue([...NAMES]);
  const sockets = new WebSocketServer({ noServer: true });
  const one = createServer(certificate).on('upgrade', (request, socket, head) => {
    begun.push(`1.1 ${request.headers.authorization}`);
    sockets.handleUpgrade(request, socket, head, (client) => {
      serve(client, request.headers.authorization);
    });
  });
  const two = createSecureServer({ ...certificate, settings: { enableConnectProtocol: true } });
  two.on('stream', (stream, headers) => {
    begun.push(`2 ${headers[':protocol']} ${headers.authorization}`);
    stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' });
    serve(overStream(stream), headers.authorization);
  });
  servers = [one, two];
  place = makePlace();
  const hosts = await Promise.all(
    servers.map(async (server, index) => {
      await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;
      const at = { connect: `127.0.0.1:${port}`, ca: authority.certificate };
      return [`${NAMES[index]}:443`, at] as const;
    }),
  );
  authority.close();
  const config = { egress: { hosts: Object.fromEntries(hosts) } };
  writeFileSync(join(place.home, 'config.json'), JSON.stringify(config));
  const bound = NAMES.map((name) => `--for=https://${name}`);
  const keep = ['secret', 'set', 'ACME_TOKEN', ...bound, '--in=header:authorization:bearer'];
  const set = await place.powerbox(keep, { input: TOKEN });
  if (set.status !== 0) throw new Error(set.stderr);
});
afterAll(() => {
  for (const server of servers ?? []) server.close();
  place?.close();
});

/** A WebSocket of the package over a stream of HTTP/2. */
function overStream(stream: ServerHttp2Stream): WebSocket {
  const made = new WebSocket(null as unknown as string, undefined, { autoPong: true });
  const socket = made as OverStream;
  socket._isServer = true;
  const options = { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: false };
  socket.setSocket(stream, Buffer.alloc(0), options);
  return socket;
}

/** Says what it was sent, then repeats what it hears. */
function serve(client: WebSocket, authorization: string | undefined): void {
  client.on('error', () => {});
  client.on('close', (code, reason) => closed.push(`${code} ${reason}`));
  client.send(`you sent ${authorization}`);
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
}

async function inBox(what: string): Promise<unknown> {
  place.write('client.mjs', CLIENT.replace('WHAT', what));
  const allow = NAMES.map((name) => `--allow=GET https://${name}/socket`);
  const flags = ['--secret=ACME_TOKEN', `--mount=${WS_PACKAGE}:/opt/ws:ro`, ...allow];
  const { status, stdout, stderr } = await place.powerbox([
    'run',
    ...flags,
    '--',
    'node',
    'client.mjs',
  ]);
  expect(status, stdout + stderr).toBe(0);
  expect(leaksIn(stdout + stderr, TOKEN)).toEqual([]);
  return JSON.parse(stdout);
}

const WHOLE = [
  expect.stringMatching(/^text you sent Bearer [a-z]{4}_\w{21}$/),
  'text hello',
  'bytes 100000 7',
];

describe('a WebSocket from a box', () => {
  it('begins with an upgrade, with extended CONNECT, or with each where the other is', async () => {
    const told = await inBox(`
      const first = await talk(overHttp1('one.acme.example'));
      const bridged = await overHttp2('one.acme.example');
      const second = await talk(bridged.socket);
      const straight = await overHttp2('two.acme.example');
      const third = await talk(straight.socket);
      console.log(JSON.stringify([first, second, third, bridged.protocol, straight.protocol]));`);
    expect(told).toEqual([WHOLE, WHOLE, WHOLE, 'chat', 'chat']);
    expect(begun).toEqual([
      `1.1 Bearer ${TOKEN}`,
      `1.1 Bearer ${TOKEN}`,
      `2 websocket Bearer ${TOKEN}`,
    ]);
    // Over HTTP/2 the package ends its stream without waiting, and its close may be lost with it.
    expect(closed[0]).toBe('4001 enough');
  });

  it('is refused over HTTP/2 as it is over HTTP/1.1', async () => {
    const before = begun.length;
    const told = await inBox(`
      const one = 'one.acme.example';
      const tries = [
        { ':path': '/other' },
        { 'sec-websocket-version': '8' },
        { authorization: 'Bearer a-key-of-the-thief' },
        { 'sec-websocket-protocol': 'api-key.of-the-thief' },
      ];
      const refused = [];
      for (const extra of tries) refused.push((await overHttp2(one, extra)).refused);
      console.log(JSON.stringify(refused));`);
    expect(told).toEqual([
      expect.stringMatching(/^403 .*"path-not-granted"/),
      expect.stringMatching(/^400 .*"request-malformed"/),
      expect.stringMatching(/^403 .*"credential-foreign"/),
      expect.stringMatching(/^403 .*"credential-foreign"/),
    ]);
    expect(begun).toHaveLength(before);
  });

  it('is cut with its session, and leaves one row for each', async () => {
    await inBox(`
      const { socket } = await overHttp2('two.acme.example');
      await new Promise((done) => socket.once('message', done));
      socket.terminate();
      console.log('null');
      setTimeout(() => process.exit(0), 200);`);
    const { stdout } = await place.powerbox(['log', '--json', '--limit', '1000']);
    const rows = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const sockets = rows.filter(({ kind, verdict }) => kind === 'request' && verdict === 'allow');
    expect(sockets.map(({ status }) => status)).toEqual([101, 200, 200, 200]);
    expect(sockets.every(({ secrets }) => secrets.includes('ACME_TOKEN'))).toBe(true);
  });
});
