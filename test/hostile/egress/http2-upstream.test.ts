import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeUpstreams } from '../../../src/egress/upstream/pools.ts';
import { TIMES } from '../../../src/egress/upstream/times.ts';
import { PowerboxError } from '../../../src/wire/errors.ts';
import {
  ACK,
  answering,
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  numbers,
  type RawPeer,
  rawPeer,
  TYPE,
} from '../../support/raw-http2.ts';
import { upstreamBench } from '../../support/upstream-bench.ts';
import { ask, placeAt, type Told, UPSTREAM_NAME } from '../../support/upstream-client.ts';
import type { Served } from '../../support/upstream-servers.ts';

const bench = upstreamBench(() =>
  makeUpstreams({ ...TIMES, headMs: 2_000, idleMs: 2_000, sweepMs: 100 }),
);

/** What a server does with each request, and once with its connection. */
interface Trick {
  readonly opening?: (peer: RawPeer) => void;
  readonly answer?: (peer: RawPeer, stream: number) => void;
}

async function against({ opening, answer = good }: Trick): Promise<Served> {
  return bench.servers.raw((socket) => {
    opening?.(rawPeer(socket, answering(answer)));
    if (opening === undefined) rawPeer(socket, answering(answer));
  });
}

function good(peer: RawPeer, stream: number): void {
  peer.head(stream, [':status', '200']);
  peer.send(TYPE.data, END_STREAM, stream, Buffer.from('ok'));
}

function refused(told: Told): string {
  expect(PowerboxError.is(told.error), String(told.error)).toBe(true);
  const { code, message } = told.error as PowerboxError;
  // Only our own words: an upstream could repeat in its own what it was sent.
  expect(message).toMatch(/^The (connection to the )?upstream server |^https:/);
  return code;
}

