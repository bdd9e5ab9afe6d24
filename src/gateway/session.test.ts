import { RpcTarget } from 'capnweb';
import { describe, expect, it } from 'vitest';
import { kernelFixture } from '../../test/support/kernel-fixture.ts';
import { HOST } from '../kernel/kernel.ts';
import { makeHandles } from './handles.ts';
import { ALL_HELD_BYTES_MAX } from './limits.ts';
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

function open(held: () => number): { session: Session; events: WireEvents; log: string[] } {
  const { kernel } = kernelFixture();
  const log: string[] = [];
  let events: WireEvents | undefined;
  const host = { kernel, handles: makeHandles(kernel), log: () => undefined, held };
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
  it('gives no answer when all sessions together hold too much', () => {
    let held = 0;
    const { session } = open(() => held);
    held = ALL_HELD_BYTES_MAX - 8;
    expect(() => session.charge(1, 8)).not.toThrow();
    expect(() => session.charge(1, 9)).toThrow(expect.objectContaining({ code: 'session-limit' }));
  });

  it('lets go of everything when it ends, once', () => {
    const { session, events, log } = open(() => 0);
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
