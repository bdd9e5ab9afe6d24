import type { Readable } from 'node:stream';
import { JUDGED_BODY_BYTES_MAX } from '../../powers/http/limits.ts';
import type { BoxState } from '../box-egress.ts';
import { type ByteQueue, makeByteQueue } from '../byte-queue.ts';
import { holdBytes } from '../held-bytes.ts';
import { REFUSED_BODY_BYTES_MAX, REFUSED_BODY_MS_MAX, REQUEST_BODY_MS_MAX } from '../limits.ts';
import type { Refusal } from '../refusal.ts';
import type { Caller } from './caller.ts';

export type BodyResult =
  | { readonly ok: true; readonly bytes: Buffer }
  | ({ readonly ok: false } & Refusal);

/** Reads a request's body whole, when a verdict hangs on it. Used at most once. */
export interface BodyReader {
  /** The program is told to go on, where it waits for that. */
  read(): Promise<BodyResult>;
}

/** Null where the request has no body. */
export function makeBodyReader(box: BoxState, caller: Caller): BodyReader | null {
  const { body } = caller;
  if (body === null) return null;
  return {
    async read() {
      if ((caller.declaredBytes ?? 0) > JUDGED_BODY_BYTES_MAX) {
        // A program that waits to be told to go on has sent nothing.
        if (!caller.waits) await passOver(body);
        return tooLong();
      }
      caller.goOn();
      const result = await gather(box, body, caller);
      if (!result.ok && result.code === 'body-unreadable') await passOver(body);
      return result;
    },
  };
}

function gather(box: BoxState, request: Readable, caller: Caller): Promise<BodyResult> {
  return new Promise((done) => {
    // Chunks of one byte each would cost a hundred times what is counted for them.
    const held = makeByteQueue();
    let length = 0;
    let bytes = 0;
    caller.onClose(() => holdBytes(box, -bytes));
    const settle = (result: BodyResult): void => {
      clearTimeout(timer);
      request.off('data', onData);
      done(result);
    };
    const timer = setTimeout(() => {
      settle(refused('limit-exceeded', 'The body of the request took too long to arrive.'));
    }, REQUEST_BODY_MS_MAX);
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > JUDGED_BODY_BYTES_MAX) {
        settle(tooLong());
      } else if (holdBytes(box, chunk.length)) {
        held.push(chunk);
        bytes += chunk.length;
      } else {
        settle(refused('limit-exceeded', 'The box has too many bodies on their way to be judged.'));
      }
    };
    request.on('data', onData);
    request.once('end', () => settle({ ok: true, bytes: wholeOf(held) }));
    request.once('close', () => {
      settle(refused('request-malformed', 'The body of the request ended early.'));
    });
  });
}

function wholeOf(held: ByteQueue): Buffer {
  const pieces: Buffer[] = [];
  for (let piece = held.shift(); piece !== null; piece = held.shift()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * Throws away what still comes, for a while: a program reads no answer before it has sent its
 * request, and one whose connection is closed meanwhile never learns why.
 */
function passOver(request: Readable): Promise<void> {
  return new Promise((done) => {
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > REFUSED_BODY_BYTES_MAX) settle();
    };
    const settle = (): void => {
      clearTimeout(timer);
      request.off('data', onData);
      done();
    };
    const timer = setTimeout(settle, REFUSED_BODY_MS_MAX);
    request.on('data', onData);
    request.once('end', settle);
    request.once('close', settle);
    if (request.readableEnded || request.destroyed) settle();
    else request.resume();
  });
}

function tooLong(): BodyResult {
  return refused(
    'body-unreadable',
    `The request was refused: a body that must be judged has ${JUDGED_BODY_BYTES_MAX} bytes at most.`,
  );
}

function refused(code: Refusal['code'], reason: string): BodyResult {
  return { ok: false, code, reason };
}
