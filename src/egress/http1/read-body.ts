import type { IncomingMessage, ServerResponse } from 'node:http';
import { JUDGED_BODY_BYTES_MAX } from '../../powers/http/limits.ts';
import type { BoxState } from '../box-egress.ts';
import { BUFFERED_BYTES_MAX, REQUEST_BODY_MS_MAX } from '../limits.ts';
import type { Refusal } from '../refusal.ts';

export type BodyResult =
  | { readonly ok: true; readonly bytes: Buffer }
  | ({ readonly ok: false } & Refusal);

/** Reads a request's body whole, when a verdict hangs on it. Used at most once. */
export interface BodyReader {
  /** True once it reads: the request has been told to continue. */
  readonly began: boolean;
  read(): Promise<BodyResult>;
}

/** Bytes of bodies that are held for a box. */
const held = new WeakMap<BoxState, number>();

export function makeBodyReader(
  box: BoxState,
  request: IncomingMessage,
  response: ServerResponse,
  begin: () => void,
): BodyReader {
  let began = false;
  return {
    get began() {
      return began;
    },
    read() {
      const declared = Number(request.headers['content-length'] ?? 0);
      if (declared > JUDGED_BODY_BYTES_MAX) return Promise.resolve(tooLong());
      began = true;
      begin();
      return gather(box, request, response);
    },
  };
}

function gather(
  box: BoxState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<BodyResult> {
  return new Promise((done) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let bytes = 0;
    response.once('close', () => hold(box, -bytes));
    const settle = (result: BodyResult): void => {
      clearTimeout(timer);
      request.off('data', onData);
      // What still comes is thrown away; a refusal closes the connection.
      if (!result.ok) request.resume();
      done(result);
    };
    const timer = setTimeout(() => {
      settle(refused('limit-exceeded', 'The body of the request took too long to arrive.'));
    }, REQUEST_BODY_MS_MAX);
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > JUDGED_BODY_BYTES_MAX) {
        settle(tooLong());
      } else if (hold(box, chunk.length)) {
        chunks.push(chunk);
        bytes += chunk.length;
      } else {
        settle(refused('limit-exceeded', 'The box has too many bodies on their way to be judged.'));
      }
    };
    request.on('data', onData);
    request.once('end', () => settle({ ok: true, bytes: Buffer.concat(chunks, length) }));
    request.once('close', () => {
      settle(refused('request-malformed', 'The body of the request ended early.'));
    });
  });
}

/** False when the box would have more bytes held than it may. */
function hold(box: BoxState, bytes: number): boolean {
  const total = (held.get(box) ?? 0) + bytes;
  if (bytes > 0 && total > BUFFERED_BYTES_MAX) return false;
  held.set(box, total);
  return true;
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
