import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Refusal } from '../refusal.ts';
import { FAULT, FRAME, frame, numberFrame, PREFACE, settingsFrame } from './frames.ts';
import { HTTP2_LIMITS, type Http2Limits } from './limits.ts';
import { Http2Session } from './session.ts';
import type { Http2Stream } from './stream.ts';
import { writeFields } from './write-fields.ts';

const FIELDS = [':method', 'GET', ':scheme', 'https', ':path', '/', ':authority', 'a.example'];
const BLOCK = writeFields(null, FIELDS);
const LIMITS: Http2Limits = { ...HTTP2_LIMITS, headMs: 1_000, idleMs: 5_000, unreadMs: 9_000 };

/** As much of a socket as a session uses; `takes` is what `write` answers. */
class Wire extends EventEmitter {
  readonly written: Buffer[] = [];
  takes = true;
  ended = false;
  destroyed = false;

  write(bytes: Buffer): boolean {
    this.written.push(bytes);
    return this.takes;
  }

  end(): void {
    this.ended = true;
  }

  pause(): void {}

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

interface Sent {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

interface Talk {
  readonly wire: Wire;
  readonly session: Http2Session;
  readonly streams: Http2Stream[];
  readonly refused: Refusal[];
  send(...frames: Buffer[]): void;
  /** Frames that were written since the last call, of one type where it is given. */
  sent(type?: number): Sent[];
}

function talk(limits: Http2Limits = LIMITS): Talk {
  const wire = new Wire();
  const streams: Http2Stream[] = [];
  const refused: Refusal[] = [];
  const session = new Http2Session(wire as unknown as Duplex, limits, {
    request: (stream) => void streams.push(stream),
    refused: (refusal) => void refused.push(refusal),
  });
  const send = (...frames: Buffer[]): void => void wire.emit('data', Buffer.concat(frames));
  send(PREFACE, settingsFrame([]));
  return {
    wire,
    session,
    streams,
    refused,
    send,
    sent(type) {
      vi.advanceTimersByTime(0);
      const bytes = Buffer.concat(wire.written.splice(0));
      const found: Sent[] = [];
      for (let at = 0; at < bytes.length; ) {
        const end = at + 9 + bytes.readUIntBE(at, 3);
        found.push({
          type: bytes[at + 3] as number,
          flags: bytes[at + 4] as number,
          stream: bytes.readUInt32BE(at + 5),
          payload: bytes.subarray(at + 9, end),
        });
        at = end;
      }
      return type === undefined ? found : found.filter((one) => one.type === type);
    },
  };
}

function request(stream: number, end = true): Buffer {
  return frame(FRAME.headers, end ? 5 : 4, stream, BLOCK);
}

function codeOf(frames: readonly Sent[]): number | undefined {
  return frames.at(-1)?.payload.readUInt32BE(4);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setImmediate', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a session that takes its time', () => {
  it('is refused when no request comes, or half of one', () => {
    const silent = talk();
    silent.session.check(Date.now() + 1_001);
    expect(silent.refused).toMatchObject([{ code: 'limit-exceeded' }]);
    expect(silent.wire.ended).toBe(true);

    const half = talk();
    half.send(request(1), frame(FRAME.headers, 1, 3, BLOCK));
    half.session.check(Date.now() + 900);
    expect(half.refused).toEqual([]);
    half.session.check(Date.now() + 1_001);
    expect(half.refused).toMatchObject([{ code: 'limit-exceeded' }]);
    expect(half.streams[0]?.over).toBe(true);
  });

  it('ends without a word when it is idle, and not while a request is open', () => {
    const { session, send, streams, sent, wire, refused } = talk();
    send(request(1));
    session.check(Date.now() + 60_000);
    expect(wire.ended).toBe(false);
    streams[0]?.head(200, []);
    streams[0]?.end([]);
    sent();
    session.check(Date.now() + 4_000);
    expect(wire.ended).toBe(false);
    session.check(Date.now() + 5_001);
    expect(codeOf(sent(FRAME.goaway))).toBe(FAULT.none);
    expect([wire.ended, refused]).toEqual([true, []]);
    vi.advanceTimersByTime(1_000);
    expect(wire.destroyed).toBe(true);
  });

  it('loses an answer that it leaves unread, and only that', () => {
    const { session, send, streams, sent } = talk();
    send(settingsFrame([[4, 0]]), request(1), request(3));
    const closed: boolean[] = [];
    streams[0]?.onClose((whole) => closed.push(whole));
    streams[0]?.head(200, []);
    streams[0]?.write(Buffer.from('body'));
    sent();
    session.check(Date.now() + 8_000);
    expect(closed).toEqual([]);
    session.check(Date.now() + 9_001);
    expect(closed).toEqual([false]);
    expect(sent(FRAME.reset)).toMatchObject([{ stream: 1 }]);
    expect(streams[1]?.over).toBe(false);
  });
});

describe('a body on its way', () => {
  it('may be as long as its window, and more only once it was read', () => {
    const { send, streams, sent, refused } = talk();
    send(request(1, false));
    const body = streams[0]?.body();
    const data = Buffer.alloc(16_383);
    for (let n = 0; n < 4; n += 1) send(frame(FRAME.data, 0, 1, data));
    expect(sent(FRAME.window).filter(({ stream }) => stream === 1)).toEqual([]);
    send(frame(FRAME.data, 0, 1, data));
    expect(sent(FRAME.reset)).toMatchObject([{ stream: 1 }]);
    expect(refused).toMatchObject([{ code: 'request-malformed' }]);
    expect(body?.destroyed).toBe(true);
  });

  it('is asked for as it is read', async () => {
    const { send, streams, sent } = talk();
    send(request(1, false));
    let length = 0;
    streams[0]?.body().on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    sent();
    for (let n = 0; n < 20; n += 1) {
      send(frame(FRAME.data, 0, 1, Buffer.alloc(16_000)));
      sent();
      await new Promise<void>((next) => process.nextTick(next));
    }
    expect(length).toBe(320_000);
    expect(streams[0]?.over).toBe(false);
  });
});

describe('an answer on its way', () => {
  it('goes as far as the windows reach, each stream in its turn', () => {
    const { send, streams, sent } = talk();
    send(request(1), request(3));
    for (const stream of streams) {
      stream.head(200, []);
      expect(stream.write(Buffer.alloc(60_000))).toBe(true);
      expect(stream.write(Buffer.alloc(60_000))).toBe(false);
      stream.end([]);
    }
    const first = sent(FRAME.data);
    const total = first.reduce((sum, { payload }) => sum + payload.length, 0);
    expect(total).toBe(65_535);
    expect(first.slice(0, 4).map(({ stream }) => stream)).toEqual([1, 3, 1, 3]);
    send(numberFrame(FRAME.window, 0, 200_000));
    send(numberFrame(FRAME.window, 1, 200_000), numberFrame(FRAME.window, 3, 200_000));
    const rest = sent(FRAME.data);
    const all = rest.reduce((sum, { payload }) => sum + payload.length, total);
    expect(all).toBe(240_000);
    expect(rest.filter(({ flags }) => flags === 1)).toHaveLength(2);
    expect(streams.map(({ over }) => over)).toEqual([true, true]);
  });

  it('waits as an open request while nobody reads the connection', () => {
    const { send, streams, sent, wire } = talk({ ...LIMITS, streams: 2 });
    sent();
    wire.takes = false;
    send(request(1), request(3));
    for (const stream of streams) {
      stream.head(204, []);
      stream.end([]);
    }
    expect(sent(FRAME.headers)).toHaveLength(2);
    send(request(5), request(7));
    for (const stream of streams.slice(2)) {
      stream.head(204, []);
      stream.end([]);
    }
    send(request(9));
    expect(sent()).toEqual([]);
    expect(streams).toHaveLength(4);
    wire.takes = true;
    wire.emit('drain');
    const refused = sent(FRAME.reset).map(({ stream, payload }) => [stream, payload[3]]);
    expect(refused).toEqual([[9, FAULT.refusedStream]]);
    expect(streams.slice(2).every(({ over }) => over)).toBe(true);
  });

  it('takes for a while what goes on behind it, then ends that (RFC 9113 section 8.1)', () => {
    const { send, streams, sent } = talk();
    send(request(1, false));
    streams[0]?.head(413, []);
    streams[0]?.end([]);
    expect(sent(FRAME.headers)).toMatchObject([{ stream: 1, flags: 5 }]);
    send(frame(FRAME.data, 0, 1, Buffer.alloc(9_000)));
    expect(sent()).toMatchObject([{ type: FRAME.window, stream: 1 }]);
    vi.advanceTimersByTime(2_001);
    const [reset, ...more] = sent();
    expect(reset).toMatchObject({ type: FRAME.reset, stream: 1 });
    expect([reset?.payload.readUInt32BE(0), more]).toEqual([FAULT.none, []]);
    send(frame(FRAME.data, 1, 1, Buffer.from('late')), request(3));
    expect(streams).toHaveLength(2);
  });

  it('has its trailers in a second head that ends it', () => {
    const { send, streams, sent } = talk();
    send(request(1));
    streams[0]?.head(200, []);
    streams[0]?.write(Buffer.from('a'));
    streams[0]?.end(['grpc-status', '0']);
    const frames = sent().filter(({ stream }) => stream === 1);
    expect(frames.map(({ type, flags }) => [type, flags])).toEqual([
      [FRAME.headers, 4],
      [FRAME.data, 0],
      [FRAME.headers, 5],
    ]);
  });
});
