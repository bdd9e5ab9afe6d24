import { Socket } from 'node:net';
import { RpcSession } from 'capnweb';
import { lockdown } from '../../../confine/realm.ts';
import { sentError } from './failures.ts';
import { MESSAGE_BYTES_MAX, MESSAGE_DEPTH_MAX, SPARE_AFTER_MS } from './limits.ts';
import { Main, makeSpare } from './room.ts';
import { lineTransport } from './transport.ts';

/**
 * The program in a compartment's box. Descriptor 1 is its channel, on which it speaks capnweb with
 * the host; 2 is its heartbeat, on which it gives back what it gets, as long as its thread is free.
 */
const CHANNEL_FD = 1;
const HEARTBEAT_FD = 2;

lockdown({ onUnhandled: () => undefined });

const heartbeat = open(HEARTBEAT_FD);
heartbeat.on('data', (beats: Buffer) => heartbeat.write(beats));
heartbeat.on('error', leave);

const channel = open(CHANNEL_FD);
const transport = lineTransport(channel, leave);
new RpcSession(transport, new Main(), {
  onSendError: sentError,
  limits: { maxMessageSize: MESSAGE_BYTES_MAX, maxDepth: MESSAGE_DEPTH_MAX },
});
heartbeat.write(Uint8Array.of(0));
setTimeout(makeSpare, SPARE_AFTER_MS);

function open(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: true });
}

/** Nobody is left to work for. */
function leave(): void {
  process.exit(0);
}
