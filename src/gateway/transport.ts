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
}

/**
 * Carries the messages of one session. A peer that does not read what it asked for is not read
 * any more, and loses its session when that does not help. `counted` is called for each message.
 */
export function makeTransport(
  open: (events: WireEvents) => WireEnd,
  counted: () => void,
  closed: () => void,
): Transport {
  const screen = makeScreen();
  const waiting: unknown[] = [];
  let taker: { resolve(message: unknown): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  let stalled: NodeJS.Timeout | undefined;

  function fail(error: Error): void {
    failure ??= error;
    taker?.reject(failure);
    taker = undefined;
  }

  const wire = open({
    message(text) {
      if (failure !== undefined) return;
      try {
        const message = screen.admit(text);
        counted();
        if (taker === undefined) waiting.push(message);
        else taker.resolve(message);
        taker = undefined;
      } catch (error) {
        fail(error as Error);
      }
    },
    failed: fail,
    drain() {
      if (stalled === undefined || wire.unsent() > UNSENT_BYTES_PAUSE) return;
      clearTimeout(stalled);
      stalled = undefined;
      wire.resume();
    },
    closed() {
      clearTimeout(stalled);
      fail(new PowerboxError('reference-closed', 'The connection is over.'));
      closed();
    },
  });

  function slow(): void {
    fail(new PowerboxError('session-limit', 'Cannot go on with a peer that does not read.'));
    wire.destroy();
  }

  return {
    encodingLevel: 'jsonCompatible',
    screen,
    send(message) {
      const text = JSON.stringify(message);
      wire.send(text);
      const unsent = wire.unsent();
      // One answer may be larger than this; it is the answers before it that must have been read.
      if (unsent - text.length > UNSENT_BYTES_MAX) slow();
      else if (unsent > UNSENT_BYTES_PAUSE && stalled === undefined) {
        wire.pause();
        stalled = setTimeout(slow, STALLED_MS_MAX);
      }
      return text.length;
    },
    receive() {
      if (waiting.length > 0) return Promise.resolve(waiting.shift());
      if (failure !== undefined) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        taker = { resolve, reject };
      });
    },
    abort: () => wire.close(),
    fail,
  };
}
