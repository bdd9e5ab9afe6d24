import { PassThrough, type Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BoxState } from '../box-egress.ts';
import { REQUEST_IDLE_MS_MAX } from '../limits.ts';
import type { Refusal } from '../refusal.ts';
import { makeShares } from '../share.ts';
import { freezeTarget } from '../target.ts';
import type { OutgoingRequest } from '../upstream/send.ts';
import type { Use } from '../use.ts';
import type { AnswerHandler } from './answer-handler.ts';
import type { Caller } from './caller.ts';
import { forward } from './exchange.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** One exchange whose program sends to `body`, and whose upstream takes what the test takes. */
function exchange(): {
  readonly body: PassThrough;
  readonly taken: Readable;
  readonly handler: AnswerHandler;
  readonly refusals: Refusal[];
} {
  const body = new PassThrough();
  const refusals: Refusal[] = [];
  const sent: { request?: OutgoingRequest; handler?: AnswerHandler } = {};
  const box = {
    config: { box: 'bx-1', hosts: {} },
    share: makeShares().open(),
    leaks: { stream: () => ({ write() {}, end() {} }) },
    recorder: { note() {} },
    upstreams: {
      send: (_: unknown, __: unknown, request: OutgoingRequest, handler: AnswerHandler) =>
        Object.assign(sent, { request, handler }),
    },
  };
  const caller = {
    protocol: 'http/1.1',
    method: 'POST',
    body,
    declaredBytes: null,
    answered: false,
    gone: false,
    begin() {},
    onDrain() {},
    onClose() {},
    refuse(refusal: Refusal) {
      refusals.push(refusal);
      return 504;
    },
  };
  const use = {
    seq: 1,
    grant: { config: { host: { type: 'exact' } } },
    hold: { ended: null, onEnd() {}, release() {} },
    ...{ model: null, meter: null, body: null, path: '/', headers: [] },
    ...{ guarded: false, responseBytesMax: null },
  };
  const target = freezeTarget('http', { kind: 'name', host: 'a.example' } as never, 80);
  forward(box as unknown as BoxState, target, use as unknown as Use, caller as unknown as Caller);
  const { request, handler } = sent;
  if (request === undefined || handler === undefined) throw new Error('Nothing was sent.');
  return { body, taken: request.body as Readable, handler, refusals };
}

/** Long enough for what was written to have gone through a stream. */
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('a body that is sent on as it comes', () => {
  it('is cut where the program stops sending', async () => {
    const { body, taken, refusals } = exchange();
    taken.resume();
    for (let piece = 0; piece < 3; piece += 1) {
      body.write('some');
      await turn();
      vi.advanceTimersByTime(REQUEST_IDLE_MS_MAX - 1);
      expect(refusals).toEqual([]);
    }
    vi.advanceTimersByTime(1);
    expect(refusals).toMatchObject([{ code: 'limit-exceeded' }]);
  });

  it('is cut where the upstream stops taking it', async () => {
    const { body, refusals } = exchange();
    body.write(Buffer.alloc(1 << 20));
    await turn();
    vi.advanceTimersByTime(REQUEST_IDLE_MS_MAX);
    expect(refusals).toMatchObject([{ code: 'upstream-timeout' }]);
  });

  it('is held in memory up to a bound while the upstream takes nothing', async () => {
    const { body } = exchange();
    let written = 0;
    while (body.write(Buffer.alloc(16_384)) && written < 1 << 20) {
      written += 16_384;
      await turn();
    }
    expect(written).toBeLessThan(1 << 18);
  });

  it('may be silent when it is whole, and when its answer has begun', async () => {
    const [whole, answered] = [exchange(), exchange()];
    whole.body.end('all');
    whole.taken.resume();
    await turn();
    answered.body.write('some');
    answered.handler.head(200, 'OK', [], false);
    await turn();
    vi.advanceTimersByTime(2 * REQUEST_IDLE_MS_MAX);
    expect([...whole.refusals, ...answered.refusals]).toEqual([]);
  });
});
