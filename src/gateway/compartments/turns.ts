import type { Socket } from 'node:net';
import { WORKER_BYTES_PER_TURN_MAX } from '../limits.ts';
import type { WireEnd } from '../wire-end.ts';

/**
 * Reads no more of a channel in one turn of the loop than this. The platform would read on for as
 * long as there is something, and a worker that floods would have the daemon for itself. What the
 * session pauses, because the worker does not read its answers, stays so until the session goes on.
 */
export function takeTurns(channel: Socket): Pick<WireEnd, 'pause' | 'resume'> {
  let inTurn = 0;
  let waits = false;
  let paused = false;
  channel.on('data', (chunk: Buffer) => {
    inTurn += chunk.length;
    if (inTurn < WORKER_BYTES_PER_TURN_MAX || waits) return;
    waits = true;
    channel.pause();
    setImmediate(() => {
      waits = false;
      inTurn = 0;
      if (!paused) channel.resume();
    });
  });
  return {
    pause() {
      paused = true;
      channel.pause();
    },
    resume() {
      paused = false;
      if (!waits) channel.resume();
    },
  };
}
