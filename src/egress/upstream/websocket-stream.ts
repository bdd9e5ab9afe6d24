import { Duplex } from 'node:stream';
import type { ClientStream, StreamHandler } from './client-stream.ts';
import type { Protocol } from './dial.ts';
import { websocketHead } from './http2-head.ts';
import type { KeptSession } from './session.ts';
import type { Sessions, Waiting } from './sessions.ts';

/** A WebSocket that is to be begun (RFC 8441 section 5). */
export interface WebsocketRequest {
  /** Path and query. */
  readonly path: string;
  /** Flat list of names and values, Host first; what RFC 8441 leaves out is left out here. */
  readonly headers: readonly string[];
  /** What the program speaks. */
  readonly preferred: Protocol;
}

/**
 * Opens the stream of a WebSocket in a session; its answer is yet to come. Null where the upstream
 * chose HTTP/1.1, or does not take extended CONNECT. Rejects with a PowerboxError.
 */
export function openWebsocket(
  sessions: Sessions,
  { path, headers }: WebsocketRequest,
): Promise<WebsocketStream | null> {
  const head = websocketHead(path, headers);
  return new Promise((done, fail) => sessions.enter(new Opening(head, done, fail)));
}

class Opening implements Waiting {
  readonly #head: Buffer;
  readonly #done: (stream: WebsocketStream | null) => void;
  readonly fail: (error: unknown) => void;

  constructor(
    head: Buffer,
    done: (stream: WebsocketStream | null) => void,
    fail: (error: unknown) => void,
  ) {
    this.#head = head;
    this.#done = done;
    this.fail = fail;
  }

  begin(session: KeptSession): void {
    session.whenTold((error) => {
      if (error !== null) this.fail(error);
      else if (session.takesExtendedConnect) this.#done(new WebsocketStream(session, this.#head));
      else this.#done(null);
    });
  }

  unspoken(): void {
    this.#done(null);
  }
}

/**
 * The stream of a WebSocket: emits `response` with the head that answers (its status, and its fields
 * flat, names lower-case), then carries its frames.
 * How long it may be silent is for its user to say. It closes with an error where it is cut, and
 * one that nobody listens to is of no effect.
 */
export class WebsocketStream extends Duplex {
  readonly #stream: ClientStream;
  #written: (() => void) | null = null;

  constructor(session: KeptSession, head: Buffer) {
    // What waits does so in the stream, where tiny pieces are put together.
    super({ highWaterMark: 1 });
    this.on('error', () => {});
    const handler: StreamHandler = {
      head: (status, fields, isWhole) => {
        if (status < 200) return;
        this.emit('response', status, fields);
        if (isWhole) this.push(null);
      },
      data: (chunk) => {
        if (!this.push(chunk)) this.#stream.pause();
      },
      end: () => void this.push(null),
      fail: (error) => void this.destroy(error),
      drain: () => this.#drain(),
      sweep() {},
    };
    this.#stream = session.begin(head, false, handler);
  }

  #drain(): void {
    const written = this.#written;
    this.#written = null;
    written?.();
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    if (this.#stream.write(chunk)) done();
    else this.#written = done;
  }

  override _final(done: () => void): void {
    this.#stream.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.reset();
    done(error);
  }
}
