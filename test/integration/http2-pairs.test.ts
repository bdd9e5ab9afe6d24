import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeUpstreams } from '../../src/egress/upstream/pools.ts';
import { makeAuthority } from '../../src/quickstart/certificates.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { makePlace, type Place } from '../support/powerbox.ts';
import { END_HEADERS, END_STREAM, rawPeer, TYPE } from '../support/raw-http2.ts';
import { ask, placeAt, UPSTREAM_NAME } from '../support/upstream-client.ts';
import { type Kind, makeServers, type Served, type Servers } from '../support/upstream-servers.ts';

const HOSTS: Readonly<Record<string, Kind>> = {
  'one.acme.example': 'http/1.1',
  'two.acme.example': 'h2',
  'both.acme.example': 'both',
};
const TOKEN = 'acme_k3v9q2x7m4t8w1z5b6n0c';

let servers: Servers;
let place: Place;
let split: Served;
/** Every authorization that arrived. */
const authorizations: string[] = [];

beforeAll(async () => {
  servers = makeServers(makeAuthority(), [...Object.keys(HOSTS), UPSTREAM_NAME]);
  const served = new Map<string, Served>();
  for (const [name, kind] of Object.entries(HOSTS)) served.set(name, await echoes(kind));
  split = await inFrames();
  served.set(UPSTREAM_NAME, split);
  place = makePlace();
  const hosts = [...served].map(([name, { port }]) => [
    `${name}:443`,
    { connect: `127.0.0.1:${port}`, ca: servers.authority.certificate },
  ]);
  const config = { egress: { hosts: Object.fromEntries(hosts) } };
  writeFileSync(`${place.home}/config.json`, JSON.stringify(config));
  const bound = [...served.keys()].map((name) => `--for=https://${name}`);
  const keep = ['secret', 'set', 'ACME_TOKEN', ...bound, '--in=header:authorization:bearer'];
  const set = await place.powerbox(keep, { input: TOKEN });
  if (set.status !== 0) throw new Error(set.stderr);
});
afterAll(() => {
  place?.close();
  servers?.close();
  servers?.authority.close();
});

/** Repeats a request in its answer, its authorization in a header and a trailer. */
function echoes(kind: Kind): Promise<Served> {
  return servers.serve(kind, (request, response) => {
    const authorization = String(request.headers.authorization);
    authorizations.push(authorization);
    response.writeHead(200, {
      'x-version': request.httpVersion,
      'x-length': String(request.headers['content-length'] ?? 'none'),
      'x-echo': authorization,
      'x-codings': String(request.headers['grpc-accept-encoding']),
      ...(request.url === '/coded' ? { 'grpc-encoding': 'gzip' } : {}),
      trailer: 'x-after',
    });
    response.addTrailers({ 'x-after': authorization });
    request.pipe(response);
  });
}

/** Says the authorization in a header, in a frame for each of its bytes, and in a trailer. */
function inFrames(): Promise<Served> {
  return servers.raw((socket) => {
    rawPeer(socket, (peer, { type, stream, payload }) => {
      if (type !== TYPE.headers) return;
      const said = /Bearer \w+/.exec(payload.toString('latin1'))?.[0] ?? 'nothing';
      authorizations.push(said);
      peer.head(stream, [':status', '200', 'x-echo', said]);
      for (const byte of Buffer.from(`it was ${said}!`)) {
        peer.send(TYPE.data, 0, stream, Buffer.from([byte]));
      }
      peer.head(stream, ['x-after', said], END_HEADERS | END_STREAM);
    });
  });
}

/** What curl in one box was answered to each of `calls`, head and trailers included. */
async function curls(calls: readonly string[]): Promise<{ answers: string[]; all: string }> {
  const auth = '-H "Authorization: Bearer $ACME_TOKEN"';
  const script = calls
    .map((call) => `printf parts | curl -sS -D - ${auth} ${call}; echo; echo =====`)
    .join('\n');
  const allow = [...Object.keys(HOSTS), UPSTREAM_NAME].map((name) => `--allow=${name}`);
  const flags = ['--secret=ACME_TOKEN', ...allow];
  const outcome = await place.powerbox(['run', ...flags, '--', 'sh', '-c', script]);
  expect(outcome.status, outcome.stderr).toBe(0);
  const answers = outcome.stdout.replaceAll('\r', '').split('=====\n').slice(0, -1);
  return { answers, all: outcome.stdout + outcome.stderr };
}

