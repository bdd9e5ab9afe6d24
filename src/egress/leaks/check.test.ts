import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { canonicalHost } from '../../policy/host.ts';
import { fingerprintsOf, type Watched } from '../../vault/fingerprint.ts';
import type { BodyReader } from '../exchange/read-body.ts';
import type { RequestHead } from '../exchange/request-head.ts';
import { freezeTarget, type Target } from '../target.ts';
import { checkedReader } from './check-body.ts';
import { leakInHead } from './check-head.ts';
import { type LeakGuard, makeLeakGuard } from './guard.ts';
import { COMPARISONS_MAX, SMALL_BODY_BYTES_MAX } from './limits.ts';

const VALUE = 'sk-live-7Hq2ZpW9mLx4KcVt8RbN';
const KEY = Buffer.alloc(32, 9);

function guard(): LeakGuard & { readonly told: string[] } {
  const told: string[] = [];
  const watched: Watched = {
    key: KEY.toString('hex'),
    values: [{ name: 'TOKEN', kind: 'value', prints: fingerprintsOf(KEY, VALUE) }],
  };
  return { told, ...makeLeakGuard(watched, (line) => void told.push(line)) };
}

function head(
  path: string,
  query = '',
  headers: readonly string[] = [],
  method = 'POST',
): RequestHead {
  return {
    ...{ method, host: null, scheme: null, hasBody: true, websocket: false },
    headers: [...headers],
    path: { path, query } as RequestHead['path'],
  };
}

function target(name = 'api.example'): Target {
  const host = canonicalHost(name);
  if (!host.ok) throw new Error(name);
  return freezeTarget('https', host, 443);
}

describe('the head of a request', () => {
  it('is refused by the place of a value, of which a URL for the record must say nothing', () => {
    const places = (found: RequestHead, at = target()) => {
      const leak = leakInHead(guard(), at, found);
      return leak === null ? null : [/: (.*) holds/.exec(leak.reason)?.[1], leak.inUrl];
    };
    const other = ['accept', '*/*'];
    expect(places(head(`/a/${VALUE}`))).toEqual(['the path', true]);
    expect(places(head('/a', `q=${VALUE}`))).toEqual(['the query', true]);
    expect(places(head('/a', 'q=1', [...other, 'X-Any', VALUE]))).toEqual([
      'the header x-any',
      false,
    ]);
    expect(places(head('/a', '', [`X-${VALUE}`, '1']))).toEqual(['the name of a header', false]);
    const hex = Buffer.from(VALUE).toString('hex');
    expect(places(head('/'), target(`${hex}.example`))).toEqual(['the host', true]);
    expect(places(head(`/${VALUE}`, '', ['X-Any', VALUE]))).toEqual(['the path', true]);
    // HTTP/2 takes any method of upper-case letters.
    expect(places(head('/', '', [], VALUE))).toEqual(['the method', false]);
    // Parts that lie side by side are not read as one.
    expect(places(head(`/${VALUE.slice(0, 14)}`, VALUE.slice(14)))).toBe(null);
  });

  it('is refused when it is made to cost more than it should', () => {
    const flood = `${VALUE.slice(-12)}.`.repeat(COMPARISONS_MAX + 100);
    expect(leakInHead(guard(), target(), head('/', '', ['x-any', flood]))).toMatchObject({
      code: 'limit-exceeded',
    });
  });

  it('keeps a value out of what is recorded of a connection', () => {
    const hex = Buffer.from(VALUE).toString('hex');
    expect(guard().recordable(`${hex}.example:443`)).toBe('…');
    expect(guard().recordable('api.example:443')).toBe('api.example:443');
  });

  it('tells the person once', () => {
    const one = guard();
    for (let turn = 0; turn < 3; turn += 1) leakInHead(one, target(), head(`/${VALUE}`));
    expect(one.told).toHaveLength(1);
    expect(one.told[0]).toMatch(/^the program in the box knows .*powerbox secret rotate TOKEN$/);
  });
});

describe('the body of a request', () => {
  const reading = (bytes: Buffer): BodyReader => ({
    read: async () => ({ ok: true, bytes }),
  });

  it('is read whole before anything is sent when it says that it is small', () => {
    const reads = (headers: readonly string[]) =>
      checkedReader(guard(), head('/', '', headers), reading(Buffer.alloc(0))).readsWhole;
    expect(reads(['Content-Length', String(SMALL_BODY_BYTES_MAX)])).toBe(true);
    expect(reads(['Content-Length', String(SMALL_BODY_BYTES_MAX + 1)])).toBe(false);
    expect(reads([])).toBe(false);
    const idle = makeLeakGuard({ key: '00', values: [] }, () => {});
    const small = head('/', '', ['content-length', '1']);
    expect(checkedReader(idle, small, reading(Buffer.alloc(1))).readsWhole).toBe(false);
    expect(checkedReader(guard(), small, null)).toEqual({ reader: null, readsWhole: false });
  });

  it('is searched as it is and unfolded, and refused where it cannot be', async () => {
    const read = (bytes: Buffer, ...headers: readonly string[]) =>
      checkedReader(guard(), head('/', '', headers), reading(bytes)).reader?.read();
    const text = Buffer.from(`the token is ${VALUE}`);
    expect(await read(text)).toMatchObject({ ok: false, code: 'secret-leaked' });
    const gzip = ['Content-Encoding', 'GZIP'];
    expect(await read(gzipSync(text), ...gzip)).toMatchObject({ code: 'secret-leaked' });
    expect(await read(text, ...gzip)).toMatchObject({ code: 'secret-leaked' });
    const folded = gzipSync(text);
    for (const headers of [
      ['content-encoding', 'identity', 'content-encoding', 'gzip'],
      ['content-encoding', 'x-gzip, identity'],
      ['content-encoding', ' , gzip'],
    ]) {
      expect(await read(folded, ...headers)).toMatchObject({ code: 'secret-leaked' });
    }
    const twice = deflateSync(folded);
    expect(await read(twice, 'content-encoding', 'gzip, deflate')).toMatchObject({
      code: 'secret-leaked',
    });
    expect(await read(gzipSync('harmless'), ...gzip)).toMatchObject({ ok: true });
    expect(await read(Buffer.from('harmless'), ...gzip)).toMatchObject({ code: 'body-unreadable' });
    const bomb = gzipSync(Buffer.alloc(8 << 20));
    expect(await read(bomb, ...gzip)).toMatchObject({ code: 'body-unreadable' });
    expect(await read(Buffer.from('x'), 'content-encoding', 'zstd')).toMatchObject({ ok: true });
  });
});
