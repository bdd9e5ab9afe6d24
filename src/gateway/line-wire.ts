import type { Socket } from 'node:net';
import { PowerboxError } from '../wire/errors.ts';
import { CLOSING_MS_MAX, MESSAGE_BYTES_MAX } from './limits.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

const NEWLINE = 0x0a;

/**
 * Messages over a stream of bytes: each is one line of JSON text, ended by a newline, in UTF-8.
 * Empty lines say nothing; a client sends one to say that it is there. `first` are bytes that were
 * read before.
 */
export function lineWire(socket: Socket, first: Buffer, events: WireEvents): WireEnd {
  const lines = lineReader(MESSAGE_BYTES_MAX);
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    events.closed();
  };
  const read = (chunk: Buffer): void => {
    let complete: readonly string[] = [];
    try {
      complete = lines.read(chunk);
    } catch (error) {
      socket.off('data', read);
      socket.pause();
      events.failed(error as PowerboxError);
    }
    for (const line of complete) events.message(line);
  };
  socket.setNoDelay(true);
  socket.on('data', read);
  socket.on('drain', () => events.drain());
  for (const over of ['end', 'error', 'close']) socket.on(over, end);
  if (first.length > 0) process.nextTick(read, first);
  socket.resume();
  return {
    send: corkedWriter(socket),
    unsent: () => socket.writableLength,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => {
      socket.end();
      setTimeout(() => socket.destroy(), CLOSING_MS_MAX).unref();
    },
    destroy: end,
  };
}

/** What is said in one go leaves in one write: most of the cost of a message is the write. */
function corkedWriter(socket: Socket): (text: string) => void {
  let corked = false;
  return (text) => {
    if (socket.destroyed) return;
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    socket.write(`${text}\n`);
  };
}

interface LineReader {
  /** The lines that this chunk completes. Throws `session-limit` when one is too long. */
  read(chunk: Buffer): readonly string[];
}

export function lineReader(bytesMax: number): LineReader {
  let parts: Buffer[] = [];
  let length = 0;
  const check = (more: number): void => {
    if (length + more <= bytesMax) return;
    parts = [];
    length = 0;
    throw new PowerboxError(
      'session-limit',
      `Cannot take a message of more than ${bytesMax} bytes.`,
    );
  };
  return {
    read(chunk) {
      const lines: string[] = [];
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        check(at - from);
        const tail = chunk.subarray(from, at);
        const line = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
        parts = [];
        length = 0;
        from = at + 1;
        if (line.length > 0) lines.push(line.toString('utf8'));
      }
      if (from < chunk.length) {
        const rest = chunk.subarray(from);
        check(rest.length);
        parts.push(rest);
        length += rest.length;
      }
      return lines;
    },
  };
}
