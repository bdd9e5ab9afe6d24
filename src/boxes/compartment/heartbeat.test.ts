import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { heartbeat } from './heartbeat.ts';
import { UNASKED_BYTES_MAX } from './limits.ts';

/** A heartbeat, and what its worker says on it. */
function pair(): { pulse: ReturnType<typeof heartbeat>; say(text: string): void; socket: Duplex } {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _how, done) => done() });
  const pulse = heartbeat(socket as unknown as Socket);
  return { pulse, socket, say: (text) => void socket.emit('data', Buffer.from(text, 'latin1')) };
}

test('is answered by as many beats as were asked for, and not before the first', () => {
  const { pulse, say } = pair();
  expect(pulse.isAnswered()).toBe(false);
  say('\0');
  pulse.ask();
  pulse.ask();
  say('\0');
  expect(pulse.isAnswered()).toBe(false);
  say('\0');
  expect(pulse.isAnswered()).toBe(true);
});

test('keeps the words that come last', () => {
  const { pulse, say } = pair();
  say('\0');
  say('FATAL ERROR: heap limit');
  expect(pulse.lastWords()).toContain('heap limit');
});

test.each(['\0', 'x'])('one that floods with %j is not heard, and seems to be held', (byte) => {
  const { pulse, say, socket } = pair();
  say('\0');
  // What was asked for is no flood, however much it is.
  for (let n = 0; n < UNASKED_BYTES_MAX + 10; n += 1) pulse.ask();
  say('\0'.repeat(UNASKED_BYTES_MAX + 10));
  expect(pulse.isAnswered()).toBe(true);
  say(byte.repeat(UNASKED_BYTES_MAX - 1));
  expect(socket.destroyed).toBe(false);
  say(byte);
  expect(socket.destroyed).toBe(true);
  say('\0');
  pulse.ask();
  say('\0\0\0');
  expect(pulse.isAnswered()).toBe(false);
});
