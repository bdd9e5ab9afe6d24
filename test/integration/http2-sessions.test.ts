import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AnswerControl } from '../../src/egress/exchange/answer-handler.ts';
import { makeUpstreams } from '../../src/egress/upstream/pools.ts';
import { TIMES } from '../../src/egress/upstream/times.ts';
import { codeOf, until, upstreamBench } from '../support/upstream-bench.ts';
import { ask, UPSTREAM_NAME } from '../support/upstream-client.ts';
import type { Served } from '../support/upstream-servers.ts';

const bench = upstreamBench();
const { echoes } = bench;

describe('the sessions of a box', () => {
  it('carry as many streams as the server takes, and further sessions the rest', async () => {
    let most = 0;
    const perSession = new Map<unknown, number>();
    const served = await bench.servers.serve(
      'h2',
      ({ stream }) => {
        const { session } = stream;
        const count = (by: number): void => {
          perSession.set(session, (perSession.get(session) ?? 0) + by);
          most = Math.max(most, perSession.get(session) ?? 0);
        };
        count(1);
        stream.on('close', () => count(-1));
        setTimeout(() => stream.respond({ ':status': 200 }, { endStream: true }), 60);
      },
      { settings: { maxConcurrentStreams: 10 } },
    );
    const asked = Array.from({ length: 45 }, () => ask(bench.upstreams, served.place));
    const answers = await Promise.all(asked);
    expect(answers.every(({ status, error }) => status === 200 && error === null)).toBe(true);
    expect(most).toBe(10);
    expect(served.sessions.length).toBeGreaterThan(1);
    expect(served.sessions.length).toBeLessThan(7);
  });

  it('are one for many requests at once, and another for another box', async () => {
    const served = await echoes('h2');
    await Promise.all(Array.from({ length: 100 }, () => ask(bench.upstreams, served.place)));
    expect(served.sessions).toHaveLength(1);
    const other = makeUpstreams();
    await ask(other, served.place);
    other.destroy();
    expect(served.sessions).toHaveLength(2);
  });

  it('end where a server says so, without what is under way, and the next is begun', async () => {
    const finish: (() => void)[] = [];
    const served = await bench.servers.serve('h2', ({ stream }) => {
      stream.respond({ ':status': 200 });
      stream.write('be');
      finish.push(() => stream.end('gun'));
    });
    const first = ask(bench.upstreams, served.place);
    await until(() => finish.length === 1);
    served.sessions[0]?.close();
    await new Promise((done) => setTimeout(done, 30));
    const second = ask(bench.upstreams, served.place);
    await until(() => finish.length === 2);
    for (const act of finish) act();
    for (const told of await Promise.all([first, second])) {
      expect([told.error, told.body.toString()]).toEqual([null, 'begun']);
    }
    expect(served.sessions).toHaveLength(2);
  });

  it('send once more what a server refused unread, where the body is still there', async () => {
    let refused = 0;
    const served = await bench.servers.serve('h2', ({ stream, url }) => {
      if (refused++ < 1 || url === '/never') stream.close(7);
      else stream.respond({ ':status': 200 }, { endStream: true });
    });
    const again = await ask(bench.upstreams, served.place, { method: 'POST', body: bytes('a') });
    expect([again.status, again.error, again.starts, refused]).toEqual([200, null, 1, 2]);
    const never = await ask(bench.upstreams, served.place, { path: '/never' });
    expect([codeOf(never.error), refused]).toEqual(['upstream-unreachable', 4]);
    const streamed = await ask(bench.upstreams, served.place, {
      path: '/never',
      method: 'POST',
      body: Readable.from([bytes('a')]),
    });
    expect([codeOf(streamed.error), refused]).toEqual(['upstream-unreachable', 5]);
  });

  it('are cut with everything in them, and take nothing after', async () => {
    const served = await bench.servers.serve('h2', ({ stream }) =>
      stream.respond({ ':status': 200 }),
    );
    let heads = 0;
    const asked = [1, 2].map(() =>
      ask(
        bench.upstreams,
        served.place,
        {},
        {
          onHead: () => {
            heads += 1;
          },
        },
      ),
    );
    await until(() => heads === 2);
    bench.upstreams.destroy();
    for (const { error } of await Promise.all(asked))
      expect(codeOf(error)).toBe('upstream-unreachable');
    await until(() => served.sessions[0]?.destroyed === true);
  });
});

