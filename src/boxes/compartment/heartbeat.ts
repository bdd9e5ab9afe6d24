import type { Socket } from 'node:net';
import { LAST_WORDS_CHARS_MAX, UNASKED_BYTES_MAX } from './limits.ts';

/** The byte that asks a worker's thread whether it is free, and the byte of its answer. */
const BEAT = Uint8Array.of(0);

/**
 * A way to ask a worker's event loop for a sign of life that its code cannot answer. What else
 * comes are the last words of a runtime that gives up.
 */
export interface Heartbeat {
  /** Resolves with the first sign of life. */
  readonly ready: Promise<void>;
  ask(): void;
  /** Whether everything asked was answered. */
  isAnswered(): boolean;
  lastWords(): string;
}

export function heartbeat(socket: Socket): Heartbeat {
  let asked = 0;
  let words = '';
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  let begun = false;
  let unasked = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    unasked += Math.max(0, chunk.length - asked);
    // One that floods is not heard any more, and so gives no sign of life.
    if (unasked > UNASKED_BYTES_MAX) {
      asked += 1;
      socket.destroy();
      return;
    }
    const text = chunk.toString('latin1');
    const beats = text.split('\0').length - 1;
    if (words.length < LAST_WORDS_CHARS_MAX) words += text.slice(0, LAST_WORDS_CHARS_MAX);
    if (beats === 0) return;
    words = '';
    asked = Math.max(0, asked - (begun ? beats : beats - 1));
    begun = true;
    isReady();
  });
  return {
    ready,
    ask() {
      if (!begun) return;
      asked += 1;
      if (!socket.destroyed) socket.write(BEAT);
    },
    isAnswered: () => begun && asked === 0,
    lastWords: () => words,
  };
}
