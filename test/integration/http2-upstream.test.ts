import type { Http2ServerRequest } from 'node:http2';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AnswerControl } from '../../src/egress/exchange/answer-handler.ts';
import {
  answering,
  END_HEADERS,
  END_STREAM,
  numbers,
  rawPeer,
  TYPE,
} from '../support/raw-http2.ts';
import { codeOf, until, upstreamBench } from '../support/upstream-bench.ts';
import { ask, UPSTREAM_NAME } from '../support/upstream-client.ts';

const bench = upstreamBench();
const { echoes } = bench;

describe.each([
  ['http/1.1', 'http/1.1', '1.1'],
  ['http/1.1', 'h2', '2.0'],
  ['http/1.1', 'both', '1.1'],
  ['h2', 'http/1.1', '1.1'],
  ['h2', 'h2', '2.0'],
  ['h2', 'both', '2.0'],
] as const)('a request of %s to a server of %s', (preferred, kind, version) => {
  it(`is sent in ${version}, whatever its body is`, async () => {
    const seen: Http2ServerRequest[] = [];
    const served = await echoes(kind, seen);
    for (const body of [null, Buffer.from('whole'), Readable.from([bytes('in '), bytes('two')])]) {
      const method = body === null ? 'GET' : 'POST';
      const told = await ask(bench.upstreams, served.place, {
        preferred,
        body,
        method,
        path: '/a?b',
      });
      const text = body === null ? '' : body instanceof Uint8Array ? 'whole' : 'in two';
      expect(told.error).toBeNull();
      expect([told.status, told.message, told.body.toString()]).toEqual([200, 'OK', text]);
      expect(told.headers.join()).toContain(`x-version,${version}`);
      expect(told.trailers).toEqual(['x-after', 'done']);
      expect(told.starts).toBe(1);
    }
    expect(seen.map((request) => `${request.method} ${request.url}`)).toEqual([
      'GET /a?b',
      'POST /a?b',
      'POST /a?b',
    ]);
    expect(served.sessions).toHaveLength(version === '2.0' ? 1 : 0);
  });

  it('finds out once which version it is', async () => {
    const served = await echoes(kind);
    for (let i = 0; i < 3; i += 1) {
      await ask(bench.upstreams, served.place, { preferred });
      await new Promise((done) => setTimeout(done, 10));
    }
    // The connection that was dialled in vain for h2 is the one that HTTP/1.1 uses.
    expect(served.handshakes).toEqual({
      done: 1,
      failed: preferred === 'http/1.1' && kind === 'h2' ? 1 : 0,
    });
  });
});

describe('the head of a request over HTTP/2', () => {
  const send = async (headers: readonly string[], part = {}) => {
    const seen: Http2ServerRequest[] = [];
    const served = await echoes('h2', seen);
    const told = await ask(bench.upstreams, served.place, {
      headers: ['host', UPSTREAM_NAME, ...headers],
      ...part,
    });
    return { told, raw: seen[0]?.rawHeaders ?? [] };
  };

  it('has pseudo-headers, small names, every value, and nothing of a connection', async () => {
    const { told, raw } = await send([
      ...['X-One', 'a', 'x-one', 'b', 'Cookie', 'a=1', 'cookie', 'b=2', 'constructor', 'c'],
      ...['__proto__', 'd', 'x-latin', 'caf\u00e9', 'Connection', 'x-one', 'keep-alive', '5'],
      ...['transfer-encoding', 'chunked', 'Upgrade', 'h2c', 'TE', 'gzip', 'proxy-connection', 'x'],
      ...['http2-settings', 'AAMAAABk'],
    ]);
    expect(told.error).toBeNull();
    expect(raw.slice(0, 8)).toEqual([
      ...[':method', 'GET', ':scheme', 'https', ':authority', UPSTREAM_NAME, ':path', '/'],
    ]);
    const pairs = new Map<string, string[]>();
    for (let i = 8; i < raw.length; i += 2) {
      pairs.set(raw[i] as string, [...(pairs.get(raw[i] as string) ?? []), raw[i + 1] as string]);
    }
    expect(Object.fromEntries(pairs)).toEqual(
      Object.fromEntries([
        ['x-one', ['a', 'b']],
        ['cookie', ['a=1', 'b=2']],
        ['constructor', ['c']],
        ['__proto__', ['d']],
        ['x-latin', ['caf\u00e9']],
        ['te', ['trailers']],
      ]),
    );
  });

  it.each([
    ['a line break', ['x-a', 'b\r\nc: d']],
    ['a zero byte, which Node separates headers with', ['x-a', 'b\0c\0d']],
    ['a character that would lose its high byte', ['x-a', '\u010d\u010a']],
    ['a second :path', [':path', '/other']],
  ])('is not sent with %s', async (_what, headers) => {
    const { told, raw } = await send(headers);
    expect(codeOf(told.error)).toBe('request-malformed');
    expect(raw).toEqual([]);
  });

  it('says the length that a body has, not the one that was said of it', async () => {
    const headers = ['content-length', '3'];
    const { raw } = await send(headers, { body: bytes('longer'), method: 'POST' });
    expect(raw[raw.indexOf('content-length') + 1]).toBe('6');
    const without = await send(headers);
    expect(without.raw).not.toContain('content-length');
  });
});

