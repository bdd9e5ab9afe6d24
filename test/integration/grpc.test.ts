import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, makeAuthority } from '../../src/quickstart/certificates.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { bundleGrpc, type GrpcService, startGrpcService } from '../support/grpc-service.ts';
import { makePlace, type Outcome, type Place } from '../support/powerbox.ts';
import { ROOT } from '../support/repository.ts';

const HOST = 'grpc.acme.example';
const TOKEN = 'acme_k3v9q2x7m4t8w1z5b6n0c';

/** What the client in the box says of one call. */
type Said = Readonly<Record<string, unknown>>;

let authority: Authority;
let service: GrpcService;
let place: Place;

beforeAll(async () => {
  authority = makeAuthority();
  service = await startGrpcService(authority.issue([HOST, 'localhost']));
  place = makePlace();
  await bundleGrpc(join(place.workspace, 'grpc.cjs'));
  copyFileSync(join(ROOT, 'test/support/grpc-client.cjs'), join(place.workspace, 'client.cjs'));
  const hosts = {
    [`${HOST}:443`]: { connect: `127.0.0.1:${service.port}`, ca: authority.certificate },
  };
  writeFileSync(join(place.home, 'config.json'), JSON.stringify({ egress: { hosts } }));
  const kept = [
    'secret',
    'set',
    'ACME_TOKEN',
    `--for=https://${HOST}`,
    '--in=header:authorization:bearer',
  ];
  const set = await place.powerbox(kept, { input: TOKEN });
  if (set.status !== 0) throw new Error(set.stderr);
});
afterAll(() => {
  service?.close();
  place?.close();
  authority?.close();
});

/** The calls in a box that may reach what `flags` say. */
async function inBox(flags: readonly string[], names: readonly string[]) {
  const script = `exec node client.cjs ${HOST}:443 "$ACME_TOKEN" ${names.join(' ')}`;
  const outcome = await place.powerbox(['run', ...flags, '--', 'sh', '-c', script]);
  return { outcome, said: saidIn(outcome) };
}

function saidIn({ stdout }: Outcome): Record<string, Said> {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return Object.fromEntries(
    lines.map((line) => JSON.parse(line) as Said).map((said) => [said.name as string, said]),
  );
}

const ALL = [`--allow=${HOST}`];

describe('gRPC from a box', () => {
  it('calls in each of the four kinds, with metadata both ways and trailers intact', async () => {
    const { outcome, said } = await inBox(ALL, ['unary', 'gather', 'scatter', 'talk', 'fail']);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(said.unary).toMatchObject({
      answer: 'hello',
      head: { 'x-answer': 'first', 'x-answer-bin': 'ff0080' },
      after: { 'x-after': 'last', 'x-after-bin': '0700ff' },
    });
    expect(service.metadata[0]).toMatchObject({ 'x-ask': 'a question', 'x-ask-bin': '00ff0a0d' });
    expect(said.gather).toMatchObject({ answer: '0+1+2+3+4' });
    expect(said.scatter).toMatchObject({ messages: ['0', '1', '2', '3', '4'], code: 0 });
    // Each question is asked only when the one before is answered.
    const answers = [0, 1, 2, 3, 4].map((i) => `answer to question ${i}`);
    expect(said.talk).toMatchObject({ messages: answers, code: 0 });
    expect(said.fail).toMatchObject({
      code: 5,
      details: 'No caf\u00e9 here: 100 %',
      after: { 'x-why-bin': '0001feff' },
    });
  });

  it('ends at the server when the deadline has come or the client gives up', async () => {
    const before = service.cancelled;
    const { said } = await inBox(ALL, ['unary', 'deadline', 'cancel']);
    expect(said.deadline).toMatchObject({ messages: ['wait'], code: 4 });
    expect(said.cancel).toMatchObject({ messages: ['wait'], code: 1 });
    for (let i = 0; i < 100 && service.cancelled < before + 2; i += 1) {
      await new Promise((done) => setTimeout(done, 20));
    }
    expect(service.cancelled).toBe(before + 2);
  });

  it('carries messages of 4 MiB, and 50 calls at once', async () => {
    const { outcome, said } = await inBox(ALL, ['large', 'many']);
    expect(said.large, outcome.stderr).toMatchObject({ same: true });
    expect(said.many).toMatchObject({ same: true });
  });

  it('has the token in its slot at the server, and never sees it again', async () => {
    const before = service.authorizations.length;
    const { outcome, said } = await inBox(
      ['--secret=ACME_TOKEN', ...ALL],
      ['echo', 'foreign', 'talk'],
    );
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(service.authorizations[before]).toBe(`Bearer ${TOKEN}`);
    const echo = said.echo as { answer: string; head: Said; after: Said };
    const placeholder = /Bearer (\S+)/.exec(echo.answer)?.[1] ?? '';
    expect(placeholder).toHaveLength(TOKEN.length);
    expect(echo.answer).toBe(`Bearer ${placeholder} `.repeat(4000));
    expect(echo.head['x-echo']).toBe(`Bearer ${placeholder}`);
    expect(echo.after['x-echo']).toBe(`Bearer ${placeholder}`);
    expect(leaksIn(outcome.stdout + outcome.stderr, TOKEN)).toEqual([]);
    expect(leaksIn(Buffer.from(String(echo.after['x-echo-bin']), 'hex').toString(), TOKEN)).toEqual(
      [],
    );
    expect(said.foreign).toMatchObject({ code: 7 });
    expect(said.talk).toMatchObject({ code: 0 });
  });

  it('is told in its own words what it may not call', async () => {
    const { said } = await inBox(
      [`--allow=POST https://${HOST}/acme.Echo/Unary`],
      ['unary', 'hidden'],
    );
    expect(said.unary).toMatchObject({ answer: 'hello' });
    expect(said.hidden).toMatchObject({
      code: 7,
      after: { 'x-powerbox-code': 'path-not-granted' },
    });
    expect(String(said.hidden?.details)).toContain('/acme.Echo/Hidden');
    expect(service.called).not.toContain('Hidden');
  });
});

describe('gRPC without a box', () => {
  it('shows the token to its client, and calls what it likes', async () => {
    const ca = join(place.workspace, 'ca.pem');
    writeFileSync(ca, authority.certificate);
    const client = ['node', 'client.cjs', `localhost:${service.port}`, TOKEN, 'echo', 'hidden'];
    const said = saidIn(await place.run(client, { env: { GRPC_CA: ca } }));
    expect(leaksIn(String(said.echo?.answer), TOKEN)).toContain('plain');
    expect(service.called).toContain('Hidden');
  });
});
