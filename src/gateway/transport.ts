import type { RpcTransportWithCustomEncoding } from 'capnweb';
import { PowerboxError } from '../wire/errors.ts';
import { STALLED_MS_MAX, UNSENT_BYTES_MAX, UNSENT_BYTES_PAUSE } from './limits.ts';
import { makeScreen, type Screen } from './screen.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

export interface Transport extends RpcTransportWithCustomEncoding {
  readonly encodingLevel: 'jsonCompatible';
  readonly screen: Pick<Screen, 'charge' | 'held'>;
  /** Ends the session for this reason, of which the peer is told. */
  fail(error: Error): void;
  /** Why nothing more is read; undefined while it is. */
  failure(): Error | undefined;
}

/**
 * Carries the messages of one session. A peer that does not read what it asked for is not read
 * any more, and loses its session when that does not help. `counted` is called for each message,
 * with its length.
 */
export function makeTransport(
  open: (events: WireEvents) => WireEnd,
  counted: (bytes: number) => void,
  closed: () => void,
): Transport {
  const screen = makeScreen();
  const inbox = makeInbox();
  const wire = open({
    message(text) {
      if (inbox.failure() !== undefined) return;
      try {
        const message = screen.admit(text);
        counted(text.length);
        inbox.put(message);
      } catch (error) {
        inbox.fail(error as Error);
      }
    },
    failed: inbox.fail,
    drain: () => slow.drained(),
    closed() {
      slow.close();
      inbox.fail(new PowerboxError('reference-closed', 'The connection is over.'));
      closed();
    },
  });
  const slow = watchReader(wire, inbox.fail);
  return {
    encodingLevel: 'jsonCompatible',
    screen,
    send(message) {
      const text = JSON.stringify(message);
      wire.send(text);
      slow.sent(text.length);
      return text.length;
    },
    receive: inbox.take,
    abort: () => wire.close(),
    fail: inbox.fail,
    failure: inbox.failure,
  };
}

interface Inbox {
  put(message: unknown): void;
  /** Messages in the order they came, then the failure. */
  take(): Promise<unknown>;
  /** The first failure counts. */
  fail(error: Error): void;
  failure(): Error | undefined;
}

function makeInbox(): Inbox {
  const waiting: unknown[] = [];
  let taker: { resolve(message: unknown): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  return {
    put(message) {
      if (taker === undefined) waiting.push(message);
      else taker.resolve(message);
      taker = undefined;
    },
    take() {
      if (waiting.length > 0) return Promise.resolve(waiting.shift());
      if (failure !== undefined) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        taker = { resolve, reject };
      });
    },
    fail(error) {
      failure ??= error;
      taker?.reject(failure);
      taker = undefined;
    },
    failure: () => failure,
  };
}

interface ReaderWatch {
  sent(bytes: number): void;
  drained(): void;
  close(): void;
}

function watchReader(wire: WireEnd, fail: (error: Error) => void): ReaderWatch {
  let stalled: NodeJS.Timeout | undefined;

  function end(): void {
    fail(new PowerboxError('session-limit', 'Cannot go on with a peer that does not read.'));
    wire.destroy();
  }

  return {
    sent(bytes) {
      const unsent = wire.unsent();
      // One answer may be larger than this; it is the answers before it that must have been read.
      if (unsent - bytes > UNSENT_BYTES_MAX) end();
      else if (unsent > UNSENT_BYTES_PAUSE && stalled === undefined) {
        wire.pause();
        stalled = setTimeout(end, STALLED_MS_MAX);
      }
    },
    drained() {
      if (stalled === undefined || wire.unsent() > UNSENT_BYTES_PAUSE) return;
      clearTimeout(stalled);
      stalled = undefined;
      wire.resume();
    },
    close: () => clearTimeout(stalled),
  };
}
