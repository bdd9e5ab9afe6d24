import { RpcTarget } from 'capnweb';
import { describe, expect, it } from 'vitest';
import { kernelFixture } from '../../test/support/kernel-fixture.ts';
import { HOST } from '../kernel/kernel.ts';
import { PowerboxError } from '../wire/errors.ts';
import { makeHandles } from './handles.ts';
import { type Holdings, makeHoldings } from './holdings.ts';
import { LARGE_MESSAGE_BYTES } from './limits.ts';
import { openSession, type Session } from './session.ts';
import type { WireEvents } from './wire-end.ts';

const IDLE = {
  send: () => undefined,
  unsent: () => 0,
  pause: () => undefined,
  resume: () => undefined,
  close: () => undefined,
  destroy: () => undefined,
};

function open(holdings: Holdings = makeHoldings()): {
  session: Session;
  events: WireEvents;
  log: string[];
} {
  const { kernel } = kernelFixture();
  const log: string[] = [];
  let events: WireEvents | undefined;
  const host = {
    kernel,
    handles: makeHandles(kernel),
    log: () => undefined,
    holdings,
  };
  const session = openSession(
    host,
    (given) => {
      events = given;
      return IDLE;
    },
    () => new RpcTarget(),
    () => void log.push('closed'),
  );
  return { session, events: events as unknown as WireEvents, log };
}

describe('a session', () => {
  it('has room made for its answers and large messages, and is counted until it ends', () => {
    const asked: unknown[] = [];
    const { session, events } = open({
      add: (holding) => {
        asked.push(holding.held());
        return () => void asked.push('gone');
      },
      claim: (_, holder) => void asked.push(holder),
      makeRoom: (bytes) => void asked.push(bytes),
    });
    session.claim('ann');
    session.charge(1, 8);
    const message = (length: number): string => JSON.stringify(['abort', 'x'.repeat(length)]);
    events.message(message(10));
    events.message(message(LARGE_MESSAGE_BYTES));
    events.closed();
    expect(asked).toEqual([0, 'ann', 8, 0, 'gone']);
  });

  it('gets no answer once it was ended for what it holds', () => {
    const { session } = open();
    session.end(new PowerboxError('session-limit', 'Too much.'));
    expect(() => session.charge(1, 1)).toThrow(expect.objectContaining({ code: 'session-limit' }));
  });

  it('lets go of everything when it ends, once', () => {
    const { session, events, log } = open();
    const { kernel, till } = kernelFixture();
    const reference = kernel.reference(HOST, till());
    const drop = session.keep(reference, () => log.push('first'));
    session.keep(reference, () => log.push('second'));
    drop();
    drop();
    events.closed();
    expect(log).toEqual(['first', 'second', 'closed']);
    expect(session.ended.aborted).toBe(true);
    expect(() => session.keep(reference, () => undefined)).toThrow(
      expect.objectContaining({ code: 'reference-closed' }),
    );
  });
});

describe('handles', () => {
  it('let go of a reference when the last of its holders does', () => {
    const { kernel, till } = kernelFixture();
    const reference = kernel.reference(HOST, till());
    const released: unknown[] = [];
    const handles = makeHandles({ release: (one) => released.push(one) });
    handles.hold(reference);
    handles.hold(reference);
    handles.drop(reference);
    expect(released).toEqual([]);
    handles.drop(reference);
    handles.drop(reference);
    expect(released).toEqual([reference]);
  });
});
