import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { RESPONSE_ROW_MS_MAX } from './limits.ts';
import { makeRecorder, type Recorder } from './record.ts';

const REQUEST: JournalEntry = {
  kind: 'request',
  box: 'bx-one',
  method: 'GET',
  url: 'https://api.example.com/',
  verdict: 'allow',
  rule: 'api.example.com',
  secrets: [],
};
const RESPONSE: JournalEntry = {
  kind: 'response',
  box: 'bx-one',
  of: 1,
  status: 200,
  bytesOut: 0,
  bytesIn: 0,
  durationMs: 1,
  scrubbed: 0,
};
const NOTE: JournalEntry = { kind: 'note', box: 'bx-one', note: 'cookie-dropped', text: 'x' };

/** A recorder over a journal that only remembers which rows came in which transaction. */
function remembering(): { recorder: Recorder; transactions: string[][] } {
  const transactions: string[][] = [];
  let seq = 0;
  const appendMany = (entries: readonly JournalEntry[]): number[] => {
    transactions.push(entries.map(({ kind }) => kind));
    return entries.map(() => ++seq);
  };
  const journal = {
    append: (entry: JournalEntry) => appendMany([entry])[0] ?? 0,
    appendMany,
    close() {},
  };
  return { recorder: makeRecorder(journal, () => {}), transactions };
}

describe('makeRecorder()', () => {
  it('writes the rows of one turn in one transaction and gives each its number', async () => {
    const { recorder, transactions } = remembering();
    const seqs = await Promise.all([recorder.write(REQUEST), recorder.write(REQUEST)]);
    expect(seqs).toEqual([1, 2]);
    expect(transactions).toEqual([['request', 'request']]);
  });

  it('writes a note with the next turn', async () => {
    const { recorder, transactions } = remembering();
    recorder.note(NOTE);
    await new Promise((next) => setImmediate(() => setImmediate(next)));
    expect(transactions).toEqual([['note']]);
  });

  it('lets the row of an answer wait for the next request', async () => {
    const { recorder, transactions } = remembering();
    recorder.note(RESPONSE);
    await new Promise((next) => setImmediate(() => setImmediate(next)));
    expect(transactions).toEqual([]);
    await recorder.write(REQUEST);
    expect(transactions).toEqual([['response', 'request']]);
  });

  it('writes the row of an answer after RESPONSE_ROW_MS_MAX when no request comes, each time', async () => {
    const { recorder, transactions } = remembering();
    for (const round of [1, 2]) {
      recorder.note(RESPONSE);
      await sleep(RESPONSE_ROW_MS_MAX + 30);
      expect(transactions).toHaveLength(round);
    }
  });

  it('writes everything that waits when it is flushed', () => {
    const { recorder, transactions } = remembering();
    recorder.note(RESPONSE);
    recorder.note(NOTE);
    recorder.flush();
    expect(transactions).toEqual([['response', 'note']]);
  });

  it('rejects every request of a transaction that failed, and says so', async () => {
    const failures: unknown[] = [];
    const fault = new Error('disk full');
    const fail = (): never => {
      throw fault;
    };
    const journal = { append: fail, appendMany: fail, close() {} };
    const recorder = makeRecorder(journal, (error) => failures.push(error));
    await expect(recorder.write(REQUEST)).rejects.toBe(fault);
    expect(failures).toEqual([fault]);
  });
});
