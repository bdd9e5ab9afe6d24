import { describe, expect, it } from 'vitest';
import type { FetchAnswer } from '../http/fetcher.ts';
import { failureOf } from './failure.ts';
import { FAILURE_BYTES_MAX, FAILURE_CHARS_MAX } from './limits.ts';
import { readModelConfig } from './texts.ts';

const config = readModelConfig('openai');

/** An answer that never ends by itself, and says how much of it was read. */
function endless(first: string, rest: string) {
  const read = { bytes: 0, cancelled: false };
  const answer: FetchAnswer = {
    status: 503,
    headers: [],
    body: (async function* () {
      for (let text = first; ; text = rest) {
        const chunk = new TextEncoder().encode(text);
        read.bytes += chunk.length;
        yield chunk;
      }
    })(),
    cancel() {
      read.cancelled = true;
    },
  };
  return { answer, read };
}

async function* of(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

describe('failureOf()', () => {
  it.each([
    ['{"error":{"message":"No such model."}}', '"No such model."'],
    ['{"error":"model not found"}', '"model not found"'],
    ['{"type":"error","error":{"type":"x","message":"a\\u001b[2Jb\\nc"}}', '"a [2Jb c"'],
    ['<html>', 'nothing more'],
    ['', 'nothing more'],
  ])('tells %s in one line', async (body, words) => {
    const answer = { status: 400, headers: [], body: of(body), cancel() {} };
    const error = await failureOf(config, answer);
    expect(error.code).toBe('power-failed');
    expect(error.message).toBe(
      `The models at https://api.openai.com answered with status 400 and ${words}.`,
    );
  });

  it('reads and repeats a little only', async () => {
    const { answer, read } = endless('x'.repeat(1000), 'x'.repeat(1000));
    await failureOf(config, answer);
    expect(read.bytes).toBeLessThan(FAILURE_BYTES_MAX + 2000);
    expect(read.cancelled).toBe(true);
    const long = { error: { message: 'y'.repeat(2 * FAILURE_CHARS_MAX) } };
    const told = await failureOf(config, { ...answer, body: of(JSON.stringify(long)) });
    expect(told.message).toContain('y'.repeat(FAILURE_CHARS_MAX));
    expect(told.message).not.toContain('y'.repeat(FAILURE_CHARS_MAX + 1));
  });
});
