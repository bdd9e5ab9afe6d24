import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_HOST } from '../../src/quickstart/demo.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { headerOf } from '../../src/quickstart/service.ts';
import { placeholderIn, type ServedPlace, withServices } from '../support/powerbox.ts';

const BIG = Buffer.alloc(10 << 20, 'powerbox ');
const BIG_HASH = createHash('sha256').update(BIG).digest('hex');

/** One session of Node's own client; `ask` gives all of an answer, and prints nothing. */
const CLIENT = `
import { createHash } from 'node:crypto';
import { connect } from 'node:http2';
const session = connect('https://${API_HOST}', { maxSessionMemory: 100 });
session.on('error', (error) => console.log('session', error.code));
const bearer = { authorization: 'Bearer ' + process.env.ACME_TOKEN };
function ask(fields, body) {
  return new Promise((done) => {
    const stream = session.request({ ...bearer, ...fields }, { endStream: body === undefined });
    const answer = { status: 0, headers: {}, trailers: {}, bytes: 0, text: '', events: [] };
    const hash = createHash('sha256');
    stream.on('response', (headers) => Object.assign(answer, { status: headers[':status'], headers }));
    stream.on('trailers', (trailers) => (answer.trailers = trailers));
    stream.on('continue', () => { answer.events.push('continue'); if (body?.late) stream.end(body.late); });
    stream.on('data', (chunk) => {
      hash.update(chunk);
      answer.bytes += chunk.length;
      if (answer.text.length < 5000) answer.text += chunk;
      if (fields['x-stop']) stream.close(8);
    });
    stream.on('error', (error) => answer.events.push(error.code));
    stream.on('close', () => done({ ...answer, hash: hash.digest('hex'), code: stream.rstCode }));
    if (body !== undefined && !body.late) stream.end(body);
  });
}
const big = Buffer.alloc(10 << 20, 'powerbox ');
const told = {};
WHAT
console.log(JSON.stringify(told));
session.close();
`;

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly text: string;
  readonly hash: string;
  readonly code: number;
  readonly events: readonly string[];
}

let place: ServedPlace;

beforeAll(async () => {
  place = await withServices(undefined, { handle: serve });
});
afterAll(() => place?.close());

/** Upstream of these tests: what it does is said by the path. */
function serve(request: IncomingMessage, response: ServerResponse): boolean {
  const value = request.headers.authorization ?? '';
  switch (request.url) {
    case '/big':
      response.setHeader('content-length', BIG.length);
      response.end(BIG);
      return true;
    case '/early':
      response.writeHead(404).end('early');
      return true;
    case '/none':
      response.writeHead(204).end();
      return true;
    case '/pieces':
      void inPieces(response, value);
      return true;
    case '/trailers':
      response.writeHead(200, { trailer: 'grpc-status, x-echo', 'x-echo': value });
      response.write('body');
      response.addTrailers({ 'grpc-status': '0', 'x-echo': value });
      response.end();
      return true;
    case '/endless':
      request.socket.on('error', () => {});
      response.write('begin');
      return true;
    case '/cut':
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
      return true;
    default:
      return false;
  }
}

/** Two bytes at a time, so that the value lies over many frames. */
async function inPieces(response: ServerResponse, value: string): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain' });
  for (let at = 0; at < value.length; at += 2) {
    response.write(value.slice(at, at + 2));
    await new Promise((done) => setTimeout(done, 2));
  }
  response.end();
}

async function inBox(what: string): Promise<Record<string, Told>> {
  place.write('client.mjs', CLIENT.replace('WHAT', what));
  const { status, stdout, stderr } = await place.box(['node', 'client.mjs']);
  expect(status, stdout + stderr).toBe(0);
  expect(leaksIn(stdout + stderr, place.demo.token)).toEqual([]);
  const line = stdout.split('\n').find((each) => each.startsWith('{'));
  return JSON.parse(line ?? '{}') as Record<string, Told>;
}