describe('an upstream over HTTP/2 that takes its time', () => {
  const hasty = (part: Partial<typeof TIMES>): void => {
    bench.upstreams.destroy();
    bench.upstreams = makeUpstreams({ ...TIMES, sweepMs: 20, ...part });
  };

  it('is waited for so long for a head, in an answer, and for a stream', async () => {
    const served = await bench.servers.serve(
      'h2',
      ({ stream, url }) => {
        if (url === '/head') return;
        stream.respond({ ':status': 200 });
        stream.write('a');
      },
      { settings: { maxConcurrentStreams: 1 } },
    );
    hasty({ headMs: 100 });
    expect(codeOf((await ask(bench.upstreams, served.place, { path: '/head' })).error)).toBe(
      'upstream-timeout',
    );
    hasty({ idleMs: 100 });
    const idle = await ask(bench.upstreams, served.place);
    expect([idle.status, idle.body.toString(), codeOf(idle.error)]).toEqual([
      200,
      'a',
      'upstream-timeout',
    ]);
  });

  it('is not blamed for a box that does not read', async () => {
    const served = await bench.servers.serve('h2', ({ stream }) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(2_000_000));
    });
    hasty({ idleMs: 400 });
    let control: AnswerControl | undefined;
    const told = await ask(
      bench.upstreams,
      served.place,
      {},
      {
        onStart: (given) => {
          control = given;
        },
        onHead: () => {
          control?.pause();
          setTimeout(() => control?.resume(), 1_000);
        },
      },
    );
    expect([told.body.length, told.error]).toEqual([2_000_000, null]);
  });

  it('and never begins its session is given up', async () => {
    const served = await bench.servers.raw(() => {});
    hasty({ settingsMs: 100 });
    expect(codeOf((await ask(bench.upstreams, served.place)).error)).toBe('upstream-timeout');
  });

  it('and takes no stream is given up', async () => {
    const served = await bench.servers.serve('h2', () => {}, {
      settings: { maxConcurrentStreams: 0 },
    });
    hasty({ queuedMs: 100 });
    // The first streams are begun before the server has said that it takes none.
    const asked = Array.from({ length: 12 }, () => ask(bench.upstreams, served.place));
    for (const { error } of await Promise.all(asked)) {
      expect(['upstream-timeout', 'upstream-unreachable']).toContain(codeOf(error));
    }
    expect(served.sessions.length).toBeLessThan(4);
  });

  it('keeps a session without streams so long, and no longer', async () => {
    const served = await echoes('h2');
    hasty({ sessionIdleMs: 700 });
    await ask(bench.upstreams, served.place);
    await ask(bench.upstreams, served.place);
    expect(served.sessions).toHaveLength(1);
    await until(() => served.sessions[0]?.destroyed === true);
    expect((await ask(bench.upstreams, served.place)).error).toBeNull();
    expect(served.sessions).toHaveLength(2);
  });
});

describe('openWebsocketStream()', () => {
  const open = (served: Served, preferred: 'h2' | 'http/1.1' = 'h2') =>
    bench.upstreams.openWebsocketStream(served.place.target, served.place.options, {
      path: '/socket',
      headers: ['host', UPSTREAM_NAME, 'sec-websocket-version', '13', 'Sec-WebSocket-Key', 'x'],
      preferred,
    });

  it('opens a stream by extended CONNECT in the session of the others', async () => {
    const seen: unknown[] = [];
    const served = await bench.servers.serve('h2', null, {
      settings: { enableConnectProtocol: true },
    });
    served.server.on('stream', (stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
      if (headers[':method'] === 'CONNECT') seen.push(Object.fromEntries(Object.entries(headers)));
    });
    await ask(bench.upstreams, served.place);
    const stream = await open(served);
    expect(stream).not.toBeNull();
    stream?.write('hello');
    const echo = await new Promise<string>((done) =>
      stream?.once('data', (chunk: Buffer) => done(chunk.toString())),
    );
    expect(echo).toBe('hello');
    stream?.destroy();
    expect(seen).toEqual([
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'https',
        ':path': '/socket',
        ':authority': UPSTREAM_NAME,
        'sec-websocket-version': '13',
      },
    ]);
    expect(served.sessions).toHaveLength(1);
  });

  it('opens none where the upstream has no extended CONNECT or no HTTP/2', async () => {
    expect(await open(await echoes('h2'))).toBeNull();
    expect(await open(await echoes('http/1.1'))).toBeNull();
    expect(await open(await echoes('both'), 'http/1.1')).toBeNull();
    const dead = await bench.servers.raw((socket) => socket.destroy());
    await expect(open(dead)).rejects.toThrow('The connection to the upstream server ended.');
  });
});

function bytes(text: string): Buffer {
  return Buffer.from(text);
}
