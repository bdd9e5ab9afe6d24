import type { PowerboxError } from '../../wire/errors.ts';
import { type ByteQueue, makeByteQueue } from '../byte-queue.ts';
import { FAULT } from '../http2/frames.ts';
import { makeOutgoingQueue, type Outgoing } from '../http2/outgoing.ts';
import { WAITING_BYTES, WINDOW_BYTES } from './limits.ts';
import type { Times } from './times.ts';

/** Told of one stream. Exactly one of `end` and `fail` comes last, unless the stream is reset. */
export interface StreamHandler {
  /** An interim answer (below 200), or the final head; `isWhole`: nothing follows. */
  head(status: number, fields: readonly string[], isWhole: boolean): void;
  data(chunk: Buffer): void;
  end(trailers: readonly string[]): void;
  /** `refused`: the server has processed nothing of it (RFC 9113 section 8.7). */
  fail(error: PowerboxError, refused: boolean): void;
  /** What was written has gone; more may be. */
  drain(): void;
  /** Called from time to time, so that no stream needs a timer of its own. */
  sweep(times: Times): void;
}

/** What a stream asks of its connection. */
export interface StreamHost {
  ready(stream: ClientStream): void;
  /** So many bytes more may come. */
  credit(stream: ClientStream, bytes: number): void;
  reset(stream: ClientStream, code: number): void;
}

/** One request and its answer, from the client's end. */
export class ClientStream {
  readonly id: number;
  readonly handler: StreamHandler;
  /** What may be sent (RFC 9113 section 6.9). */
  sendWindow: number;
  /** What may still come, and what was read since that was last said. */
  receiveWindow: number = WINDOW_BYTES;
  unsaid = 0;
  /** The connection knows nothing of it any more. */
  over = false;
  /** All of the answer is here, though it may wait to be read. */
  remoteEnded = false;
  hasHead = false;
  /** The head of the request was given to the socket, and the last of its frames. */
  begun = false;
  allSent = false;
  /** Length that the head declares of the body; null where it declares none. */
  declared: number | null = null;
  readonly #host: StreamHost;
  readonly #queue = makeOutgoingQueue();
  #ending = false;
  #full = false;
  #received = 0;
  #paused = false;
  #dropped = false;
  #arrived: ByteQueue | null = null;
  #trailers: readonly string[] = [];

  constructor(host: StreamHost, id: number, sendWindow: number, handler: StreamHandler) {
    this.#host = host;
    this.id = id;
    this.sendWindow = sendWindow;
    this.handler = handler;
  }

  /** All of the request is written, though it may wait to be sent. */
  get ended(): boolean {
    return this.#ending;
  }

  get hasWaiting(): boolean {
    return !this.#queue.isEmpty || (this.#ending && !this.allSent);
  }

  /** The head of the request; `last`: it is all of it. */
  open(block: Buffer, last: boolean): void {
    this.#queue.push({ block });
    this.#ending = last;
    this.#host.ready(this);
  }

  /** False when enough waits; the handler is told when more is wanted. */
  write(chunk: Buffer): boolean {
    if (this.over || this.#ending) return true;
    if (chunk.length > 0) {
      this.#queue.push(chunk);
      this.#host.ready(this);
    }
    this.#full = this.#queue.bytes >= WAITING_BYTES;
    return !this.#full;
  }

  end(): void {
    if (this.over || this.#ending) return;
    this.#ending = true;
    this.#host.ready(this);
  }

  /** Ends it at once; the handler is told nothing more. */
  reset(code: number = FAULT.cancel): void {
    this.#dropped = true;
    this.#arrived = null;
    if (!this.over) this.#host.reset(this, code);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  /**
   * The next frame's content, of so many bytes at most; null when the stream has nothing, and
   * 'window' when it has, but may not send it.
   */
  take(most: number): { readonly item: Outgoing; readonly end: boolean } | null | 'window' {
    const item = this.#queue.take(Math.min(most, this.sendWindow));
    if (item === null) return this.#ending && !this.allSent ? { item: NOTHING, end: true } : null;
    if (item === 'window') return 'window';
    if (Buffer.isBuffer(item)) this.sendWindow -= item.length;
    else this.begun = true;
    return { item, end: this.#isLast() };
  }

  /** Tells the handler of room, once there is some. */
  drained(): void {
    if (!this.#full || this.#queue.bytes * 2 > WAITING_BYTES) return;
    this.#full = false;
    this.handler.drain();
  }

  /** Takes bytes of the answer; false when there are more than its head declares. */
  receive(data: Buffer): boolean {
    this.#received += data.length;
    if (this.declared !== null && this.#received > this.declared) return false;
    if (data.length === 0) return true;
    if (this.#paused || this.#arrived !== null) {
      this.#arrived ??= makeByteQueue();
      this.#arrived.push(data);
    } else {
      this.#host.credit(this, data.length);
      this.handler.data(data);
    }
    return true;
  }

  /** The answer is whole; false when it is shorter than its head declares. */
  finish(trailers: readonly string[]): boolean {
    if (this.declared !== null && this.#received !== this.declared) return false;
    this.remoteEnded = true;
    this.#trailers = trailers;
    this.#deliver();
    return true;
  }

  #deliver(): void {
    while (!this.#paused && !this.#dropped) {
      const piece = this.#arrived?.shift() ?? null;
      if (piece === null) {
        this.#arrived = null;
        if (!this.remoteEnded) return;
        this.#dropped = true;
        this.handler.end(this.#trailers);
        return;
      }
      this.#host.credit(this, piece.length);
      this.handler.data(piece);
    }
  }

  #isLast(): boolean {
    return this.#ending && this.#queue.isEmpty;
  }

  /** The stream ended otherwise than well. What is whole already is still delivered. */
  fail(error: PowerboxError, refused: boolean): void {
    if (this.#dropped || this.remoteEnded) return;
    this.#dropped = true;
    this.#arrived = null;
    this.handler.fail(error, refused);
  }
}

const NOTHING = Buffer.alloc(0);
