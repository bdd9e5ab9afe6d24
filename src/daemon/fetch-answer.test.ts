import { describe, expect, it } from 'vitest';
import { PowerboxError } from '../wire/errors.ts';
import { pendingAnswer } from './fetch-answer.ts';

function pending(signal: AbortSignal = new AbortController().signal) {
  const told: unknown[] = [];
  const answer = pendingAnswer({
    signal,
    taken: (bytes) => told.push(bytes),
    over: (isWhole) => told.push(isWhole ? 'whole' : 'cut'),
  });
  return { answer, told };
}

const HEAD = { type: 'head', id: 1, status: 200, headers: [] } as const;

function chunk(text: string) {
  return { type: 'chunk', id: 1, bytes: Buffer.from(text) } as const;
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const bytes of body) chunks.push(bytes);
  return Buffer.concat(chunks).toString();
}

describe('pendingAnswer()', () => {
  it('joins what comes, says what was taken, and is over once', async () => {
    const { answer, told } = pending();
    answer.receive(HEAD);
    const { status, body } = await answer.head;
    expect(status).toBe(200);
    answer.receive(chunk('ab'));
    const text = textOf(body);
    await new Promise((next) => setImmediate(next));
    answer.receive(chunk('cde'));
    answer.receive({ type: 'end', id: 1 });
    answer.receive(chunk('late'));
    expect(await text).toBe('abcde');
    expect(told).toEqual([2, 'whole', 3]);
  });

  it('fails its head when nothing came, and its body when something did', async () => {
    const failed = { type: 'failed', id: 1, code: 'upstream-timeout', reason: 'Late.' } as const;
    const first = pending();
    first.answer.receive(failed);
    await expect(first.answer.head).rejects.toMatchObject({ code: 'upstream-timeout' });
    const second = pending();
    second.answer.receive(HEAD);
    second.answer.receive(chunk('ab'));
    second.answer.receive(failed);
    await expect(textOf((await second.answer.head).body)).rejects.toThrow('Late.');
    expect(second.told).toEqual(['whole']);
  });

  it('is cut by its signal, with the reason of that, also while it is read', async () => {
    const stop = new AbortController();
    const { answer, told } = pending(stop.signal);
    answer.receive(HEAD);
    const reading = textOf((await answer.head).body);
    stop.abort(new PowerboxError('grant-revoked', 'The grant has ended.'));
    await expect(reading).rejects.toMatchObject({ code: 'grant-revoked' });
    expect(told).toEqual(['cut']);
  });

  it('is cut by its reader, once', async () => {
    const { answer, told } = pending();
    answer.receive(HEAD);
    const { body, cancel } = await answer.head;
    cancel();
    cancel();
    await expect(textOf(body)).rejects.toMatchObject({ code: 'reference-closed' });
    expect(told).toEqual(['cut']);
  });
});
