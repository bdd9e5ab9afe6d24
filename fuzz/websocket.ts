import type { Transform, Writable } from 'node:stream';
import * as ws from 'ws';
import { makeScrubber } from '../src/egress/scrub/scrubber.ts';
import { FrameFault, type FrameHead, makeFrameReader } from '../src/egress/websocket/frames.ts';
import { judgeFrames, refusalOf } from '../src/egress/websocket/judge-frames.ts';
import { passFrames } from '../src/egress/websocket/pass-frames.ts';
import { scrubFrames } from '../src/egress/websocket/scrub-frames.ts';
import { encodeClose, encodeFrame } from '../src/egress/websocket/write-frames.ts';
import { type FuzzTarget, holds } from './target.ts';

type From = 'client' | 'server';

/** A reader that knows nothing of ours. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: { isServer: boolean }) => Writable;
};

interface Outcome {
  /** Messages and control frames that ended, one text each, in order. */
  readonly said: readonly string[];
  readonly fault: string | null;
}

/** What the other reader lets pass, or looks at later than ours; after a close it looks at nothing. */
const EXPLAINED = /^(?:a length is not in its shortest form|a text is not UTF-8)$/;

/** Of a close frame (RFC 6455 section 7.4.1). */
const TOO_BIG = 1009;

const scrubber = makeScrubber([]);

/**
 * Bytes as they come from a client, and from a server. However they are cut, they are read alike;
 * what is taken is taken by another reader too, and means the same; and what is passed on, scrubbed
 * or judged says what came in.
 */
export const websocketTarget: FuzzTarget = {
  name: 'websocket',
  seeds: (['client', 'server'] as const).flatMap((from) => seedsOf(from === 'client')),
  words: [
    '\x81',
    '\x01',
    '\x00',
    '\x80',
    '\x88\x02\x03\xe8',
    '\x89\x00',
    '\x7e',
    '\x7f',
    'é',
    '\xff',
  ],
  async check(input) {
    const bytes = Buffer.from(input);
    return `${await checkFrom(bytes, 'client')} ${await checkFrom(bytes, 'server')}`;
  },
};

function seedsOf(client: boolean): Buffer[] {
  const frame = (opcode: number, payload: string, final = true): Buffer =>
    encodeFrame(opcode, Buffer.from(payload), { client, final });
  return [
    Buffer.concat([frame(1, 'hello'), frame(9, 'ping'), frame(2, '\0'.repeat(130))]),
    Buffer.concat([frame(1, 'hé', false), frame(10, ''), frame(0, 'llo')]),
    Buffer.concat([frame(2, 'x'.repeat(70), false), encodeClose(1000, 'bye', client)]),
    Buffer.concat([frame(1, ''), encodeClose(4999, '', client), frame(10, 'late')]),
    frame(1, 'é'.repeat(200)),
  ];
}

async function checkFrom(bytes: Buffer, from: From): Promise<string> {
  const whole = read([bytes], from);
  const byteByByte = read(
    Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
    from,
  );
  holds(same(whole, byteByByte), `cut or not, frames of a ${from} are read alike`);
  const other = otherReading(bytes, from);
  if (whole.fault === null && other.fault !== null) {
    // The other one refuses before the head is whole.
    const padded = read([bytes, Buffer.alloc(20)], from);
    holds(padded.fault !== null, `another reader takes what is taken (${other.fault})`);
  } else if (whole.fault === null) {
    holds(sameTexts(untilClose(whole.said), other.said), 'another reader reads the same');
  } else if (!EXPLAINED.test(whole.fault) && !whole.said.some((text) => text.startsWith('8 '))) {
    // Ours refuses at the first wrong byte; the other one wants the rest of the head.
    const padded = otherReading(Buffer.concat([bytes, Buffer.alloc(20)]), from);
    holds(padded.fault !== null, `another reader refuses it too (${whole.fault})`);
  }
  await checkPassed(bytes, from, whole);
  const kinds = new Set(whole.said.map((text) => text.slice(0, 2)));
  return `${[...kinds].sort().join()} ${whole.fault ?? 'taken'}`;
}

