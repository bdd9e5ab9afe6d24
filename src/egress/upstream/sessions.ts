import type { Socket } from 'node:net';
import { PowerboxError } from '../../wire/errors.ts';
import { UPSTREAM_CONNECTIONS_MAX } from '../limits.ts';
import { protocolOf } from './dial.ts';
import { QUEUED_REQUESTS_MAX, STREAMS_PER_UPSTREAM_MAX } from './limits.ts';
import { KeptSession, type SessionOwner } from './session.ts';
import type { Times } from './times.ts';

/** Something that needs a stream. Exactly one of its methods is called, and once. */
export interface Waiting {
  begin(session: KeptSession): void;
  /** The upstream chose HTTP/1.1. */
  unspoken(): void;
  fail(error: unknown): void;
}

/** The kept HTTP/2 sessions to one upstream, of one box. */
export interface Sessions {
  enter(waiting: Waiting): void;
  /** Ends each session once its streams have ended. */
  close(): void;
  /** Cuts everything. */
  destroy(): void;
}

export interface SessionsParts {
  /** Dials, offering h2 first. */
  dial(done: (error: Error | null, socket: Socket | null) => void): void;
  /** Takes a connection that was dialled and chose HTTP/1.1. */
  spare(socket: Socket): void;
  readonly times: Times;
}

export function makeSessions(parts: SessionsParts): Sessions {
  return new OpenSessions(parts);
}

interface Queued {
  readonly waiting: Waiting;
  readonly since: number;
}

class OpenSessions implements Sessions, SessionOwner {
  readonly #parts: SessionsParts;
  /** Those that take new streams. */
  readonly #open = new Set<KeptSession>();
  /** Those that end with the streams that they still have. */
  readonly #ending = new Set<KeptSession>();
  #queue: Queued[] = [];
  #dialling = 0;
  #isOver = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  enter(waiting: Waiting): void {
    const session = this.#queue.length === 0 ? this.#roomy() : null;
    if (this.#isOver) waiting.fail(ended());
    else if (session !== null) waiting.begin(session);
    else if (this.#queue.length >= QUEUED_REQUESTS_MAX) waiting.fail(crowded());
    else {
      this.#queue.push({ waiting, since: performance.now() });
      this.#watch();
      this.#grow();
    }
  }

  room(): void {
    while (this.#queue.length > 0) {
      const session = this.#roomy();
      if (session === null) break;
      this.#queue.shift()?.waiting.begin(session);
    }
    this.#grow();
  }

  gone(session: KeptSession): void {
    this.#open.delete(session);
    if (session.streams > 0) this.#ending.add(session);
    // Not at once: a session that is told of its end is not yet to be followed by the next.
    setImmediate(() => this.room());
  }

  close(): void {
    for (const session of [...this.#open]) session.close();
  }

  destroy(): void {
    this.#isOver = true;
    for (const session of [...this.#open, ...this.#ending]) session.destroy(ended());
    this.#ending.clear();
    this.#failQueue(ended());
  }

  /** The first that has room, so that few are kept. */
  #roomy(): KeptSession | null {
    let total = 0;
    for (const session of this.#open) total += session.streams;
    for (const session of this.#ending) {
      if (session.streams === 0) this.#ending.delete(session);
      total += session.streams;
    }
    if (total >= STREAMS_PER_UPSTREAM_MAX) return null;
    for (const session of this.#open) if (session.room > 0) return session;
    return null;
  }

  /** Dials as many sessions as the queue needs, by what a server says that one takes. */
  #grow(): void {
    if (this.#queue.length === 0 || this.#isOver) return;
    let capacity = 0;
    let pending = this.#dialling;
    let total = 0;
    for (const session of this.#open) {
      if (session.capacity === null) pending += 1;
      // Further sessions of a server that takes no streams would take none either.
      else if (session.capacity === 0) return;
      else capacity = session.capacity;
      total += session.streams;
    }
    if (total >= STREAMS_PER_UPSTREAM_MAX) return;
    const wanted = capacity === 0 ? 1 : Math.ceil(this.#queue.length / capacity);
    while (pending < wanted && this.#connections < UPSTREAM_CONNECTIONS_MAX) {
      pending += 1;
      this.#dial();
    }
  }

  get #connections(): number {
    return this.#open.size + this.#ending.size + this.#dialling;
  }

  #dial(): void {
    const { dial, spare, times } = this.#parts;
    this.#dialling += 1;
    dial((error, socket) => {
      this.#dialling -= 1;
      if (socket === null) {
        this.#failQueue(error);
      } else if (this.#isOver) {
        socket.destroy();
      } else if (protocolOf(socket) === 'h2') {
        this.#open.add(new KeptSession(socket, this, times));
        this.room();
      } else {
        spare(socket);
        for (const { waiting } of this.#takeQueue()) waiting.unspoken();
      }
    });
  }

  #takeQueue(): readonly Queued[] {
    const queue = this.#queue;
    this.#queue = [];
    return queue;
  }

  #failQueue(error: unknown): void {
    for (const { waiting } of this.#takeQueue()) waiting.fail(error);
  }

  #watch(): void {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => {
      const oldest = performance.now() - this.#parts.times.queuedMs;
      while ((this.#queue[0]?.since ?? Number.POSITIVE_INFINITY) < oldest) {
        this.#queue.shift()?.waiting.fail(waitedLong());
      }
      if (this.#queue.length > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    }, this.#parts.times.sweepMs);
  }
}

function ended(): PowerboxError {
  return new PowerboxError('upstream-unreachable', 'The connections to upstreams were closed.');
}

function crowded(): PowerboxError {
  return new PowerboxError('limit-exceeded', 'Too many requests wait for the upstream server.');
}

function waitedLong(): PowerboxError {
  return new PowerboxError(
    'upstream-timeout',
    'The upstream server takes no more requests at once.',
  );
}
