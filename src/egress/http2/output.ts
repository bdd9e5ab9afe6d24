import type { Duplex } from 'node:stream';
import {
  FLAG,
  FRAME,
  frameHead,
  headerFrames,
  PAYLOAD_BYTES_MAX,
  WINDOW_DEFAULT,
} from './frames.ts';
import type { Http2Limits } from './limits.ts';
import { NO_TABLE } from './write-fields.ts';

/** A stream whose frames wait for their turn. */
export interface OutputStream {
  readonly id: number;
  readonly sendWindow: number;
  /** The next frame's content, of so many bytes at most; null for nothing, 'window' for no room. */
  take(
    most: number,
  ):
    | { readonly item: { readonly block: Buffer } | Buffer; readonly end: boolean }
    | null
    | 'window';
}

/**
 * What a session sends: its own frames at once, those of its streams in turn, one frame each, as
 * far as the windows and the socket have room. Everything of one turn of the loop is one write.
 */
export class Http2Output<S extends OutputStream> {
  /** What may be sent on all streams together (RFC 9113 section 6.9). */
  window: number = WINDOW_DEFAULT;
  readonly #socket: Duplex;
  readonly #limits: Http2Limits;
  readonly #sent: (stream: S, last: boolean) => void;
  readonly #ready = new Set<S>();
  #frames: Buffer[] = [];
  #bytes = 0;
  /** Frames that wait since the socket took no more. */
  #replies = 0;
  #blocked = false;
  #scheduled = false;
  #begun = false;
  #closed = false;

  /** `sent` is told of each frame of a stream, and whether it was the stream's last. */
  constructor(socket: Duplex, limits: Http2Limits, sent: (stream: S, last: boolean) => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#sent = sent;
    socket.on('drain', () => {
      this.#blocked = false;
      this.#replies = 0;
      this.flush();
    });
  }

  /** A frame of the session itself; false when more of them wait than may. */
  reply(frame: Buffer): boolean {
    this.#push(frame);
    this.#schedule();
    if (!this.#blocked) return true;
    this.#replies += 1;
    return this.#replies <= this.#limits.waitingReplies;
  }

  ready(stream: S): void {
    this.#ready.add(stream);
    this.#schedule();
  }

  forget(stream: S): void {
    this.#ready.delete(stream);
  }

  /** Sends a last frame, and nothing more. */
  close(frame: Buffer | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ready.clear();
    if (frame !== null) this.#push(frame);
    this.#write();
    this.#socket.end();
  }

  #push(frame: Buffer): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.#closed || this.#blocked) return;
    const more = this.#gather();
    this.#write();
    if (more) this.#schedule();
  }

  #write(): void {
    if (this.#frames.length === 0 || this.#socket.destroyed) return;
    const [only] = this.#frames;
    const bytes = this.#frames.length === 1 ? (only as Buffer) : Buffer.concat(this.#frames);
    this.#frames = [];
    this.#bytes = 0;
    if (!this.#socket.write(bytes)) this.#blocked = true;
  }

  /** False when all was taken that the windows allow. */
  #gather(): boolean {
    for (const stream of this.#ready) {
      if (this.#bytes >= this.#limits.writtenBytes) return true;
      const next = stream.take(Math.min(PAYLOAD_BYTES_MAX, this.window));
      // Stays where it is until the session's window grows.
      if (next === 'window' && stream.sendWindow > 0) continue;
      // To the end of the line, where it has more; the loop comes to it again.
      this.#ready.delete(stream);
      if (next === null || next === 'window') continue;
      const { item, end } = next;
      if (Buffer.isBuffer(item)) {
        this.window -= item.length;
        this.#push(frameHead(item.length, FRAME.data, end ? FLAG.endStream : 0, stream.id));
        if (item.length > 0) this.#push(item);
      } else {
        this.#push(headerFrames(stream.id, this.#firstOf(item.block), end));
      }
      if (!end) this.#ready.add(stream);
      this.#sent(stream, end);
    }
    return false;
  }

  #firstOf(block: Buffer): Buffer {
    if (this.#begun) return block;
    this.#begun = true;
    return Buffer.concat([NO_TABLE, block]);
  }
}
