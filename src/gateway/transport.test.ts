import { afterEach, describe, expect, it, vi } from 'vitest';
import { STALLED_MS_MAX, UNSENT_BYTES_MAX, UNSENT_BYTES_PAUSE } from './limits.ts';
import { makeTransport, type Transport } from './transport.ts';
import type { WireEvents } from './wire-end.ts';

interface Fake {
  readonly transport: Transport;
  readonly events: WireEvents;
  readonly log: string[];
  /** What the peer has not read. */
  unsent: number;
}

function open(): Fake {
  const log: string[] = [];
  let events: WireEvents | undefined;
  const wire = { unsent: 0 };
  const transport = makeTransport(
    (given) => {
      events = given;
      return {
        send: (text) => {
          wire.unsent += text.length;
        },
        unsent: () => wire.unsent,
        pause: () => void log.push('pause'),
        resume: () => void log.push('resume'),
        close: () => void log.push('close'),
        destroy: () => void log.push('destroy'),
      };
    },
    () => undefined,
    () => void log.push('closed'),
  );
  return Object.assign(wire, { transport, events: events as unknown as WireEvents, log });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a transport', () => {
  it('gives messages in order, whoever is first', async () => {
    const { transport, events } = open();
    const first = transport.receive();
    events.message('["pull",1]');
    events.message('["pull",2]');
    expect(await first).toEqual(['pull', 1]);
    expect(await transport.receive()).toEqual(['pull', 2]);
    const last = transport.receive();
    events.closed();
    await expect(last).rejects.toMatchObject({ code: 'reference-closed' });
    await expect(transport.receive()).rejects.toMatchObject({ code: 'reference-closed' });
  });

  it('takes nothing more after a message that it refused', async () => {
    const { transport, events } = open();
    events.message('["pipe"]');
    events.message('["pull",1]');
    await expect(transport.receive()).rejects.toMatchObject({ code: 'call-invalid' });
    await expect(transport.receive()).rejects.toMatchObject({ code: 'call-invalid' });
  });

  it('does not read a peer that does not read, and goes on when it does', () => {
    vi.useFakeTimers();
    const peer = open();
    peer.transport.send('a'.repeat(UNSENT_BYTES_PAUSE));
    expect(peer.log).toEqual(['pause']);
    peer.events.drain();
    expect(peer.log).toEqual(['pause']);
    peer.unsent = 0;
    peer.events.drain();
    expect(peer.log).toEqual(['pause', 'resume']);
    vi.advanceTimersByTime(STALLED_MS_MAX);
    expect(peer.log).toEqual(['pause', 'resume']);
  });

  it('ends the session of a peer that does not read for too long', async () => {
    vi.useFakeTimers();
    const peer = open();
    peer.transport.send('a'.repeat(UNSENT_BYTES_PAUSE));
    vi.advanceTimersByTime(STALLED_MS_MAX);
    expect(peer.log).toEqual(['pause', 'destroy']);
    await expect(peer.transport.receive()).rejects.toMatchObject({ code: 'session-limit' });
  });

  it('ends the session of a peer that leaves too much unread, but for one large answer', () => {
    vi.useFakeTimers();
    const peer = open();
    peer.transport.send('a'.repeat(2 * UNSENT_BYTES_MAX));
    expect(peer.log).toEqual(['pause']);
    peer.transport.send('b');
    expect(peer.log).toEqual(['pause', 'destroy']);
  });
});
