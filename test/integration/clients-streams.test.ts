import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { API_HOST, EVIL_HOST } from '../../src/quickstart/demo.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { people, placeholderIn, type ServedPlace, withServices } from '../support/powerbox.ts';
import { ROOT } from '../support/repository.ts';

const WS_PACKAGE = join(ROOT, 'node_modules/ws');
/** What an event may take from the server to the reader in the box. */
const EVENT_MS_MAX = 200;

/** Prints what it is sent; asks for an echo of text and of bytes, then ends with a code. */
const SOCKET_CLIENT = `
import { WebSocket } from 'ws-in-box/wrapper.mjs';
const [url, secret] = process.argv.slice(2);
const headers = { authorization: 'Bearer ' + secret };
const socket = new WebSocket(url, { headers });
let count = 0;
socket.on('message', (data, binary) => {
  console.log(binary ? 'bytes ' + data.length + ' ' + data[0] : 'text ' + data);
  count += 1;
  if (count === 1) socket.send('hello');
  if (count === 2) socket.send(Buffer.alloc(100_000, 7));
  if (count === 3) socket.close(4001, 'enough');
});
socket.on('close', (code, reason) => console.log('closed ' + code + ' ' + reason));
socket.on('error', (error) => console.log('error ' + error.message));
`;

describe.each(people())('as %s, a stream from a box', (_name, person) => {
  let place: ServedPlace;
  let server: WebSocketServer;
  const upgrades: IncomingMessage[] = [];
  beforeAll(async () => {
    place = await withServices(person);
    server = serveSockets(place, upgrades);
    place.write('client.mjs', SOCKET_CLIENT.replace('ws-in-box', '/opt/ws'));
  });
  afterAll(async () => {
    server?.close();
    await place?.close();
  });

  const webSocket = (url: string, secret: string) =>
    place.box(
      ['sh', '-c', `node client.mjs "${url}" "${secret}"`],
      [`--mount=${WS_PACKAGE}:/opt/ws:ro`],
    );

  it('is a WebSocket with the token in its slot at the upgrade', async () => {
    const outcome = await webSocket(`wss://${API_HOST}/socket`, '$ACME_TOKEN');
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(upgrades.at(-1)?.headers.authorization).toBe(`Bearer ${place.demo.token}`);
    const placeholder = placeholderIn(outcome.stdout);
    expect(outcome.stdout.split('\n')).toEqual([
      `text {"received":"Bearer ${placeholder}"}`,
      'text hello',
      'bytes 100000 7',
      'closed 4001 enough',
      '',
    ]);
    expect(placeholder).toHaveLength(place.demo.token.length);
    expect(leaksIn(outcome.stdout + outcome.stderr, place.demo.token)).toEqual([]);
  });

  it('is no WebSocket to another host or with another credential', async () => {
    const before = upgrades.length;
    const evil = await webSocket(`wss://${EVIL_HOST}/socket`, '$ACME_TOKEN');
    expect(evil.stdout).toBe('error Unexpected server response: 403\nclosed 1006 \n');
    const foreign = await webSocket(`wss://${API_HOST}/socket`, 'a-key-of-the-thief');
    expect(foreign.stdout).toBe('error Unexpected server response: 403\nclosed 1006 \n');
    expect(upgrades).toHaveLength(before);
    expect(place.demo.evil.connections()).toBe(0);
  });

  it('brings events while they happen, clean of the token', async () => {
    const delays: number[] = [];
    const onOutput = (text: string): void => {
      for (const [, sent] of text.matchAll(/"sent":(\d+)/g)) delays.push(Date.now() - Number(sent));
    };
    const url = `https://${API_HOST}/stream`;
    const curl = `curl -sSN -H "Authorization: Bearer $ACME_TOKEN" ${url}; printenv ACME_TOKEN`;
    const outcome = await place.box(['sh', '-c', curl], [], { onOutput });
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(leaksIn(outcome.stdout, place.demo.token)).toEqual([]);
    const placeholder = outcome.stdout.trim().split('\n').at(-1);
    expect(outcome.stdout.split(`"authorization":"Bearer ${placeholder}"`)).toHaveLength(6);
    expect(delays).toHaveLength(5);
    expect(Math.max(...delays)).toBeLessThan(EVENT_MS_MAX);
  });
});

describe('without a box, the same stream', () => {
  let place: ServedPlace;
  let env: Record<string, string>;
  let origin: string;
  beforeAll(async () => {
    place = await withServices();
    place.write('ca.pem', place.demo.authority.certificate);
    const ca = join(place.workspace, 'ca.pem');
    env = { CURL_CA_BUNDLE: ca, NODE_EXTRA_CA_CERTS: ca };
    origin = `localhost:${place.demo.api.port}`;
  });
  afterAll(() => place?.close());

  it('of events shows the token to its reader', async () => {
    const auth = `Authorization: Bearer ${place.demo.token}`;
    const curl = ['curl', '-sSN', '-H', auth, `https://${origin}/stream`];
    const outcome = await place.run(curl, { env });
    expect(leaksIn(outcome.stdout, place.demo.token)).toContain('plain');
  });

  it('of a WebSocket shows the token to its reader', async () => {
    const server = serveSockets(place, []);
    place.write('client.mjs', SOCKET_CLIENT.replace('ws-in-box', WS_PACKAGE));
    const client = ['node', 'client.mjs', `wss://${origin}/socket`, place.demo.token];
    const outcome = await place.run(client, { env });
    server.close();
    expect(outcome.stdout).toContain(`text {"received":"Bearer ${place.demo.token}"}`);
  });
});

/** Tells each client what it sent at the upgrade, then repeats what it says. */
function serveSockets(place: ServedPlace, upgrades: IncomingMessage[]): WebSocketServer {
  const server = new WebSocketServer({ noServer: true });
  place.demo.api.server.on('upgrade', (request, socket, head) => {
    upgrades.push(request);
    server.handleUpgrade(request, socket, head, (client) => {
      client.send(JSON.stringify({ received: request.headers.authorization }));
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
    });
  });
  return server;
}
