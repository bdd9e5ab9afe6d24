import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { JUDGED_BODY_BYTES_MAX } from '../../powers/http/limits.ts';
import type { BoxState } from '../box-egress.ts';
import {
  BUFFERED_BYTES_MAX,
  REFUSED_BODY_BYTES_MAX,
  REFUSED_BODY_MS_MAX,
  REQUEST_BODY_MS_MAX,
} from '../limits.ts';
import type { Caller } from './caller.ts';
import { type BodyReader, makeBodyReader } from './read-body.ts';

interface Asked {
  readonly request: PassThrough;
  readonly response: PassThrough;
  readonly reader: BodyReader;
  readonly began: number;
}

function asked(box: BoxState, head: { declared?: number; waits?: boolean } = {}): Asked {
  const request = new PassThrough();
  const response = new PassThrough();
  let began = 0;
  const caller = {
    body: request,
    declaredBytes: head.declared ?? null,
    waits: head.waits ?? false,
    goOn() {
      began += 1;
    },
    onClose: (act: (whole: boolean) => void) => void response.once('close', () => act(true)),
  };
  const reader = makeBodyReader(box, caller as unknown as Caller) as BodyReader;
  return {
    request,
    response,
    reader,
    get began() {
      return began;
    },
  };
}

const someBox = (): BoxState => ({}) as BoxState;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a body that must be judged', () => {
  test('is read whole, after the program was told to go on', async () => {
    const one = asked(someBox());
    expect(one.began).toBe(0);
    const read = one.reader.read();
    expect(one.began).toBe(1);
    one.request.write('ab');
    one.request.end('c');
    expect(await read).toEqual({ ok: true, bytes: Buffer.from('abc') });
  });

  test('is not even begun when it says that it is too long', async () => {
    const long = { declared: JUDGED_BODY_BYTES_MAX + 1 };
    const waiting = asked(someBox(), { ...long, waits: true });
    expect(await waiting.reader.read()).toMatchObject({ code: 'body-unreadable' });
    expect(waiting.began).toBe(0);
    const sending = asked(someBox(), long);
    const read = sending.reader.read();
    sending.request.end(Buffer.alloc(JUDGED_BODY_BYTES_MAX + 1));
    expect(await read).toMatchObject({ code: 'body-unreadable' });
    expect(sending.began).toBe(0);
  });

  test('that is too long is passed over for a while, so that its refusal is read', async () => {
    const long = { declared: 99_999_999_999 };
    const slow = asked(someBox(), long);
    const cut = slow.reader.read();
    vi.advanceTimersByTime(REFUSED_BODY_MS_MAX);
    expect(await cut).toMatchObject({ code: 'body-unreadable' });
    const endless = asked(someBox(), long);
    let sent = 0;
    const refused = endless.reader.read().then(() => sent);
    for (const chunk = Buffer.alloc(65_536); sent <= 2 * REFUSED_BODY_BYTES_MAX; ) {
      endless.request.write(chunk);
      sent += chunk.length;
      await new Promise((next) => setImmediate(next));
    }
    expect(await refused).toBeLessThan(REFUSED_BODY_BYTES_MAX + 1_048_576);
  });

  test('is as long as it may be, and no longer', async () => {
    const fits = asked(someBox());
    const read = fits.reader.read();
    fits.request.end(Buffer.alloc(JUDGED_BODY_BYTES_MAX));
    expect(await read).toMatchObject({ ok: true });
    const long = asked(someBox());
    const cut = long.reader.read();
    long.request.end(Buffer.alloc(JUDGED_BODY_BYTES_MAX + 1));
    expect(await cut).toMatchObject({ code: 'body-unreadable' });
  });

  test('is not waited for without end', async () => {
    const one = asked(someBox());
    const read = one.reader.read();
    one.request.write('a');
    vi.advanceTimersByTime(REQUEST_BODY_MS_MAX);
    expect(await read).toMatchObject({ code: 'limit-exceeded' });
  });

  test('that ends early is none', async () => {
    const one = asked(someBox());
    const read = one.reader.read();
    one.request.write('a');
    one.request.destroy();
    expect(await read).toMatchObject({ code: 'request-malformed' });
  });

  test('takes of what the box may have held, until its answer is over', async () => {
    const box = someBox();
    const full = Buffer.alloc(JUDGED_BODY_BYTES_MAX);
    const held = await Promise.all(
      Array.from({ length: BUFFERED_BYTES_MAX / full.length }, async () => {
        const one = asked(box);
        const read = one.reader.read();
        one.request.end(full);
        expect(await read).toMatchObject({ ok: true });
        return one;
      }),
    );
    const more = async (of: BoxState): Promise<unknown> => {
      const one = asked(of);
      const read = one.reader.read();
      one.request.end('a');
      return await read;
    };
    expect(await more(box)).toMatchObject({ code: 'limit-exceeded' });
    expect(await more(someBox())).toMatchObject({ ok: true });
    const closed = new Promise((done) => held[0]?.response.once('close', done));
    held[0]?.response.destroy();
    await closed;
    expect(await more(box)).toMatchObject({ ok: true });
  });
});
