import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  ClientSessionOptions,
  OutgoingHttpHeaders,
  Settings,
} from 'node:http2';
import type { Socket } from 'node:net';
import { PowerboxError } from '../../wire/errors.ts';
import { RESPONSE_HEAD_BYTES_MAX } from '../limits.ts';
import { http2Module } from './http2-module.ts';
import {
  CONTROL_FRAMES_MAX,
  INVALID_FRAMES_MAX,
  ORIGIN_FRAMES_MAX,
  RESPONSE_HEADERS_MAX,
  SESSION_WINDOW_BYTES,
  SETTINGS_MAX,
  STREAMS_BEFORE_SETTINGS_MAX,
  STREAMS_PER_SESSION_MAX,
  WINDOW_BYTES,
} from './limits.ts';
import type { Times } from './times.ts';

/** A stream of a session, as the session sees it. */
export interface Live {
  /** Called at each sweep, so that no stream needs a timer of its own. */
  sweep(times: Times): void;
  /** The server said that it processed no stream behind this one (RFC 9113 section 6.8). */
  refusedAfter(id: number): void;
}

/** Whom a session tells of itself. */
export interface SessionOwner {
  /** It can take a stream, or has learnt how many it can take. */
  room(): void;
  /** It takes no more streams; those that it has may go on. */
  gone(session: KeptSession): void;
}

/** What the upstream may have and do, in a session: no pushes, one size of everything. */
const SETTINGS: Settings = {
  enablePush: false,
  initialWindowSize: WINDOW_BYTES,
  maxHeaderListSize: RESPONSE_HEAD_BYTES_MAX,
};

/**
 * One HTTP/2 connection to an upstream (RFC 9113), kept while it is used. What the upstream can make
 * grow or repeat is bounded; where it goes beyond, the session ends, with all that is in it.
 */
export class KeptSession {
  readonly #session: ClientHttp2Session;
  readonly #owner: SessionOwner;
  readonly #times: Times;
  readonly #live = new Set<Live>();
  readonly #timer: NodeJS.Timeout;
  /** Waiting for the server's SETTINGS. */
  #waiting: ((error: Error | null) => void)[] = [];
  #capacity = STREAMS_BEFORE_SETTINGS_MAX;
  #told = false;
  #isGone = false;
  #frames = 0;
  #origins = 0;
  readonly #since = performance.now();
  #idleSince = this.#since;

  /** `socket` was dialled, and chose h2. */
  constructor(origin: string, socket: Socket, owner: SessionOwner, times: Times) {
    this.#owner = owner;
    this.#times = times;
    const options: ClientSessionOptions & { readonly maxSessionInvalidFrames: number } = {
      createConnection: () => socket,
      settings: SETTINGS,
      maxHeaderListPairs: RESPONSE_HEADERS_MAX,
      maxSessionInvalidFrames: INVALID_FRAMES_MAX,
      maxSettings: SETTINGS_MAX,
    };
    this.#session = http2Module().connect(origin, options);
    this.#session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    this.#listen();
    this.#timer = setInterval(() => this.#sweep(), times.sweepMs);
    this.#timer.unref();
  }

  /** How many streams it takes now. */
  get room(): number {
    return this.#isGone ? 0 : this.#capacity - this.#live.size;
  }

  get streams(): number {
    return this.#live.size;
  }

  /** How many it takes at all; null before the server has said it. */
  get capacity(): number | null {
    return this.#told ? this.#capacity : null;
  }

  /** Begins a stream for `live`, which must call `over` when the stream has closed. */
  begin(head: OutgoingHttpHeaders, endStream: boolean, live: Live): ClientHttp2Stream {
    const stream = this.#session.request(head, { endStream });
    this.#live.add(live);
    return stream;
  }

  over(live: Live): void {
    if (!this.#live.delete(live)) return;
    if (this.#live.size === 0) this.#idleSince = performance.now();
    if (!this.#isGone) this.#owner.room();
  }

  /** Calls back once the server's SETTINGS are here, or with why they never come. */
  whenTold(act: (error: Error | null) => void): void {
    if (this.#told) act(null);
    else if (this.#isGone) act(sessionEnded());
    else this.#waiting.push(act);
  }

  /** RFC 8441 section 3; false until the server has said so. */
  get takesExtendedConnect(): boolean {
    return !this.#isGone && this.#session.remoteSettings.enableConnectProtocol === true;
  }

  /** Ends it once its streams have ended. */
  close(): void {
    this.#leave();
    this.#session.close();
  }

  destroy(error?: Error): void {
    this.#leave();
    this.#session.destroy(error);
  }

  #listen(): void {
    const session = this.#session;
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.#count();
      this.#capacity = Math.min(
        maxConcurrentStreams ?? STREAMS_PER_SESSION_MAX,
        STREAMS_PER_SESSION_MAX,
      );
      this.#told = true;
      this.#answerWaiting(null);
      if (!this.#isGone) this.#owner.room();
    });
    session.on('ping', () => this.#count());
    session.on('goaway', (_code, lastStreamId) => {
      this.#count();
      this.#leave();
      for (const live of [...this.#live]) live.refusedAfter(lastStreamId);
    });
    session.on('origin', () => {
      this.#origins += 1;
      if (this.#origins > ORIGIN_FRAMES_MAX) this.destroy(flooded());
    });
    // Each stream is told as well, and says it to whoever waits for it.
    session.on('error', () => {});
    session.on('close', () => {
      clearInterval(this.#timer);
      this.#leave();
    });
  }

  #count(): void {
    this.#frames += 1;
    if (this.#frames > CONTROL_FRAMES_MAX) this.destroy(flooded());
  }

  #sweep(): void {
    this.#frames = 0;
    const now = performance.now();
    if (!this.#told && now - this.#since > this.#times.settingsMs) {
      this.destroy(new PowerboxError('upstream-timeout', 'The upstream server began no session.'));
      return;
    }
    if (this.#live.size === 0 && now - this.#idleSince > this.#times.sessionIdleMs) {
      // A server that does not close its end would keep a session that is only closed.
      if (this.#isGone) this.#session.destroy();
      else this.close();
      return;
    }
    for (const live of [...this.#live]) live.sweep(this.#times);
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#answerWaiting(sessionEnded());
    this.#owner.gone(this);
  }

  #answerWaiting(error: Error | null): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) act(error);
  }
}

function sessionEnded(): PowerboxError {
  return new PowerboxError('upstream-unreachable', 'The upstream server ended the session.');
}

function flooded(): PowerboxError {
  return new PowerboxError(
    'upstream-unreachable',
    'The connection to the upstream server was cut: it sent control frames without end.',
  );
}