describe('HTTP/2 from a box', () => {
  it('is what curl speaks there, with a token that it never holds', async () => {
    const script = `curl -sS --http2 -w '\\n%{http_version} %{http_code}\\n' -H "authorization: Bearer $ACME_TOKEN" https://${API_HOST}/echo
      curl -sS --http2 -w '\\n%{http_version} %{http_code}\\n' -H "expect: 100-continue" --data-binary @/usr/bin/env https://${API_HOST}/echo -o /dev/null
      curl -sS --http2 -o /dev/null -w '%{http_version} %{http_code}\\n' -H 'host: other.example' https://${API_HOST}/echo`;
    const { stdout, stderr } = await place.box(['sh', '-c', script]);
    expect(stdout, stderr).toContain('\n2 200\n');
    expect(stdout).toContain(`"Bearer ${placeholderIn(stdout)}"`);
    expect(stdout.trim().split('\n').at(-1)).toBe('2 421');
    const sent = place.demo.api.requests.find(({ url }) => url === '/echo');
    expect(sent && headerOf(sent, 'authorization')).toBe(`Bearer ${place.demo.token}`);
    expect(leaksIn(stdout + stderr, place.demo.token)).toEqual([]);
  });

  it('carries a hundred requests at a time, each with its own answer', async () => {
    const told = await inBox(`
      const all = await Promise.all(Array.from({ length: 100 }, (_, n) =>
        ask({ ':path': '/echo', ':method': 'POST', 'x-number': String(n) }, 'body ' + n)));
      all.forEach((one, n) => { told[n] = one; });`);
    for (let n = 0; n < 100; n += 1) {
      expect(told[n]?.status).toBe(200);
      expect(told[n]?.text).toContain(`["x-number","${n}"]`);
    }
    expect(Object.keys(told)).toHaveLength(100);
  });

  it('carries large bodies both ways, and others beside them', async () => {
    const told = await inBox(`
      const [up, down, ...small] = await Promise.all([
        ask({ ':path': '/echo', ':method': 'POST' }, big),
        ask({ ':path': '/big' }),
        ...Array.from({ length: 10 }, () => ask({ ':path': '/v1/me' })),
      ]);
      Object.assign(told, { up, down, small: small[9] });`);
    expect(told.up?.status).toBe(200);
    expect(told.up?.text).toContain('"POST"');
    expect(told.down?.hash).toBe(BIG_HASH);
    expect(told.small?.text).toContain('enterprise');
    const upload = place.demo.api.requests.find(({ bodyBytes }) => bodyBytes === BIG.length);
    expect(upload?.method).toBe('POST');
  });

  it('keeps the value out of heads, bodies in pieces, and trailers', async () => {
    const told = await inBox(`
      told.pieces = await ask({ ':path': '/pieces' });
      told.trailers = await ask({ ':path': '/trailers' });`);
    const placeholder = placeholderIn(told.pieces?.text ?? '');
    expect(told.pieces?.text).toBe(`Bearer ${placeholder}`);
    expect(told.trailers?.headers['x-echo']).toBe(`Bearer ${placeholder}`);
    expect(told.trailers?.trailers).toMatchObject({
      'grpc-status': '0',
      'x-echo': `Bearer ${placeholder}`,
    });
  });

  it('has answers without a body, interim ones, and ones that break off', async () => {
    const told = await inBox(`
      told.head = await ask({ ':path': '/big', ':method': 'HEAD' });
      told.none = await ask({ ':path': '/none' });
      told.waits = await ask({ ':path': '/echo', ':method': 'POST', expect: '100-continue' }, { late: 'now' });
      told.cut = await ask({ ':path': '/cut' });
      told.denied = await ask({ ':path': '/../v1', ':method': 'POST' }, big);
      told.after = await ask({ ':path': '/v1/me' });`);
    expect(told.head).toMatchObject({ status: 200, bytes: 0, code: 0 });
    expect(told.head?.headers['content-length']).toBe(String(BIG.length));
    expect(told.none).toMatchObject({ status: 204, bytes: 0, code: 0 });
    expect(told.waits).toMatchObject({ status: 200, events: ['continue'] });
    expect(told.waits?.text).toContain('"now"');
    expect(told.cut).toMatchObject({ status: 200, text: 'half', code: 2 });
    expect(told.denied).toMatchObject({ status: 400, code: 0 });
    expect(told.denied?.text).toContain('path-ambiguous');
    expect(told.after?.status).toBe(200);
  });

  it('lets a program read an answer that comes before its body is sent', async () => {
    const script = `for i in 1 2 3 4; do head -c 1100000 /dev/zero | curl -m 5 -sS \
      -w ' %{http_code}\\n' -H 'expect:' --data-binary @- https://${API_HOST}/early; done`;
    const { stdout, stderr } = await place.box(['sh', '-c', script]);
    expect(stdout, stderr).toBe('early 404\n'.repeat(4));
  });

  it('goes on where the program gives one request up; each use has both its rows', async () => {
    const told = await inBox(`
      told.endless = await ask({ ':path': '/endless', 'x-stop': 'yes' });
      told.after = await ask({ ':path': '/v1/me' });`);
    expect(told.endless).toMatchObject({ status: 200, text: 'begin' });
    expect(told.after?.status).toBe(200);
    const { stdout } = await place.powerbox(['log', '--json', '--limit', '1000']);
    const rows = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const uses = rows.filter(({ kind, verdict }) => kind === 'request' && verdict === 'allow');
    expect(uses.length).toBeGreaterThan(110);
    for (const use of uses) expect(use).toHaveProperty('bytesIn');
    const given = uses.find(({ url }) => String(url).endsWith('/endless'));
    expect(given).toMatchObject({ status: 200, bytesIn: 5 });
    expect(JSON.stringify(rows)).not.toContain(place.demo.token);
  });
});
