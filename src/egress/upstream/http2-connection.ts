import type { Duplex } from 'node:stream';
import { PowerboxError } from '../../wire/errors.ts';
import { Http2Fault, malformedFrame } from '../http2/fault.ts';
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
} from '../http2/frames.ts';
import { makeGauge } from '../http2/gauge.ts';
import { dataOf, type HeaderBlock, HeaderBlocks } from '../http2/header-blocks.ts';
import { Http2Output } from '../http2/output.ts';
import { RESPONSE_HEAD_BYTES_MAX } from '../limits.ts';
import { answerFields, areRegular } from './answer-fields.ts';
import { ClientStream, type StreamHandler, type StreamHost } from './client-stream.ts';
import {
  BLOCK_LIMITS,
  IDLE_FRAMES_MAX,
  IDLE_FRAMES_PER_SECOND_MAX,
  RESPONSE_HEADERS_MAX,
  SESSION_WINDOW_BYTES,
  WINDOW_BYTES,
} from './limits.ts';
import { readServerSettings, type ServerSettings } from './server-settings.ts';

/** Whom a connection tells of itself. */
export interface ConnectionOwner {
  settings(settings: ServerSettings): void;
  /** The server takes no more streams. */
  leaving(): void;
  /** A stream is over. */
  freed(): void;
  closed(): void;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * The client's end of one HTTP/2 connection (RFC 9113). Never throws: where the server breaks the
 * rules, or sends what is of no use without end, the connection ends with all of its streams.
 */
export class Http2Connection implements StreamHost {
  readonly streams: Map<number, ClientStream> = new Map();
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  readonly #frames = makeFrameReader();
  readonly #blocks = new HeaderBlocks(BLOCK_LIMITS);
  readonly #output: Http2Output<ClientStream>;
  readonly #idle = makeGauge(IDLE_FRAMES_MAX, IDLE_FRAMES_PER_SECOND_MAX);
  #nextId = 1;
  #greeted = false;
  #peerWindow = WINDOW_DEFAULT;
  #receiveWindow = SESSION_WINDOW_BYTES;
  #unsaid = 0;
  #closed = false;

