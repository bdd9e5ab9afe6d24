import type { Socket } from 'node:net';
import { WORKER_BYTES_PER_TURN_MAX } from '../limits.ts';

/**
 * Reads no more of a channel in one turn of the loop than this. The platform would read on for as
 * long as there is something, and a worker that floods would have the daemon for itself.
 */
export function takeTurns(channel: Socket): void {
  let inTurn = 0;
  let waits = false;
  channel.on('data', (chunk: Buffer) => {
    inTurn += chunk.length;
    if (inTurn < WORKER_BYTES_PER_TURN_MAX || waits) return;
    waits = true;
    channel.pause();
    setImmediate(() => {
      waits = false;
      inTurn = 0;
      channel.resume();
    });
  });
}
