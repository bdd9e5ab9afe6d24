import { Duplex, Readable } from 'node:stream';
import { makeByteQueue } from '../byte-queue.ts';
import { FAULT } from './frames.ts';
import { makeOutgoingQueue, type Outgoing } from './outgoing.ts';
import { writeFields } from './write-fields.ts';

/** What a stream asks of its session. */
export interface StreamHost {
  /** Bytes of one stream that may wait before it says that it has enough. */
  readonly waitingBytes: number;
  /** The stream has something to send. */
  ready(stream: Http2Stream): void;
  /** Bytes of a body were read, of this stream, or dropped (null): as many more may come. */
  credit(stream: Http2Stream | null, bytes: number): void;
  /** Ends the stream at once, with a code of RFC 9113 section 7. */
  reset(stream: Http2Stream, code: number): void;
}

/**
 * One request and its answer, as the frames of a session carry them. What is sent waits here until
 * the session has room; a stream is over when its last frame was given to the socket, so that
 * answers which nobody reads count as open requests.
 */
export class Http2Stream {
  readonly id: number;
  /** What may be sent (RFC 9113 section 6.9). */
  sendWindow: number;
  /** What may still come, and what was read since that was last said. */
  receiveWindow: number;
  unsaid = 0;
  /** All of the request is here. */
  remoteEnded: boolean;
  over = false;
  /** Something of an answer was given to the socket. */
  begun = false;
  /** When something was last sent, in milliseconds; what waits longer than a bound is cut. */
  moved = 0;
  readonly #host: StreamHost;
  readonly #arrived = makeByteQueue();
  /** Who reads the body; null for nobody. */
  #reader: Readable | null = null;
  #wanted = false;
  /** Length of the body that the head declares; null where it declares none. */
  #declared: number | null = null;
  #received = 0;
  readonly #queue = makeOutgoingQueue();
  #ending = false;
  #full = false;
  #headSent = false;
  #onDrain: (() => void)[] = [];
  #onClose: ((whole: boolean) => void)[] = [];

  constructor(
    host: StreamHost,
    id: number,
    windows: { readonly send: number; readonly receive: number; readonly ended: boolean },
  ) {
    this.#host = host;
    this.id = id;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
    this.remoteEnded = windows.ended;
  }

  /** A head of a final answer was sent, or waits to be. */
  get answered(): boolean {
    return this.#headSent;
  }

  get hasWaiting(): boolean {
    return !this.#queue.isEmpty || this.#ending;
  }

  /** Declares the length of the body; what is longer or shorter ends the stream. */
  expect(bytes: number | null): void {
    this.#declared = bytes;
  }

  /** Ends the stream at once, with a code of RFC 9113 section 7. */
  reset(code: number): void {
    this.#host.reset(this, code);
  }

  /** The body, for a request that has one. Called at most once, as is `duplex`. */
  body(): Readable {
    const body = new Readable({
      ...ONE_PIECE,
      read: () => this.#want(),
      destroy: (error, done) => {
        this.#reader = null;
        this.#drop();
        done(error);
      },
    });
    body.on('error', () => {});
    this.#reader = body;
    return body;
  }