describe('an answer over HTTP/2', () => {
  it('that ends with its head is told so, and one without a body is empty', async () => {
    const served = await bench.servers.serve('h2', ({ stream, url, method }) => {
      if (url === '/only')
        stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
      else if (method === 'HEAD')
        stream.respond({ ':status': 200, 'content-length': '7' }, { endStream: true });
      else stream.respond({ ':status': 204 }, { endStream: true });
    });
    const only = await ask(bench.upstreams, served.place, {
      path: '/only',
      method: 'POST',
      body: bytes('x'),
    });
    expect([only.status, only.isWhole, only.error]).toEqual([200, true, null]);
    expect(only.headers.slice(0, 2)).toEqual(['grpc-status', '5']);
    const head = await ask(bench.upstreams, served.place, { method: 'HEAD' });
    expect([head.status, head.body.length, head.error]).toEqual([200, 0, null]);
    expect(head.headers).toContain('7');
    const none = await ask(bench.upstreams, served.place);
    expect([none.status, none.error]).toEqual([204, null]);
  });

  it('keeps doubled headers, bytes above 0x7f, and leaves interim answers out', async () => {
    const served = await bench.servers.serve('h2', ({ stream }) => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-latin': 'caf\u00e9' });
      stream.end('ok');
    });
    const told = await ask(bench.upstreams, served.place);
    expect(told.headers.join('|')).toContain('set-cookie|a=1|set-cookie|b=2|x-latin|caf\u00e9');
    expect(told.headers.join('|')).not.toContain('link');
    expect(told.body.toString()).toBe('ok');
  });

  it.each([
    ['is reset without an error', 0],
    ['is reset for an error of the server', 2],
    ['is cancelled', 8],
  ])('that %s before its end is never taken for whole', async (_what, code) => {
    const served = await bench.servers.raw((socket) => {
      rawPeer(
        socket,
        answering((peer, stream) => {
          peer.head(stream, [':status', '200']);
          peer.send(TYPE.data, 0, stream, bytes('part'));
          peer.send(TYPE.reset, 0, stream, numbers(code));
        }),
      );
    });
    const told = await ask(bench.upstreams, served.place);
    expect(codeOf(told.error)).toBe('upstream-unreachable');
    expect(told.trailers).toEqual([]);
  });

  it('that is shorter or longer than it says, or whose connection ends, fails', async () => {
    const served = await bench.servers.serve('h2', ({ stream, url }) => {
      stream.respond({ ':status': 200, ...(url === '/cut' ? {} : { 'content-length': '6' }) });
      if (url === '/cut') stream.write('part', () => stream.session?.destroy());
      else stream.end(url === '/short' ? 'short' : 'longer than that');
    });
    for (const path of ['/short', '/long', '/cut']) {
      const told = await ask(bench.upstreams, served.place, { path });
      expect(codeOf(told.error), path).toBe('upstream-unreachable');
    }
  });

  it('goes on being whole when its server then resets what is still sent to it', async () => {
    const body = new PassThrough();
    body.write('the beginning');
    const served = await bench.servers.raw((socket) => {
      rawPeer(
        socket,
        answering((peer, stream) => {
          peer.head(stream, [':status', '413']);
          peer.send(TYPE.data, 0, stream, bytes('enough'));
          peer.head(stream, ['x-after', 'done'], END_HEADERS | END_STREAM);
          peer.send(TYPE.reset, 0, stream, numbers(0));
        }),
      );
    });
    const told = await ask(bench.upstreams, served.place, { method: 'POST', body });
    expect([told.status, told.body.toString(), told.error]).toEqual([413, 'enough', null]);
    expect(told.trailers).toEqual(['x-after', 'done']);
    // What else comes is taken and thrown away, so that its sender does not hang.
    body.end(Buffer.alloc(1_000_000));
    await new Promise((done) => body.once('end', done));
  });
});

