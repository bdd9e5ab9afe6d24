import type { Socket } from 'node:net';
import { PowerboxError } from '../../wire/errors.ts';
import type { ClientStream, StreamHandler } from './client-stream.ts';
import { type ConnectionOwner, Http2Connection } from './http2-connection.ts';
import { STREAMS_BEFORE_SETTINGS_MAX, STREAMS_PER_SESSION_MAX } from './limits.ts';
import type { ServerSettings } from './server-settings.ts';
import type { Times } from './times.ts';

/** Whom a session tells of itself. */
export interface SessionOwner {
  /** It can take a stream, or has learnt how many it can take. */
  room(): void;
  /** It takes no more streams; those that it has may go on. */
  gone(session: KeptSession): void;
}

/** One HTTP/2 connection to an upstream, kept while it is used. */
export class KeptSession implements ConnectionOwner {
  readonly #connection: Http2Connection;
  readonly #owner: SessionOwner;
  readonly #times: Times;
  readonly #timer: NodeJS.Timeout;
  /** Waiting for the server's SETTINGS. */
  #waiting: ((error: PowerboxError | null) => void)[] = [];
  #capacity = STREAMS_BEFORE_SETTINGS_MAX;
  #told = false;
  #takesExtendedConnect = false;
  #isGone = false;
  readonly #since = performance.now();
  #idleSince = this.#since;

  /** `socket` was dialled, and chose h2. */
  constructor(socket: Socket, owner: SessionOwner, times: Times) {
    this.#owner = owner;
    this.#times = times;
    this.#timer = setInterval(() => this.#sweep(), times.sweepMs);
    this.#timer.unref();
    this.#connection = new Http2Connection(socket, this);
  }

  /** How many streams it takes now. */
  get room(): number {
    if (this.#isGone || this.#connection.isUsedUp) return 0;
    return this.#capacity - this.streams;
  }

  get streams(): number {
    return this.#connection.streams.size;
  }

  /** How many it takes at all; null before the server has said it. */
  get capacity(): number | null {
    return this.#told ? this.#capacity : null;
  }

  /** RFC 8441 section 3; false until the server has said so. */
  get takesExtendedConnect(): boolean {
    return !this.#isGone && this.#takesExtendedConnect;
  }

  /** `block` is the head of a request, `last` whether it is all of it. */
  begin(block: Buffer, last: boolean, handler: StreamHandler): ClientStream {
    return this.#connection.begin(block, last, handler);
  }

  /** Calls back once the server's SETTINGS are here, or with why they never come. */
  whenTold(act: (error: PowerboxError | null) => void): void {
    if (this.#told) act(null);
    else if (this.#isGone) act(ended());
    else this.#waiting.push(act);
  }

  /** Takes nothing new, and ends once its streams have ended. */
  close(): void {
    this.leaving();
    if (this.streams === 0) this.destroy(ended());
  }

  destroy(error: PowerboxError): void {
    this.#connection.destroy(error);
  }

  settings({ streams, extendedConnect }: ServerSettings): void {
    if (!this.#told || streams !== null) {
      this.#capacity = Math.min(streams ?? STREAMS_PER_SESSION_MAX, STREAMS_PER_SESSION_MAX);
    }
    if (extendedConnect !== null) this.#takesExtendedConnect = extendedConnect;
    this.#told = true;
    this.#answerWaiting(null);
    if (!this.#isGone) this.#owner.room();
  }

  leaving(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#answerWaiting(ended());
    this.#owner.gone(this);
  }

  freed(): void {
    if (this.streams === 0) this.#idleSince = performance.now();
    if (!this.#isGone) this.#owner.room();
    else if (this.streams === 0) this.destroy(ended());
  }

  closed(): void {
    clearInterval(this.#timer);
    this.leaving();
  }

  #sweep(): void {
    const now = performance.now();
    const { settingsMs, sessionIdleMs } = this.#times;
    if (!this.#told && now - this.#since > settingsMs) {
      this.destroy(new PowerboxError('upstream-timeout', 'The upstream server began no session.'));
      return;
    }
    const { headSince } = this.#connection;
    if (headSince !== null && Date.now() - headSince > settingsMs) {
      // Nothing else can come before the head is whole.
      const reason = 'The upstream server took too long for the head of an answer.';
      this.destroy(new PowerboxError('upstream-timeout', reason));
      return;
    }
    if (this.streams === 0 && now - this.#idleSince > sessionIdleMs) {
      this.destroy(ended());
      return;
    }
    for (const { handler } of [...this.#connection.streams.values()]) handler.sweep(this.#times);
  }

  #answerWaiting(error: PowerboxError | null): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) act(error);
  }
}

function ended(): PowerboxError {
  return new PowerboxError('upstream-unreachable', 'The connection to the upstream server ended.');
}