  /** Both directions as one, for what is no body. */
  duplex(): Duplex {
    const duplex = new Duplex({
      ...ONE_PIECE,
      read: () => this.#want(),
      write: (chunk: Buffer, _, done) => {
        if (this.write(chunk)) done();
        else this.#onDrain.push(done);
      },
      final: (done) => {
        this.end([]);
        done();
      },
      destroy: (error, done) => {
        this.#reader = null;
        this.#drop();
        if (!this.over && !(this.#ending && this.remoteEnded)) this.reset(FAULT.cancel);
        done(error);
      },
    });
    duplex.on('error', () => {});
    this.#reader = duplex;
    return duplex;
  }

  onDrain(act: () => void): void {
    this.#onDrain.push(act);
  }

  onClose(act: (whole: boolean) => void): void {
    this.#onClose.push(act);
  }

  /** An interim or the final head, as a status and a flat list of lower-case names and values. */
  head(status: number, headers: readonly string[]): void {
    if (this.over || this.#ending) return;
    if (status >= 200) this.#headSent = true;
    this.#push({ block: writeFields(status, headers) });
  }

  /** False when enough waits; `onDrain` tells when more is wanted. */
  write(chunk: Buffer): boolean {
    if (this.over || this.#ending) return true;
    if (chunk.length > 0) this.#push(chunk);
    this.#full = this.#queue.bytes >= this.#host.waitingBytes;
    return !this.#full;
  }

  end(trailers: readonly string[]): void {
    if (this.over || this.#ending) return;
    if (trailers.length > 0) this.#queue.push({ block: writeFields(null, trailers) });
    this.#ending = true;
    this.#host.ready(this);
  }

  #push(item: Outgoing): void {
    if (this.#queue.isEmpty) this.moved = Date.now();
    this.#queue.push(item);
    this.#host.ready(this);
  }

  /**
   * The next frame's content, of so many bytes at most; null when the stream has nothing, and
   * 'window' when it has, but may not send it.
   */
  take(most: number): { readonly item: Outgoing; readonly end: boolean } | null | 'window' {
    const item = this.#queue.take(Math.min(most, this.sendWindow));
    if (item === null) return this.#ending ? { item: Buffer.alloc(0), end: true } : null;
    if (item === 'window') return 'window';
    this.moved = Date.now();
    if (Buffer.isBuffer(item)) this.sendWindow -= item.length;
    else this.begun = true;
    return { item, end: this.#isLast() };
  }

  #isLast(): boolean {
    return this.#ending && this.#queue.isEmpty;
  }

  /** Tells whoever waits for room, once there is some. */
  drain(): void {
    if (!this.#full || this.#queue.bytes * 2 > this.#host.waitingBytes) return;
    this.#full = false;
    const acts = this.#onDrain;
    // A writer of a duplex waits once, whoever passes an answer on as long as it goes.
    if (this.#reader instanceof Duplex) this.#onDrain = [];
    for (const act of acts) act();
  }

  /** Takes bytes of the body; false when there are more than the head declares. */
  receive(data: Buffer): boolean {
    this.#received += data.length;
    if (this.#declared !== null && this.#received > this.#declared) return false;
    if (this.#reader === null) {
      // Others may send more; this stream sends what its window still allows.
      this.#host.credit(null, data.length);
      return true;
    }
    this.#arrived.push(data);
    this.#deliver();
    return true;
  }

  /** The request is whole; false when its body is shorter than its head declares. */
  finish(): boolean {
    this.remoteEnded = true;
    if (this.#declared !== null && this.#received !== this.#declared) return false;
    this.#deliver();
    return true;
  }

  #want(): void {
    this.#wanted = true;
    this.#deliver();
  }

  #deliver(): void {
    while (this.#wanted && this.#reader !== null) {
      const piece = this.#arrived.shift();
      if (piece === null) {
        if (!this.remoteEnded) return;
        this.#wanted = false;
        this.#reader.push(null);
        return;
      }
      // The next piece may be asked for while this one is pushed.
      this.#wanted = false;
      const more = this.#reader.push(piece);
      this.#wanted ||= more;
      this.#host.credit(this, piece.length);
    }
  }

  /** What nobody will read makes room for the other streams. */
  #drop(): void {
    const { length } = this.#arrived;
    this.#arrived.clear();
    if (length > 0) this.#host.credit(null, length);
  }

  /** The stream is over. Called once, by the session. */
  close(whole: boolean): void {
    this.over = true;
    this.#queue.clear();
    const read = this.remoteEnded && this.#arrived.length === 0;
    if (!whole || !read) this.#reader?.destroy();
    for (const act of this.#onClose.splice(0)) act(whole);
  }
}

/** What is not read waits in a queue, where tiny pieces are put together. */
const ONE_PIECE = { highWaterMark: 1 };