  /** `socket` was dialled, and chose h2. */
  constructor(socket: Duplex, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#output = new Http2Output(socket, BLOCK_LIMITS, (stream, last) =>
      this.#sent(stream, last),
    );
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => {});
    socket.once('end', () => this.#end(ended()));
    socket.once('close', () => this.#end(ended()));
    this.#reply(
      Buffer.concat([
        PREFACE,
        settingsFrame([
          [SETTING.enablePush, 0],
          [SETTING.initialWindowSize, WINDOW_BYTES],
          [SETTING.maxHeaderListSize, RESPONSE_HEAD_BYTES_MAX],
        ]),
        numberFrame(FRAME.window, 0, SESSION_WINDOW_BYTES - WINDOW_DEFAULT),
      ]),
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Begins a stream; `block` is the head of the request, `last` whether it is all of it. */
  begin(block: Buffer, last: boolean, handler: StreamHandler): ClientStream {
    const stream = new ClientStream(this, this.#nextId, this.#peerWindow, handler);
    this.#nextId += 2;
    this.streams.set(stream.id, stream);
    this.#idle.earn(2);
    stream.open(block, last);
    return stream;
  }

  /** When a head began that is not whole yet, in milliseconds since 1970; null for none. */
  get headSince(): number | null {
    return this.#blocks.since;
  }

  /** Numbers of streams are used up at some time (RFC 9113 section 5.1.1). */
  get isUsedUp(): boolean {
    return this.#nextId > 0x7ffffff0;
  }

  ready(stream: ClientStream): void {
    if (!this.#closed) this.#output.ready(stream);
  }

  credit(stream: ClientStream, bytes: number): void {
    if (this.#closed || stream.over || stream.remoteEnded) return;
    stream.unsaid += bytes;
    if (stream.unsaid * 2 < WINDOW_BYTES) return;
    this.#reply(numberFrame(FRAME.window, stream.id, stream.unsaid));
    stream.receiveWindow += stream.unsaid;
    stream.unsaid = 0;
  }

  reset(stream: ClientStream, code: number): void {
    if (this.#closed || stream.over) return;
    // Of a stream that was not begun the server must hear nothing (RFC 9113 section 5.1).
    if (stream.begun) this.#reply(numberFrame(FRAME.reset, stream.id, code));
    this.#forget(stream);
  }

  /** Ends it at once; its streams fail with `error`. */
  destroy(error: PowerboxError, code: number = FAULT.none): void {
    if (this.#closed) return;
    this.#output.close(numberFrame(FRAME.goaway, 0, 0, code));
    this.#end(error);
    // A server that takes no bytes would keep it open.
    const timer = setTimeout(() => this.#socket.destroy(), FAREWELL_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#frames.push(chunk);
      for (;;) {
        const next = this.#frames.next();
        if (next === null || this.#closed) return;
        if (next === 'long') throw malformedFrame(FAULT.frameSize, '');
        this.#frame(next);
      }
    } catch (error) {
      const code = error instanceof Http2Fault ? error.number : FAULT.internal;
      this.destroy(code === FAULT.enhanceYourCalm ? tooMany() : broken(code), code);
    }
  }

  #frame(frame: Frame): void {
    if (!this.#greeted) {
      must(frame.type === FRAME.settings && (frame.flags & FLAG.ack) === 0);
      this.#greeted = true;
    }
    must(this.#blocks.permits(frame));
    switch (frame.type) {
      case FRAME.data:
        this.#onData(frame);
        return;
      case FRAME.headers:
      case FRAME.continuation:
        must(frame.stream % 2 === 1 && frame.stream < this.#nextId);
        this.#onBlock(this.#blocks.push(frame));
        return;
      case FRAME.push:
        throw malformedFrame(FAULT.protocol, '');
      default:
        this.#onControl(frame);
    }
  }

  #onControl({ type, flags, stream, payload }: Frame): void {
    this.#spend();
    const { length } = payload;
    switch (type) {
      case FRAME.priority:
        must(length === 5 && stream !== 0);
        return;
      case FRAME.reset:
        must(length === 4 && stream !== 0 && stream < this.#nextId);
        this.#onReset(stream, payload.readUInt32BE(0));
        return;
      case FRAME.settings:
        must(stream === 0);
        this.#onSettings(flags, payload);
        return;
      case FRAME.ping:
        must(length === 8 && stream === 0);
        if ((flags & FLAG.ack) === 0) this.#reply(frame(FRAME.ping, FLAG.ack, 0, payload));
        return;
      case FRAME.goaway:
        must(length >= 8 && stream === 0);
        this.#onGoaway(payload.readUInt32BE(0) & WINDOW_MAX, payload.readUInt32BE(4));
        return;
      case FRAME.window:
        must(length === 4);
        this.#onWindow(stream, payload.readUInt32BE(0) & WINDOW_MAX);
        return;
      default:
        // RFC 9113 section 5.5: what is not known is passed over.
        return;
    }
  }

  #onBlock(block: HeaderBlock | null): void {
    if (block === null) return;
    const stream = this.streams.get(block.stream);
    if (stream === undefined) {
      this.#spend();
      return;
    }
    if (stream.remoteEnded) this.#break(stream, FAULT.streamClosed);
    else if (block.tooLong || block.fields.length > 2 * RESPONSE_HEADERS_MAX)
      this.#break(stream, FAULT.enhanceYourCalm);
    else if (stream.hasHead) this.#onTrailers(stream, block);
    else this.#onHead(stream, block);
  }

  #onHead(stream: ClientStream, { fields: all, end }: HeaderBlock): void {
    const answer = answerFields(all);
    if (answer === null || (answer.status < 200 && end)) {
      this.#break(stream, FAULT.protocol);
      return;
    }
    const { status, fields, length } = answer;
    if (status < 200) {
      this.#spend();
      stream.handler.head(status, fields, false);
      return;
    }
    this.#idle.earn(2);
    stream.hasHead = true;
    // An answer to HEAD and 304 tell the length of what does not follow (RFC 9110 section 8.6).
    stream.declared = end ? null : length;
    stream.handler.head(status, fields, end);
    if (end && !stream.over) this.#finish(stream, []);
  }

  #onTrailers(stream: ClientStream, { fields, end }: HeaderBlock): void {
    if (!end || !areRegular(fields)) this.#break(stream, FAULT.protocol);
    else this.#finish(stream, fields);
  }

  #onData(frame: Frame): void {
    const { stream: id, flags, payload } = frame;
    const data = dataOf(frame);
    const end = (flags & FLAG.endStream) !== 0;
    must(id % 2 === 1 && id < this.#nextId);
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < 0) throw malformedFrame(FAULT.flowControl, '');
    this.#creditAll(payload.length);
    if (data.length > 0) this.#idle.earn(2);
    else if (!end) this.#spend();
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.#spend();
      return;
    }
    stream.receiveWindow -= payload.length;
    if (stream.remoteEnded) this.#break(stream, FAULT.streamClosed);
    else if (stream.receiveWindow < 0) this.#break(stream, FAULT.flowControl);
    else if (!stream.hasHead) this.#break(stream, FAULT.protocol);
    else {
      if (payload.length > data.length) this.credit(stream, payload.length - data.length);
      if (!stream.receive(data)) this.#break(stream, FAULT.protocol);
      else if (end && !stream.over) this.#finish(stream, []);
    }
  }

  #finish(stream: ClientStream, trailers: readonly string[]): void {
    if (!stream.finish(trailers)) this.#break(stream, FAULT.protocol);
    else if (stream.allSent) this.#forget(stream);
  }

  #onReset(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.#forget(stream);
    stream.fail(unfinished(code), code === FAULT.refusedStream && !stream.hasHead);
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & FLAG.ack) !== 0) {
      must(payload.length === 0);
      return;
    }
    const settings = readServerSettings(payload);
    const { window } = settings;
    if (window !== null) {
      const change = window - this.#peerWindow;
      this.#peerWindow = window;
      for (const stream of this.streams.values()) {
        stream.sendWindow += change;
        if (stream.sendWindow > WINDOW_MAX) throw malformedFrame(FAULT.flowControl, '');
        if (change > 0 && stream.hasWaiting) this.ready(stream);
      }
    }
    this.#reply(frame(FRAME.settings, FLAG.ack, 0, NO_BYTES));
    this.#owner.settings(settings);
  }

