import { describe, expect, it } from 'vitest';
import { PowerboxError } from '../../wire/errors.ts';
import type { GuardedStream } from '../leaks/guard.ts';
import { makeFrameReader } from './frames.ts';
import { SEARCHED_BYTES_MAX } from './limits.ts';
import { passFrames } from './pass-frames.ts';
import { encodeFrame } from './write-frames.ts';

/** Looks for a word; finds it where it ends. */
function finder(): GuardedStream {
  let seen = '';
  return {
    write(piece) {
      seen += Buffer.from(piece).toString('latin1');
      if (seen.includes('secret')) throw new PowerboxError('secret-leaked', 'found');
    },
    end() {},
  };
}

const client = (opcode: number, text: string, final = true): Buffer =>
  encodeFrame(opcode, Buffer.from(text), { client: true, final });

/** Everything that comes out until it ends or breaks. */
async function through(
  chunks: readonly Buffer[],
  search: (() => GuardedStream) | null,
): Promise<{ readonly out: Buffer; readonly error: Error | null; readonly between: boolean }> {
  const pass = passFrames('client', false, search);
  const out: Buffer[] = [];
  pass.frames.on('data', (chunk: Buffer) => out.push(chunk));
  const error = await new Promise<Error | null>((done) => {
    pass.frames.once('end', () => done(null)).once('error', done);
    for (const chunk of chunks) pass.frames.write(chunk);
    pass.frames.end();
  });
  return { out: Buffer.concat(out), error, between: pass.between };
}

function textsOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  let parts: Buffer[] = [];
  const reader = makeFrameReader(
    { from: 'client', deflate: false },
    {
      head: () => {
        parts = [];
      },
      payload(piece, last) {
        parts.push(piece);
        if (last) texts.push(Buffer.concat(parts).toString());
      },
    },
  );
  reader.write(bytes);
  return texts;
}

describe('frames that are passed on', () => {
  it('are the same frames with another mask', async () => {
    const sent = Buffer.concat([client(1, 'one', false), client(9, 'ping'), client(0, 'two')]);
    const { out } = await through([sent], null);
    expect(out.equals(sent)).toBe(false);
    expect(out).toHaveLength(sent.length);
    expect(textsOf(out)).toEqual(['one', 'ping', 'two']);
  });

  it('lose nothing of a value, byte by byte or between pings', async () => {
    const frames = [...'a secret'].flatMap((char, index) => [
      client(index === 0 ? 1 : 0, char, index === 7),
      client(9, 'p'),
    ]);
    const { out, error } = await through([client(1, 'hello'), ...frames], finder);
    expect(error).toMatchObject({ code: 'secret-leaked' });
    expect([...new Set(textsOf(out))]).toEqual(['hello', 'p']);
    const plain = await through(frames, null);
    expect(
      textsOf(plain.out)
        .filter((text) => text !== 'p')
        .join(''),
    ).toBe('a secret');
  });

  it('are not between two frames where one was refused', async () => {
    const { out, between } = await through([client(9, 'secret')], finder);
    expect([out.length, between]).toEqual([0, false]);
  });

  it('flow where a message is long, and are still cut at the value', async () => {
    const long = 'x'.repeat(SEARCHED_BYTES_MAX + 1);
    const { out, error } = await through([client(1, long, false), client(0, 'secret')], finder);
    expect(error).toMatchObject({ code: 'secret-leaked' });
    expect(out.length).toBeGreaterThan(long.length);
    expect(out.length).toBeLessThan(long.length + 24);
  });
});
