import type { Duplex } from 'node:stream';
import type { Refusal } from '../refusal.ts';
import { Http2Fault, malformedFrame, tooMuch } from './fault.ts';
import {
  FAULT,
  FLAG,
  FRAME,
  type Frame,
  frame,
  makeFrameReader,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './frames.ts';
import { type Gauge, makeGauge } from './gauge.ts';
import { dataOf, type HeaderBlock, HeaderBlocks } from './header-blocks.ts';
import type { Http2Limits } from './limits.ts';
import { Lingering } from './lingering.ts';
import { Http2Output } from './output.ts';
import { readSettings } from './settings.ts';
import { Http2Stream, type StreamHost } from './stream.ts';

/** Whoever answers the requests of a session. */
export interface SessionHandler {
  /** A request began; `block` is its head, read but not judged. */
  request(stream: Http2Stream, block: HeaderBlock): void;
  /** The session, or one stream of it, was ended for what the program did. */
  refused(refusal: Refusal): void;
}

/** How long a peer has to take a last frame before its connection is cut. */
const FAREWELL_MS = 500;
const NO_FRAME = Buffer.alloc(0);

/**
 * The server's end of one HTTP/2 connection (RFC 9113). Never throws: what a program does wrong
 * ends the stream, or the connection, and is told to the handler.
 */
export class Http2Session implements StreamHost {
  readonly waitingBytes: number;
  readonly #socket: Duplex;
  readonly #limits: Http2Limits;
  readonly #handler: SessionHandler;
  readonly #frames = makeFrameReader();
  readonly #blocks: HeaderBlocks;
  readonly #output: Http2Output<Http2Stream>;
  readonly #streams = new Map<number, Http2Stream>();
  /** Requests that go on behind their answers. */
  readonly #lingering: Lingering;
  readonly #idle: Gauge;
  readonly #resets: Gauge;
  /** What of the preface has not come yet; null once the first SETTINGS came, too. */
  #preface: Buffer | null = PREFACE;
  #greeted = false;
  #lastStream = 0;
  #peerWindow = WINDOW_DEFAULT;
  #receiveWindow: number;
  #unsaid = 0;
  /** When a request was last open, in milliseconds. */
  #active = Date.now();
  #closed = false;
  /** The program said that it opens no more streams. */
  #leaving = false;

  constructor(socket: Duplex, limits: Http2Limits, handler: SessionHandler) {
    this.#socket = socket;
    this.#limits = limits;
    this.#handler = handler;
    this.waitingBytes = limits.waitingBytes;
    this.#blocks = new HeaderBlocks(limits);
    this.#lingering = new Lingering(limits, (frame) => this.#reply(frame));
    this.#idle = makeGauge(limits.idleFrames, limits.idleFramesPerSecond);
    this.#resets = makeGauge(limits.resets, limits.resetsPerSecond);
    this.#receiveWindow = limits.sessionWindow;
    this.#output = new Http2Output(socket, limits, (stream, last) => this.#sent(stream, last));
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.once('end', () => this.#end());
    socket.once('close', () => this.#end());
    this.#reply(
      settingsFrame([
        [SETTING.maxConcurrentStreams, limits.streams],
        [SETTING.initialWindowSize, limits.streamWindow],
        [SETTING.maxHeaderListSize, limits.listBytes],
        [SETTING.enableConnectProtocol, 1],
      ]),
    );
    const more = limits.sessionWindow - WINDOW_DEFAULT;
    if (more > 0) this.#reply(numberFrame(FRAME.window, 0, more));
  }

  get closed(): boolean {
    return this.#closed;
  }

  ready(stream: Http2Stream): void {
    if (!this.#closed) this.#output.ready(stream);
  }

  credit(stream: Http2Stream | null, bytes: number): void {
    if (this.#closed) return;
    this.#unsaid += bytes;
    if (this.#unsaid * 2 >= this.#limits.sessionWindow) this.#sayWindow();
    if (stream === null || stream.over || stream.remoteEnded) return;
    stream.unsaid += bytes;
    if (stream.unsaid * 2 < this.#limits.streamWindow) return;
    this.#reply(numberFrame(FRAME.window, stream.id, stream.unsaid));
    stream.receiveWindow += stream.unsaid;
    stream.unsaid = 0;
  }

  #sayWindow(): void {
    if (this.#unsaid === 0) return;
    this.#reply(numberFrame(FRAME.window, 0, this.#unsaid));
    this.#receiveWindow += this.#unsaid;
    this.#unsaid = 0;
  }

  reset(stream: Http2Stream, code: number): void {
    if (this.#closed || stream.over) return;
    this.#reply(numberFrame(FRAME.reset, stream.id, code));
    this.#forget(stream, false);
  }

  /** Looks for what takes too long; `now` is in milliseconds. */
  check(now: number): void {
    const { headMs, idleMs, unreadMs } = this.#limits;
    if (this.#closed) return;
    const { since } = this.#blocks;
    if (since !== null && now - since > headMs) {
      this.#fail(tooMuch(FAULT.cancel, 'the head of a request took too long to arrive'));
    } else if (this.#streams.size === 0 && this.#lastStream === 0 && now - this.#active > headMs) {
      this.#fail(tooMuch(FAULT.none, 'no request came'));
    } else if (this.#streams.size === 0 && now - this.#active > idleMs) {
      this.#leave(FAULT.none);
    }
    for (const stream of this.#streams.values()) {
      if (stream.hasWaiting && now - stream.moved > unreadMs) this.reset(stream, FAULT.cancel);
    }
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#frames.push(this.#greet(chunk));
      if (this.#preface !== null) return;
      for (;;) {
        const next = this.#frames.next();
        if (next === null || this.#closed) return;
        if (next === 'long') throw malformedFrame(FAULT.frameSize, 'a frame is too long');
        this.#frame(next);
      }
    } catch (error) {
      this.#fail(
        error instanceof Http2Fault
          ? error
          : new Http2Fault(FAULT.internal, 'internal', 'it could not be read'),
      );
    }
  }

  /** What follows the preface. */
  #greet(chunk: Buffer): Buffer {
    if (this.#preface === null) return chunk;
    const count = Math.min(chunk.length, this.#preface.length);
    if (this.#preface.compare(chunk, 0, count, 0, count) !== 0) {
      throw malformedFrame(FAULT.protocol, 'it does not begin as HTTP/2 does');
    }
    this.#preface = count === this.#preface.length ? null : this.#preface.subarray(count);
    return chunk.subarray(count);
  }

  #frame(frame: Frame): void {
    if (!this.#greeted) {
      if (frame.type !== FRAME.settings || (frame.flags & FLAG.ack) !== 0) {
        throw malformedFrame(FAULT.protocol, 'it does not begin with its settings');
      }
      this.#greeted = true;
    }
    if (!this.#blocks.permits(frame)) {
      throw malformedFrame(FAULT.protocol, 'the head of a request is interrupted');
    }
    switch (frame.type) {
      case FRAME.data:
        this.#onData(frame);
        return;
      case FRAME.headers:
      case FRAME.continuation:
        this.#onHeaders(frame);
        return;
      case FRAME.push:
        throw malformedFrame(FAULT.protocol, 'a program pushes nothing');
      default:
        this.#onControl(frame);
    }
  }

  /** Frames that move nothing by themselves: each has a length of its own and a bounded rate. */
  #onControl({ type, flags, stream, payload }: Frame): void {
    this.#spendIdle();
    const { length } = payload;
    switch (type) {
      case FRAME.priority:
        mustHave(length === 5);
        mustName(stream !== 0);
        return;
      case FRAME.reset:
        mustHave(length === 4);
        this.#onReset(stream);
        return;
      case FRAME.settings:
        mustName(stream === 0);
        this.#onSettings(flags, payload);
        return;
      case FRAME.ping:
        mustHave(length === 8);
        mustName(stream === 0);
        if ((flags & FLAG.ack) === 0) this.#reply(frame(FRAME.ping, FLAG.ack, 0, payload));
        return;
      case FRAME.goaway:
        mustHave(length >= 8);
        mustName(stream === 0);
        this.#leaving = true;
        if (this.#streams.size === 0) this.#leave(FAULT.none);
        return;
      case FRAME.window:
        mustHave(length === 4);
        this.#onWindow(stream, payload.readUInt32BE(0) & WINDOW_MAX);
        return;
      default:
        // RFC 9113 section 5.5: what is not known is passed over.
        return;
    }
  }

  #onHeaders(frame: Frame): void {
    if (frame.stream % 2 === 0)
      throw malformedFrame(FAULT.protocol, 'a request has a wrong number');
    const block = this.#blocks.push(frame);
    if (block === null) return;
    const known = this.#streams.get(block.stream);
    if (known !== undefined) {
      this.#onTrailers(known, block);
    } else if (block.stream <= this.#lastStream) {
      // Late, for a stream that is over, or never to be: it has no effect.
      if (this.#lingering.has(block.stream)) {
        this.#lingering.end(block.stream, false);
        return;
      }
      this.#spendIdle();
      this.#spendReset();
    } else {
      this.#open(block);
    }
  }

  #open(block: HeaderBlock): void {
    this.#lastStream = block.stream;
    if (this.#leaving) throw malformedFrame(FAULT.protocol, 'a request came after the last one');
    if (this.#streams.size >= this.#limits.streams) {
      this.#spendReset();
      this.#reply(numberFrame(FRAME.reset, block.stream, FAULT.refusedStream));
      return;
    }
    this.#idle.earn(2);
    const stream = new Http2Stream(this, block.stream, {
      send: this.#peerWindow,
      receive: this.#limits.streamWindow,
      ended: block.end,
    });
    this.#streams.set(stream.id, stream);
    this.#handler.request(stream, block);
  }

  /** Trailers of a request say nothing that is passed on; they only end it. */
  #onTrailers(stream: Http2Stream, block: HeaderBlock): void {
    if (stream.remoteEnded || !block.end || block.tooLong || hasPseudo(block.fields)) {
      this.#refuse(stream, FAULT.protocol, 'a request has a second head');
      return;
    }
    this.#finish(stream);
  }

  #onData(frame: Frame): void {
    const { stream: id, flags, payload } = frame;
    const data = dataOf(frame);
    const end = (flags & FLAG.endStream) !== 0;
    if (id === 0 || id > this.#lastStream) {
      throw malformedFrame(FAULT.protocol, 'a body belongs to no request');
    }
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < 0) {
      throw malformedFrame(FAULT.flowControl, 'more of a body came than was asked for');
    }
    if (data.length > 0) this.#idle.earn(2);
    else if (!end) this.#spendIdle();
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      this.#passOver(id, payload.length, end);
      return;
    }
    stream.receiveWindow -= payload.length;
    if (stream.remoteEnded || stream.receiveWindow < 0) {
      const code = stream.remoteEnded ? FAULT.streamClosed : FAULT.flowControl;
      this.credit(null, payload.length);
      this.#refuse(stream, code, 'more of a body came than was asked for');
      return;
    }
    if (payload.length > data.length) this.credit(stream, payload.length - data.length);
    if (!stream.receive(data)) {
      this.#refuse(stream, FAULT.protocol, 'a body is longer than its head says');
    } else if (end) {
      this.#finish(stream);
    }
  }

  #finish(stream: Http2Stream): void {
    if (stream.finish()) return;
    this.#refuse(stream, FAULT.protocol, 'a body is shorter than its head says');
  }

  #onReset(id: number): void {
    if (id === 0 || id > this.#lastStream) {
      throw malformedFrame(FAULT.protocol, 'a request was given up that was not made');
    }
    this.#lingering.end(id, false);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (!stream.begun) this.#spendReset();
    this.#forget(stream, false);
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & FLAG.ack) !== 0) {
      mustHave(payload.length === 0);
      return;
    }
    const window = readSettings(payload);
    if (window !== null) {
      const change = window - this.#peerWindow;
      this.#peerWindow = window;
      for (const stream of this.#streams.values()) {
        stream.sendWindow += change;
        if (stream.sendWindow > WINDOW_MAX) {
          throw malformedFrame(FAULT.flowControl, 'a window is too large');
        }
        if (change > 0 && stream.hasWaiting) this.ready(stream);
      }
    }
    this.#reply(frame(FRAME.settings, FLAG.ack, 0, NO_FRAME));
  }

  #onWindow(id: number, bytes: number): void {
    const stream = this.#streams.get(id);
    if (id === 0) {
      this.#output.window += bytes;
      if (bytes === 0 || this.#output.window > WINDOW_MAX) {
        throw malformedFrame(FAULT.flowControl, 'a window is too large, or grows by nothing');
      }
      this.#output.flush();
    } else if (id > this.#lastStream) {
      throw malformedFrame(FAULT.protocol, 'a window belongs to no request');
    } else if (stream !== undefined) {
      stream.sendWindow += bytes;
      if (bytes === 0 || stream.sendWindow > WINDOW_MAX) {
        this.#refuse(stream, FAULT.flowControl, 'a window is too large, or grows by nothing');
      } else if (stream.hasWaiting) {
        this.ready(stream);
      }
    }
  }

  /** A frame of a stream was given to the socket. */
  #sent(stream: Http2Stream, last: boolean): void {
    this.#idle.earn(2);
    if (!last) {
      stream.drain();
      return;
    }
    // RFC 9113 section 8.1: the answer is whole, and what is left of the request is not wanted.
    const taken = this.#limits.streamWindow - stream.receiveWindow;
    if (!stream.remoteEnded) this.#lingering.begin(stream.id, taken);
    this.#forget(stream, true);
  }

  /** A body that nobody reads, of a request that is over. */
  #passOver(id: number, bytes: number, end: boolean): void {
    const lingers = this.#lingering.take(id, bytes, end);
    if (!lingers) this.#spendIdle();
    this.credit(null, bytes);
    // curl 7.88 (Debian 12) sees that its stream is over only when the next frame comes.
    if (lingers && end) this.#sayWindow();
  }

  /** Ends one stream for what the program did with it. */
  #refuse(stream: Http2Stream, code: number, what: string): void {
    this.#spendReset();
    this.#handler.refused({
      code: 'request-malformed',
      reason: `The request was refused: ${what}.`,
    });
    this.reset(stream, code);
  }

  #forget(stream: Http2Stream, whole: boolean): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#output.forget(stream);
    this.#active = Date.now();
    stream.close(whole);
    if (this.#leaving && this.#streams.size === 0) this.#leave(FAULT.none);
  }

  #spendIdle(): void {
    if (this.#idle.spend()) return;
    throw tooMuch(FAULT.enhanceYourCalm, 'it sends too many frames that ask for nothing');
  }

  #spendReset(): void {
    if (this.#resets.spend()) return;
    throw tooMuch(FAULT.enhanceYourCalm, 'it gives up too many requests');
  }

  #reply(frame: Buffer): void {
    if (this.#closed || this.#output.reply(frame)) return;
    // Called also where nothing is read, and so nobody catches.
    this.#fail(tooMuch(FAULT.enhanceYourCalm, 'it does not read what it is answered'));
  }

  #fail(fault: Http2Fault): void {
    if (this.#closed) return;
    this.#leave(fault.number);
    this.#handler.refused(fault.refusal);
  }

  /** Says farewell and closes. */
  #leave(code: number): void {
    if (this.#closed) return;
    this.#output.close(numberFrame(FRAME.goaway, 0, this.#lastStream, code));
    this.#end();
    this.#socket.pause();
    const timer = setTimeout(() => this.#socket.destroy(), FAREWELL_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Nothing comes any more, and nothing is sent. */
  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#output.close(null);
    this.#lingering.clear();
    for (const stream of [...this.#streams.values()]) {
      this.#streams.delete(stream.id);
      stream.close(false);
    }
  }
}

function mustHave(length: boolean): void {
  if (!length) throw malformedFrame(FAULT.frameSize, 'a frame has a wrong length');
}

function mustName(stream: boolean): void {
  if (!stream) throw malformedFrame(FAULT.protocol, 'a frame names a wrong request');
}

function hasPseudo(fields: readonly string[]): boolean {
  return fields.some((text, index) => index % 2 === 0 && text.startsWith(':'));
}