/** What comes out is frames again, and says as much as went in. */
async function checkPassed(bytes: Buffer, from: From, whole: Outcome): Promise<void> {
  const roads: Transform[] =
    from === 'client'
      ? [passFrames('client', false).frames, judgeFrames(GATE)]
      : [
          passFrames('server', false).frames,
          scrubFrames(
            () => scrubber,
            () => {},
          ),
        ];
  for (const road of roads) {
    const passed = await through(road, bytes);
    const again = read([passed.bytes], from);
    holds(again.fault === null, `what is passed on is frames (${again.fault})`);
    // A frame that is one may be of a message that is too long to be judged.
    const isTooLong = refusalOf(passed.error)?.close === TOO_BIG;
    const isFault = passed.error !== null && !isTooLong;
    holds(isFault === (whole.fault !== null) || isTooLong, 'what is no frame ends the stream');
    if (whole.fault === null && !isTooLong) {
      holds(sameTexts(sorted(again.said), sorted(whole.said)), 'what is passed on says the same');
    }
  }
}

const GATE = {
  pass: async ({ bytes }: { bytes: Uint8Array }) => ({ ok: true as const, bytes }),
  room: () => true,
  leak: () => null,
};

async function through(
  road: Transform,
  bytes: Buffer,
): Promise<{ readonly bytes: Buffer; readonly error: Error | null }> {
  const out: Buffer[] = [];
  let error: Error | null = null;
  road.on('data', (chunk: Buffer) => out.push(chunk));
  road.on('error', (fault: Error) => {
    error = fault;
  });
  const over = new Promise<void>((done) => road.once('close', () => done()));
  road.end(bytes);
  await over;
  if (error !== null) holds(refusalOf(error) !== null, 'what ends a stream is explained');
  return { bytes: error === null ? Buffer.concat(out) : Buffer.alloc(0), error };
}

function read(chunks: readonly Buffer[], from: From): Outcome {
  const said: string[] = [];
  let head: FrameHead | null = null;
  let parts: Buffer[] = [];
  let message: { readonly opcode: number; readonly parts: Buffer[] } | null = null;
  const reader = makeFrameReader(
    { from, deflate: false },
    {
      head(found) {
        head = found;
        parts = [];
        if (found.opcode === 1 || found.opcode === 2) message = { opcode: found.opcode, parts: [] };
      },
      payload(bytes, last) {
        if (head === null) return;
        (head.opcode < 8 ? (message?.parts ?? parts) : parts).push(bytes);
        if (!last || !head.final) return;
        if (head.opcode >= 8) said.push(`${head.opcode} ${textOf(parts)}`);
        else said.push(`${message?.opcode} ${textOf(message?.parts ?? [])}`);
      },
    },
  );
  try {
    for (const chunk of chunks) reader.write(chunk);
    return { said, fault: null };
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
    return { said, fault: error.message };
  }
}

function otherReading(bytes: Buffer, from: From): Outcome {
  const said: string[] = [];
  let fault: string | null = null;
  const receiver = new Receiver({ isServer: from === 'client' });
  receiver.on('message', (data: Buffer, binary: boolean) => {
    said.push(`${binary ? 2 : 1} ${textOf([data])}`);
  });
  receiver.on('ping', (data: Buffer) => said.push(`9 ${textOf([data])}`));
  receiver.on('pong', (data: Buffer) => said.push(`10 ${textOf([data])}`));
  receiver.on('conclude', () => said.push('8'));
  receiver.on('error', () => {});
  // It takes the mask off in place.
  receiver.write(Buffer.from(bytes), (error) => {
    fault = error?.message ?? null;
  });
  if (receiver.errored !== null) fault = receiver.errored.message;
  return { said, fault };
}

function untilClose(said: readonly string[]): string[] {
  const at = said.findIndex((text) => text.startsWith('8 '));
  return at === -1 ? [...said] : [...said.slice(0, at), '8'];
}

function textOf(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString('latin1');
}

function same(one: Outcome, other: Outcome): boolean {
  return one.fault === other.fault && sameTexts(one.said, other.said);
}

function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, index) => text === others[index]);
}

/** A control frame may overtake the message that it stands in. */
function sorted(said: readonly string[]): string[] {
  return [...said].sort();
}