/** Writes for as long as the other end takes it. */
function pour(peer: RawPeer, bytes: Buffer): void {
  const { socket } = peer;
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

const MANY = 2_000;
const repeated = (one: Buffer): Buffer => Buffer.concat(Array.from({ length: MANY }, () => one));

describe('an upstream that speaks HTTP/2', () => {
  it('is believed where it answers as it should, which shows that the tricks are sent', async () => {
    const served = await against({ opening: () => {} });
    const told = await ask(bench.upstreams, served.place);
    expect([told.status, told.body.toString(), told.error]).toEqual([200, 'ok', null]);
  });

  it('is not spoken to with the certificate of another name', async () => {
    const cert = bench.servers.authority.issue(['evil.example']);
    let asked = 0;
    const served = await bench.servers.raw((socket) => {
      rawPeer(
        socket,
        answering(() => {
          asked += 1;
        }),
      );
    }, cert);
    for (const preferred of ['h2', 'http/1.1'] as const) {
      expect(refused(await ask(bench.upstreams, served.place, { preferred }))).toBe(
        'certificate-invalid',
      );
    }
    expect(asked).toBe(0);
  });

  it.each<[string, Trick]>([
    ['data before a head', { answer: (peer, id) => peer.send(TYPE.data, END_STREAM, id) }],
    ['a head without a status', { answer: (peer, id) => peer.head(id, ['a', 'b'], 5) }],
    [
      'a status twice',
      { answer: (peer, id) => peer.head(id, [':status', '200', ':status', '200'], 5) },
    ],
    ['a status of 101', { answer: (peer, id) => peer.head(id, [':status', '101'], 5) }],
    [
      'a connection header',
      { answer: (peer, id) => peer.head(id, [':status', '200', 'connection', 'close'], 5) },
    ],
    [
      'a large name',
      { answer: (peer, id) => peer.head(id, [':status', '200', 'X-Large', 'a'], 5) },
    ],
    [
      'two lengths',
      {
        answer: (peer, id) =>
          peer.head(id, [':status', '200', 'content-length', '1', 'content-length', '2'], 5),
      },
    ],
    [
      'a length of what does not follow',
      {
        answer: (peer, id) => peer.head(id, [':status', '200', 'content-length', '9'], 5),
      },
    ],
    [
      'a header block that no table explains',
      {
        answer: (peer, id) =>
          peer.send(TYPE.headers, 5, id, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f])),
      },
    ],
    ['a stream that nobody asked for', { answer: (peer) => peer.head(2, [':status', '200'], 5) }],
    [
      'a push',
      {
        answer: (peer, id) =>
          peer.send(
            TYPE.push,
            END_HEADERS,
            id,
            Buffer.concat([numbers(2), fields(':method', 'GET')]),
          ),
      },
    ],
    [
      'an answer to a stream of its own',
      { answer: (peer) => peer.head(99, [':status', '200'], 5) },
    ],
    [
      'a frame that is longer than was agreed',
      { answer: (peer, id) => peer.send(TYPE.data, 0, id, Buffer.alloc(100_000)) },
    ],
    [
      'a reset instead of an answer',
      { answer: (peer, id) => peer.send(TYPE.reset, 0, id, numbers(2)) },
    ],
    ['an end instead of an answer', { answer: (peer) => void peer.socket.end() }],
    [
      'GOAWAY at once',
      { opening: (peer) => peer.send(TYPE.goaway, 0, 0, numbers(0, 0)), answer: () => {} },
    ],
    ['GOAWAY for an error', { answer: (peer) => peer.send(TYPE.goaway, 0, 0, numbers(0, 2)) }],
    [
      'a window that grows beyond all bounds',
      {
        answer: (peer) => {
          for (let i = 0; i < 3; i += 1) peer.send(TYPE.window, 0, 0, numbers(0x7fffffff));
        },
      },
    ],
    [
      'a continuation of nothing',
      { answer: (peer, id) => peer.send(TYPE.continuation, END_HEADERS, id) },
    ],
    [
      'text of HTTP/1.1',
      {
        answer: (peer) => void peer.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
      },
    ],
  ])('and sends %s ends the request with a reason', async (_what, trick) => {
    const served = await against(trick);
    const told = await ask(bench.upstreams, served.place);
    expect(refused(told)).toBe('upstream-unreachable');
    expect(told.status).toBeNull();
  });

  it.each<[string, Buffer, number]>([
    ['data', Buffer.from('more'), TYPE.data],
    ['another head', fields(':status', '200'), TYPE.headers],
  ])(
    'and sends %s after its end changes nothing of what was answered',
    async (_w, payload, type) => {
      const served = await against({
        answer(peer, id) {
          good(peer, id);
          peer.send(type, END_HEADERS | END_STREAM, id, payload);
        },
      });
      const told = await ask(bench.upstreams, served.place);
      expect([told.status, told.body.toString(), told.error]).toEqual([200, 'ok', null]);
    },
  );

  it('and sends a head of 1 MiB, in one block or in frames without end, is cut', async () => {
    const long = fields(':status', '200', 'x-long', 'a'.repeat(1_048_576));
    const inFrames = (peer: RawPeer, id: number): void => {
      for (let at = 0; at < long.length; at += 16_384) {
        const end = at + 16_384 >= long.length ? END_HEADERS | END_STREAM : 0;
        const piece = long.subarray(at, at + 16_384);
        peer.send(at === 0 ? TYPE.headers : TYPE.continuation, end, id, piece);
      }
    };
    const endless = (peer: RawPeer, id: number): void => {
      peer.send(TYPE.headers, 0, id, fields(':status', '200'));
      pour(peer, repeated(frame(TYPE.continuation, 0, id, fields('x-a', 'b'.repeat(100)))));
    };
    const empty = (peer: RawPeer, id: number): void => {
      peer.send(TYPE.headers, 0, id, fields(':status', '200'));
      pour(peer, repeated(frame(TYPE.continuation, 0, id, Buffer.alloc(0))));
    };
    const many = (peer: RawPeer, id: number): void =>
      peer.head(
        id,
        [':status', '200', ...Array.from({ length: 1200 }, () => ['x', 'y']).flat()],
        5,
      );
    for (const answer of [inFrames, endless, empty, many]) {
      const served = await against({ answer });
      const told = await ask(bench.upstreams, served.place);
      expect(refused(told), answer.name).toBe('upstream-unreachable');
      bench.servers.close();
    }
  });

  it('and leaves a head unfinished does not hold up the other answers for long', async () => {
    bench.upstreams.destroy();
    bench.upstreams = makeUpstreams({ ...TIMES, settingsMs: 200, sweepMs: 50 });
    const served = await against({
      answer: (peer, id) => peer.send(TYPE.headers, 0, id, fields(':status', '200')),
    });
    const both = [ask(bench.upstreams, served.place), ask(bench.upstreams, served.place)];
    for (const told of await Promise.all(both)) {
      expect(['upstream-timeout', 'upstream-unreachable']).toContain(refused(told));
    }
  });

  it('and answers before it has read all leaves nothing behind that is still sent', async () => {
    const resets: number[] = [];
    const served = await bench.servers.raw((socket) => {
      rawPeer(socket, (peer, { type, stream, payload }) => {
        if (type === TYPE.headers) good(peer, stream);
        if (type === TYPE.reset) resets.push(payload.readUInt32BE(0));
      });
    });
    const body = Buffer.alloc(1_000_000);
    const told = await ask(bench.upstreams, served.place, { method: 'POST', body });
    expect([told.status, told.error]).toEqual([200, null]);
    for (let i = 0; i < 100 && resets.length === 0; i += 1) {
      await new Promise((done) => setTimeout(done, 10));
    }
    expect(resets).toEqual([8]);
  });

  it('and answers with interim answers for ever is cut', async () => {
    const served = await against({
      answer: (peer, id) =>
        pour(peer, repeated(frame(TYPE.headers, END_HEADERS, id, fields(':status', '103')))),
    });
    expect(refused(await ask(bench.upstreams, served.place))).toBe('upstream-unreachable');
  });

  it.each<[string, Buffer]>([
    ['PING', frame(TYPE.ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', frame(TYPE.settings, 0, 0, Buffer.concat([Buffer.from([0, 3]), numbers(100)]))],
    ['empty SETTINGS', frame(TYPE.settings, 0, 0, Buffer.alloc(0))],
    ['ORIGIN', frame(TYPE.origin, 0, 0, Buffer.from('\0\x11https://a.example'))],
    ['empty DATA', frame(TYPE.data, 0, 1, Buffer.alloc(0))],
  ])('and floods its session with %s is cut, with memory flat', async (_what, flood) => {
    const served = await against({
      answer(peer, id) {
        peer.head(id, [':status', '200']);
        pour(peer, repeated(flood));
      },
    });
    const before = process.memoryUsage().rss;
    expect(refused(await ask(bench.upstreams, served.place))).toBe('upstream-unreachable');
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
  });

  it('and floods its session with frames that mean nothing does not stop others', async () => {
    const noise = frame(0xfa, 0, 0, Buffer.alloc(100));
    const served = await against({ answer: (peer) => pour(peer, repeated(noise)) });
    const other = await against({});
    const asked = ask(bench.upstreams, served.place);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20; i += 1) {
      expect((await ask(bench.upstreams, other.place)).body.toString()).toBe('ok');
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
    expect(refused(await asked)).toBe('upstream-unreachable');
  });

  it('and resets every request as fast as it comes leaves nothing behind', async () => {
    const served = await against({
      answer: (peer, id) => peer.send(TYPE.reset, 0, id, numbers(7)),
    });
    const codes = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      const all = Array.from({ length: 50 }, () => ask(bench.upstreams, served.place));
      for (const told of await Promise.all(all)) codes.add(refused(told));
    }
    expect([...codes]).toEqual(['upstream-unreachable']);
  });

  it('and opens no window holds no more of a body than a window', async () => {
    const served = await bench.servers.raw((socket) => {
      const peer = rawPeer(socket, () => {});
      peer.send(TYPE.settings, ACK, 0);
      peer.send(TYPE.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), numbers(0)]));
    });
    let taken = 0;
    const body = Readable.from(
      (async function* () {
        for (; taken < 10_000; taken += 1) yield Buffer.alloc(16_384);
      })(),
    );
    const told = await ask(bench.upstreams, served.place, { method: 'POST', body });
    expect(refused(told)).toBe('upstream-timeout');
    expect(taken).toBeLessThan(50);
  });

  it('and sends more than its window allows is cut', async () => {
    let control: { pause(): void } | undefined;
    const served = await against({
      answer(peer, id) {
        peer.head(id, [':status', '200']);
        for (let i = 0; i < 200; i += 1) peer.send(TYPE.data, 0, id, Buffer.alloc(16_384));
      },
    });
    const told = await ask(
      bench.upstreams,
      served.place,
      {},
      {
        onStart: (given) => {
          control = given;
        },
        onHead: () => control?.pause(),
      },
    );
    expect(refused(told)).toBe('upstream-unreachable');
    expect(told.body.length).toBeLessThan(1_000_000);
  });

  it('and chooses another version each time gets each request twice at most', async () => {
    let dialled = 0;
    const cert = bench.servers.authority.issue([UPSTREAM_NAME]);
    const server = createServer(
      {
        ...cert,
        // Refuses HTTP/1.1 where it is alone, and chooses it where h2 is offered as well.
        ALPNCallback: ({ protocols }) => {
          dialled += 1;
          return protocols.includes('h2') ? 'http/1.1' : undefined;
        },
      },
      (socket) => socket.destroy(),
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const place = placeAt(port, bench.servers.authority.certificate);
    for (const preferred of ['h2', 'http/1.1'] as const) {
      expect((await ask(bench.upstreams, place, { preferred })).error).not.toBeNull();
    }
    server.close();
    expect(dialled).toBeLessThan(7);
  });
});