describe('bytes over HTTP/2', () => {
  it('go both ways in turn, each before the next', async () => {
    const served = await bench.servers.serve('h2', ({ stream }) => {
      stream.respond({ ':status': 200 });
      stream.on('data', (chunk: Buffer) => stream.write(`re: ${chunk}`));
      stream.on('end', () => stream.end());
    });
    const body = new PassThrough();
    const heard: string[] = [];
    body.write('0');
    const told = await ask(
      bench.upstreams,
      served.place,
      { method: 'POST', body },
      {
        onData(chunk) {
          heard.push(chunk.toString());
          if (heard.length === 5) body.end();
          else body.write(String(heard.length));
        },
      },
    );
    expect(told.error).toBeNull();
    expect(heard).toEqual(['re: 0', 're: 1', 're: 2', 're: 3', 're: 4']);
  });

  it('are what they were, however many, whole or in parts', async () => {
    const served = await echoes('h2');
    const body = Buffer.alloc(4 * 1024 * 1024 + 17, 'abcdefg');
    const parts = Array.from({ length: 70 }, (_, i) => body.subarray(i * 60_000, (i + 1) * 60_000));
    for (const sent of [body, Readable.from(parts), body, Readable.from(parts)]) {
      const told = await ask(bench.upstreams, served.place, { method: 'POST', body: sent });
      expect(told.error).toBeNull();
      expect(told.body.equals(body)).toBe(true);
    }
    expect(served.sessions).toHaveLength(1);
  });

  it('wait for a server that does not read, and for a box that does not', async () => {
    let held: Http2ServerRequest | undefined;
    const big = Buffer.alloc(4 * 1024 * 1024, 7);
    const served = await bench.servers.serve('h2', (request) => {
      held = request;
      if (request.url === '/down') {
        request.stream.respond({ ':status': 200 });
        request.stream.end(big);
      }
    });
    let taken = 0;
    const source = Readable.from(
      (async function* () {
        for (; taken < 400; taken += 1) yield Buffer.alloc(65_536);
      })(),
    );
    const up = ask(bench.upstreams, served.place, { method: 'POST', path: '/up', body: source });
    await until(() => held !== undefined);
    await new Promise((done) => setTimeout(done, 150));
    expect(taken).toBeLessThan(60);
    held?.stream.resume();
    held?.stream.on('end', () => held?.stream.respond({ ':status': 200 }, { endStream: true }));
    expect((await up).status).toBe(200);
    expect(taken).toBe(400);

    let control: AnswerControl | undefined;
    let arrived = 0;
    const down = ask(
      bench.upstreams,
      served.place,
      { path: '/down' },
      {
        onStart: (given) => {
          control = given;
        },
        onData: (chunk) => {
          if (arrived === 0) control?.pause();
          arrived += chunk.length;
        },
      },
    );
    await until(() => arrived > 0);
    await new Promise((done) => setTimeout(done, 150));
    expect(arrived).toBeLessThan(1_000_000);
    control?.resume();
    expect((await down).body.equals(big)).toBe(true);
  });

  it('end at the server when nobody waits for them any more', async () => {
    const codes: (number | undefined)[] = [];
    const served = await bench.servers.serve('h2', ({ stream }) => {
      stream.on('close', () => codes.push(stream.rstCode));
      stream.respond({ ':status': 200 });
      stream.write('first');
    });
    void ask(
      bench.upstreams,
      served.place,
      {},
      { onStart: (control) => setTimeout(() => control.abort(new Error('gone')), 50) },
    );
    await until(() => codes.length > 0);
    expect(codes).toEqual([8]);
    // A program that ends its request in the middle of the body.
    const body = new PassThrough();
    body.write('a');
    const cut = ask(
      bench.upstreams,
      served.place,
      { method: 'POST', body },
      { onHead: () => body.destroy() },
    );
    expect(codeOf((await cut).error)).toBe('request-malformed');
    await until(() => codes.length > 1);
    expect(codes).toEqual([8, 8]);
  });
});

function bytes(text: string): Buffer {
  return Buffer.from(text);
}