  /** RFC 9113 section 6.8: what lies behind the last stream was not processed. */
  #onGoaway(last: number, code: number): void {
    this.#owner.leaving();
    for (const stream of [...this.streams.values()]) {
      if (stream.id <= last) continue;
      this.#forget(stream);
      stream.fail(unfinished(FAULT.refusedStream), true);
    }
    if (code !== FAULT.none) this.destroy(unfinished(code));
  }

  #onWindow(id: number, bytes: number): void {
    if (id === 0) {
      this.#output.window += bytes;
      if (bytes === 0 || this.#output.window > WINDOW_MAX)
        throw malformedFrame(FAULT.flowControl, '');
      this.#output.flush();
      return;
    }
    must(id < this.#nextId);
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    stream.sendWindow += bytes;
    if (bytes === 0 || stream.sendWindow > WINDOW_MAX) this.#break(stream, FAULT.flowControl);
    else if (stream.hasWaiting) this.ready(stream);
  }

  /** A frame of a stream was given to the socket. */
  #sent(stream: ClientStream, last: boolean): void {
    this.#idle.earn(2);
    if (!last) stream.drained();
    else if (stream.remoteEnded) this.#forget(stream);
    else stream.allSent = true;
  }

  /** The server broke the rules in one stream. */
  #break(stream: ClientStream, code: number): void {
    this.reset(stream, code);
    stream.fail(broken(code), false);
  }

  #forget(stream: ClientStream): void {
    if (!this.streams.delete(stream.id)) return;
    stream.over = true;
    this.#output.forget(stream);
    if (!this.#closed) this.#owner.freed();
  }

  /** What was taken off the wire: as much more may come; each stream has a window of its own. */
  #creditAll(bytes: number): void {
    this.#unsaid += bytes;
    if (this.#unsaid * 2 < SESSION_WINDOW_BYTES) return;
    this.#reply(numberFrame(FRAME.window, 0, this.#unsaid));
    this.#receiveWindow += this.#unsaid;
    this.#unsaid = 0;
  }

  #spend(): void {
    if (!this.#idle.spend()) throw malformedFrame(FAULT.enhanceYourCalm, '');
  }

  #reply(bytes: Buffer): void {
    if (this.#closed || this.#output.reply(bytes)) return;
    this.destroy(tooMany(), FAULT.enhanceYourCalm);
  }

  #end(error: PowerboxError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#output.close(null);
    const streams = [...this.streams.values()];
    this.streams.clear();
    for (const stream of streams) stream.over = true;
    this.#owner.closed();
    for (const stream of streams) stream.fail(error, false);
  }
}

/** How long a server has to take a last frame before its connection is cut. */
const FAREWELL_MS = 500;

/** Names of the codes of RFC 9113 section 7. */
const CODES = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR'],
  ...['CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
];

function must(holds: boolean): void {
  if (!holds) throw malformedFrame(FAULT.protocol, '');
}

function unreachable(what: string): PowerboxError {
  return new PowerboxError('upstream-unreachable', what);
}

function unfinished(code: number): PowerboxError {
  const name = CODES[code] ?? 'unknown';
  return unreachable(`The upstream server ended the answer before it was whole (${name}).`);
}

function broken(code: number): PowerboxError {
  return unreachable(
    `The upstream server broke the rules of HTTP/2 (${CODES[code] ?? 'unknown'}).`,
  );
}

function tooMany(): PowerboxError {
  return unreachable('The upstream server sent frames without end that are of no use.');
}

function ended(): PowerboxError {
  return unreachable('The upstream server ended the connection.');
}
