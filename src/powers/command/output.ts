import type { Readable } from 'node:stream';
import { UNREAD_BYTES_MAX } from './limits.ts';
import type { BoxedProgram } from './live.ts';

type Encoding = 'utf8' | 'base64';

/** What a program wrote, to its end. */
export interface Collected {
  readonly stdout: string;
  readonly stderr: string;
  /** It wrote more than it may, and was ended there. */
  readonly truncated: boolean;
  readonly bytes: number;
}

/** Gathers both outputs, up to `max` bytes together; beyond, the program is ended. */
export async function collect(
  program: BoxedProgram,
  max: number,
  encoding: Encoding,
): Promise<Collected> {
  let left = max;
  let truncated = false;
  const gather = async (stream: Readable): Promise<string> => {
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => {
      const taken = chunk.subarray(0, left);
      left -= taken.length;
      if (taken.length > 0) chunks.push(taken);
      if (taken.length === chunk.length) return;
      truncated = true;
      program.kill();
    };
    stream.on('data', take);
    await ended(stream);
    return Buffer.concat(chunks).toString(encoding);
  };
  const [stdout, stderr] = await Promise.all([gather(program.stdout), gather(program.stderr)]);
  return { stdout, stderr, truncated, bytes: max - left };
}

/** What a program wrote since it was last asked. */
export interface Reader {
  /** Waits for something, or for the end of both outputs. */
  read(): Promise<{
    readonly stdout: string;
    readonly stderr: string;
    readonly ended: boolean;
    readonly bytes: number;
  }>;
}

/** A program whose output nobody reads waits, as it would in a pipe. */
export function readOutputs({ stdout, stderr }: BoxedProgram, encoding: Encoding): Reader {
  const wake = new Set<() => void>();
  const tell = (): void => {
    for (const one of wake) one();
    wake.clear();
  };
  const outputs = [stdout, stderr].map((stream) => hold(stream, encoding, tell));
  const [first, second] = outputs as [Held, Held];
  return {
    async read() {
      while (first.isEmpty() && second.isEmpty() && !(first.hasEnded() && second.hasEnded())) {
        await new Promise<void>((done) => wake.add(done));
      }
      const [out, err] = [first.take(), second.take()];
      return {
        stdout: out.text,
        stderr: err.text,
        ended: first.hasEnded() && second.hasEnded(),
        bytes: out.bytes + err.bytes,
      };
    },
  };
}

interface Held {
  isEmpty(): boolean;
  hasEnded(): boolean;
  take(): { readonly text: string; readonly bytes: number };
}

function hold(stream: Readable, encoding: Encoding, tell: () => void): Held {
  const decoder = new TextDecoder('utf-8');
  let chunks: Buffer[] = [];
  let bytes = 0;
  let over = false;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= UNREAD_BYTES_MAX) stream.pause();
    tell();
  });
  void ended(stream).then(() => {
    over = true;
    tell();
  });
  return {
    isEmpty: () => bytes === 0,
    hasEnded: () => over,
    take() {
      const all = Buffer.concat(chunks);
      chunks = [];
      bytes = 0;
      stream.resume();
      // A character that is split between two reads comes whole with the second.
      const text =
        encoding === 'utf8' ? decoder.decode(all, { stream: !over }) : all.toString(encoding);
      return { text, bytes: all.length };
    },
  };
}

/** However a stream ends: nothing comes any more. */
function ended(stream: Readable): Promise<void> {
  if (stream.destroyed || stream.readableEnded) return Promise.resolve();
  return new Promise((done) => {
    stream
      .once('end', done)
      .once('close', done)
      .once('error', () => done());
  });
}