const SPOKEN: Readonly<Record<string, string>> = {
  '--http1.1': 'HTTP/1.1 200',
  '--http2': 'HTTP/2 200',
};
const UPSTREAM_VERSIONS: Readonly<Record<string, string>> = {
  '--http1.1 one.acme.example': '1.1',
  '--http1.1 two.acme.example': '2.0',
  '--http1.1 both.acme.example': '1.1',
  '--http2 one.acme.example': '1.1',
  '--http2 two.acme.example': '2.0',
  '--http2 both.acme.example': '2.0',
};

describe('from a box, each version to each version', () => {
  it('brings the token to the server, the answer and its trailers back, and no token', async () => {
    const pairs = Object.keys(UPSTREAM_VERSIONS);
    const calls = pairs.flatMap((pair) => {
      const [version, host] = pair.split(' ');
      const url = `https://${host}/path?query`;
      // A body of a length that is said, and one of which it is not.
      return [`${version} --data-binary said ${url}`, `${version} -X POST -T - ${url}`];
    });
    const before = authorizations.length;
    const { answers, all } = await curls(calls);
    expect(answers).toHaveLength(calls.length);
    for (const [i, answer] of answers.entries()) {
      const pair = pairs[Math.floor(i / 2)] as string;
      expect(answer, pair).toMatch(SPOKEN[pair.split(' ')[0] as string] as string);
      expect(answer, pair).toContain(`x-version: ${UPSTREAM_VERSIONS[pair]}\n`);
      expect(answer, pair).toMatch(/x-echo: Bearer [a-z]{4}_\w{21}\n/);
      expect(answer, pair).toMatch(/x-after: Bearer [a-z]{4}_\w{21}\n/);
      // A body that came whole before it was sent may be sent with its length.
      expect(answer, pair).toMatch(i % 2 === 0 ? /x-length: 4\n/ : /x-length: (none|5)\n/);
      expect(answer, pair).toContain(i % 2 === 0 ? '\nsaid' : '\nparts');
    }
    expect(authorizations.slice(before)).toEqual(calls.map(() => `Bearer ${TOKEN}`));
    expect(leaksIn(all, TOKEN)).toEqual([]);
  });

  it('has messages of gRPC come uncoded, and takes no others', async () => {
    const grpc = '-H "content-type: application/grpc" -H "grpc-accept-encoding: gzip,identity"';
    const url = 'https://two.acme.example/coded';
    const { answers } = await curls([
      `--http2 ${grpc} --data a https://two.acme.example/`,
      `--http2 ${grpc} --data a ${url}`,
      `--http1.1 ${grpc} --data a ${url}`,
    ]);
    expect(answers[0]).toContain('x-codings: identity\n');
    expect(answers[1]).toContain('x-powerbox-code: response-unscrubbable\n');
    expect(answers[1]).toContain('grpc-status: 14\n');
    expect(answers[2]).toContain('HTTP/1.1 502 ');
    expect(answers[2]).toContain('x-powerbox-code: response-unscrubbable\n');
  });

  it('shows no token that comes in a frame for each byte, in a header or in a trailer', async () => {
    const calls = ['--http1.1', '--http2'].map((version) => `${version} https://${UPSTREAM_NAME}/`);
    const before = authorizations.length;
    const { answers, all } = await curls(calls);
    expect(authorizations.slice(before)).toEqual(calls.map(() => `Bearer ${TOKEN}`));
    for (const answer of answers) {
      expect(answer).toMatch(/x-echo: Bearer [a-z]{4}_\w{21}\n/);
      expect(answer).toMatch(/it was Bearer [a-z]{4}_\w{21}!/);
      expect(answer).toMatch(/x-after: Bearer [a-z]{4}_\w{21}\n/);
    }
    expect(leaksIn(all, TOKEN)).toEqual([]);
  });
});

describe('without the egress around it', () => {
  it('the same server shows the token in each of these places', async () => {
    const upstreams = makeUpstreams();
    const at = placeAt(split.port, servers.authority.certificate);
    const headers = ['host', UPSTREAM_NAME, 'authorization', `Bearer ${TOKEN}`];
    const told = await ask(upstreams, at, { headers });
    upstreams.destroy();
    expect(told.headers).toEqual(['x-echo', `Bearer ${TOKEN}`]);
    expect(told.body.toString()).toBe(`it was Bearer ${TOKEN}!`);
    expect(told.pieces).toBe(told.body.length);
    expect(told.trailers).toEqual(['x-after', `Bearer ${TOKEN}`]);
  });
});
