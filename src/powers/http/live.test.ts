import { describe, expect, test } from 'vitest';
import type { Spend } from '../../ocap/budget.ts';
import type { Live, UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { HttpConfig } from './config.ts';
import type { Fetcher, FetchOptions, FetchRequest } from './fetcher.ts';
import { FETCHED_BYTES_MAX } from './limits.ts';
import { openHttp } from './live.ts';
import { readOnly } from './read-only.ts';

const CONFIG: HttpConfig = {
  scheme: 'https',
  host: { type: 'exact', name: 'api.example.com' },
  port: 443,
  credential: 'API_TOKEN',
};

interface Upstream extends Fetcher {
  readonly sent: { readonly request: FetchRequest; readonly options: FetchOptions }[];
  readonly given: number;
  readonly cancelled: number;
}

/** Answers with these chunks; `null` waits until the answer is cancelled. */
function upstream(chunks: readonly (string | null)[]): Upstream {
  const sent: Upstream['sent'] = [];
  let cancelled = 0;
  let given = 0;
  return {
    sent,
    get given() {
      return given;
    },
    get cancelled() {
      return cancelled;
    },
    fetch(request, options) {
      sent.push({ request, options });
      let stop: () => void = () => {};
      const stopped = new Promise<void>((done) => {
        stop = done;
      });
      async function* body(): AsyncGenerator<Uint8Array> {
        for (const chunk of chunks) {
          if (chunk === null) {
            await stopped;
            throw new PowerboxError('upstream-unreachable', 'It was cut.');
          }
          given += 1;
          yield new TextEncoder().encode(chunk);
        }
      }
      return Promise.resolve({
        status: 200,
        headers: [['content-type', 'text/plain']],
        body: body(),
        cancel() {
          cancelled += 1;
          stop();
        },
      });
    },
  };
}

function context(
  only: readonly string[] = [],
  spend: (amounts: Spend) => void = () => {},
): UseContext & { readonly end: (reason: Error) => void } {
  const controller = new AbortController();
  return {
    narrowings: only.map((text) => readOnly([text], CONFIG)),
    signal: controller.signal,
    spend,
    end: (reason) => controller.abort(reason),
  };
}

const call = (
  object: Live,
  use: UseContext,
  method: string,
  ...args: unknown[]
): Promise<unknown> => Promise.resolve().then(() => object.call(method, args, use));

const codeIs = (code: string): unknown => expect.objectContaining({ code });

describe('the http object', () => {
  test('sends what was judged, with the name of its secret', async () => {
    const up = upstream(['hello ', 'world']);
    const spent: Spend[] = [];
    const use = context([], (amounts) => spent.push(amounts));
    const answer = await call(openHttp(CONFIG, up), use, 'fetch', {
      method: 'POST',
      url: '/v1/%41?b',
      json: [1],
    });
    expect(answer).toEqual({
      status: 200,
      headers: [['content-type', 'text/plain']],
      body: 'hello world',
    });
    expect(up.sent[0]?.request).toMatchObject({ method: 'POST', path: '/v1/A', query: 'b' });
    expect(up.sent[0]?.options).toMatchObject({ credential: 'API_TOKEN', addressNamed: true });
    expect(spent).toEqual([{ bytes: 3 }, { bytes: 6 }, { bytes: 5 }]);
  });

  test('says where the host lets a value go, and not where a guest would', async () => {
    const placesOf = async (byHost: number) => {
      const up = upstream(['']);
      const narrowings = ['GET /bot{token}/**'];
      const use = { ...context(narrowings), byHost };
      await call(openHttp(CONFIG, up), use, 'fetch', { url: '/bot{token}/getMe' });
      return up.sent[0]?.options.places;
    };
    expect(await placesOf(1)).toEqual({
      named: true,
      variables: new Map([['token', { start: 4, end: 11 }]]),
      pointers: new Set(),
    });
    expect(await placesOf(0)).toMatchObject({ named: false, variables: new Map() });
  });

  test('gives bytes that are no text as bytes', async () => {
    const up: Fetcher = {
      fetch: () =>
        Promise.resolve({
          status: 200,
          headers: [],
          body: (async function* () {
            yield new Uint8Array([0xff]);
          })(),
          cancel() {},
        }),
    };
    expect(await call(openHttp(CONFIG, up), context(), 'fetch', { url: '/' })).toMatchObject({
      body: new Uint8Array([0xff]),
    });
  });

  test('is read in pieces, and no faster than it is asked', async () => {
    const up = upstream(['abc', 'def', 'ghi']);
    const use = context();
    const answer = (await call(openHttp(CONFIG, up), use, 'open', { url: '/' })) as Live;
    expect(await call(answer, use, 'head')).toMatchObject({ status: 200 });
    expect(up.given).toBe(0);
    const text = async (max?: number): Promise<string> =>
      Buffer.from((await call(answer, use, 'read', max)) as Uint8Array).toString();
    expect([await text(2), await text(2), await text()]).toEqual(['ab', 'c', 'def']);
    expect(up.given).toBe(2);
    expect(await call(answer, use, 'text')).toBe('ghi');
    expect(await call(answer, use, 'read')).toBe(null);
  });

  test('reads JSON, or says that there is none', async () => {
    const open = async (chunk: string): Promise<Live> =>
      (await call(openHttp(CONFIG, upstream([chunk])), context(), 'open', { url: '/' })) as Live;
    expect(await call(await open('{"a":1}'), context(), 'json')).toEqual({ a: 1 });
    await expect(call(await open('{'), context(), 'json')).rejects.toEqual(codeIs('power-failed'));
  });

  test('cuts an answer at the limit of the grant', async () => {
    const up = upstream(['12345', '6', '7']);
    const fetched = call(openHttp(CONFIG, up), context(['response<=5']), 'fetch', { url: '/' });
    await expect(fetched).rejects.toEqual(codeIs('narrowing-refused'));
    expect([up.given, up.cancelled]).toEqual([2, 1]);
    const fits = upstream(['12345']);
    expect(
      await call(openHttp(CONFIG, fits), context(['response<=5']), 'fetch', { url: '/' }),
    ).toMatchObject({ body: '12345' });
  });

  test('gives no byte that the budget does not have', async () => {
    const up = upstream(['12345', '67890']);
    let left = 7;
    const use = context([], ({ bytes = 0 }) => {
      left -= bytes;
      if (left < 0) throw new PowerboxError('budget-spent', 'Spent.');
    });
    const answer = (await call(openHttp(CONFIG, up), use, 'open', { url: '/' })) as Live;
    expect(await call(answer, use, 'read')).toHaveLength(5);
    await expect(call(answer, use, 'read')).rejects.toEqual(codeIs('budget-spent'));
    expect(up.cancelled).toBe(1);
    await expect(call(answer, use, 'read')).rejects.toEqual(codeIs('reference-closed'));
  });

  test('stops at once when the use is cut, or the object is closed', async () => {
    const up = upstream(['a', null]);
    const object = openHttp(CONFIG, up);
    const use = context();
    const answer = (await call(object, use, 'open', { url: '/' })) as Live;
    await call(answer, use, 'read');
    const reading = call(answer, use, 'read');
    await expect(call(answer, context(), 'read')).rejects.toEqual(codeIs('call-invalid'));
    use.end(new Error('revoked'));
    await expect(reading).rejects.toEqual(codeIs('upstream-unreachable'));
    expect(up.cancelled).toBe(1);
    const other = (await call(object, context(), 'open', { url: '/' })) as Live;
    object.close();
    object.close();
    expect(up.cancelled).toBe(2);
    await expect(call(other, context(), 'read')).rejects.toEqual(codeIs('reference-closed'));
    const cut = context();
    cut.end(new PowerboxError('grant-revoked', 'Over.'));
    const late = (await call(object, context(), 'open', { url: '/' })) as Live;
    await expect(call(late, cut, 'read')).rejects.toEqual(codeIs('grant-revoked'));
  });

  test('gives at most so much at once', async () => {
    const mebibyte = 'x'.repeat(1_048_576);
    const up = upstream(new Array<string>(FETCHED_BYTES_MAX / mebibyte.length + 1).fill(mebibyte));
    const fetched = call(openHttp(CONFIG, up), context(), 'fetch', { url: '/' });
    await expect(fetched).rejects.toEqual(codeIs('limit-exceeded'));
    expect(up.cancelled).toBe(1);
  });
});
