import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  JOURNAL_KEY,
  requestEntry,
  responseEntry,
  temporaryHome,
} from '../../test/support/journal-fixture.ts';
import type { Home } from '../store/home.ts';
import { followJournal } from './follow.ts';
import { openJournal } from './journal.ts';
import { FOLLOW_OPEN_MAX, FOLLOW_POLL_MS } from './limits.ts';
import { queryJournal } from './query.ts';
import type { JournalRecord } from './record.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

const REFUSED = requestEntry({
  box: 'b',
  verdict: 'deny',
  rule: null,
  code: 'not-granted',
  reason: 'No rule allows evil.example.',
  secrets: [],
});

describe('queryJournal()', () => {
  it('is empty, and makes nothing, where there is no journal', () => {
    expect(queryJournal(home, { limit: 10 })).toEqual([]);
    expect(existsSync(home.journal)).toBe(false);
  });

  it('joins a request with its response', () => {
    const journal = openJournal(home, JOURNAL_KEY);
    journal.append(requestEntry());
    journal.append(requestEntry({ method: 'POST' }));
    journal.append(responseEntry(1, { status: null, code: 'upstream-timeout' }));
    journal.close();
    const [first, second] = queryJournal(home, { limit: 10 });
    expect(first).toMatchObject({
      seq: 1,
      kind: 'request',
      method: 'GET',
      status: null,
      bytesIn: 2048,
      ended: 'upstream-timeout',
    });
    expect(first).not.toHaveProperty('of');
    expect(second).toMatchObject({ seq: 2, method: 'POST' });
    expect(second).not.toHaveProperty('status');
  });

  it('keeps to box, refusals, time and count', () => {
    const journal = openJournal(home, JOURNAL_KEY);
    journal.appendMany([requestEntry({ box: 'a' }), REFUSED, requestEntry({ box: 'b' })]);
    journal.close();
    const seqs = (filter: Parameters<typeof queryJournal>[1]): number[] =>
      queryJournal(home, filter).map((record) => record.seq);
    expect(seqs({ limit: 10 })).toEqual([1, 2, 3]);
    expect(seqs({ limit: 2 })).toEqual([2, 3]);
    expect(seqs({ limit: 10, box: 'b' })).toEqual([2, 3]);
    expect(seqs({ limit: 10, denied: true })).toEqual([2]);
    expect(seqs({ limit: 10, since: Date.now() + 60_000 })).toEqual([]);
    expect(seqs({ limit: 10, since: Date.now() - 60_000 })).toEqual([1, 2, 3]);
  });
});

describe('followJournal()', () => {
  it('gives what is there, then each new record once, within 200 ms', async () => {
    const stop = new AbortController();
    const records = followJournal(home, { limit: 10 }, stop.signal);
    const first = records.next();
    const journal = openJournal(home, JOURNAL_KEY);
    journal.append(REFUSED);
    expect((await first).value).toMatchObject({ seq: 1, verdict: 'deny' });
    const of = journal.append(requestEntry());
    const second = records.next();
    const answered = performance.now();
    journal.append(responseEntry(of));
    expect((await second).value).toMatchObject({ seq: 2, status: 200 });
    // The poll is half of the promise; the other half is room for a busy machine.
    expect(FOLLOW_POLL_MS).toBeLessThanOrEqual(100);
    expect(performance.now() - answered).toBeLessThan(2_000);
    journal.append(requestEntry({ method: 'POST' }));
    const third = records.next();
    setTimeout(() => stop.abort(), 2 * FOLLOW_POLL_MS);
    expect((await third).value).toMatchObject({ seq: 4, method: 'POST' });
    expect((await records.next()).done).toBe(true);
    journal.close();
  });

  it('gives the open requests of a box when the box ends', async () => {
    const journal = openJournal(home, JOURNAL_KEY);
    journal.appendMany([
      requestEntry({ box: 'a' }),
      requestEntry({ box: 'b' }),
      { kind: 'box-end', box: 'a', status: 0, reason: 'exited', durationMs: 5 },
    ]);
    const records = await collect({ limit: 10 }, 2);
    expect(records.map((record) => record.seq)).toEqual([1, 3]);
    journal.close();
  });

  it('remembers at most FOLLOW_OPEN_MAX requests without an answer', async () => {
    const journal = openJournal(home, JOURNAL_KEY);
    journal.appendMany(Array.from({ length: FOLLOW_OPEN_MAX + 2 }, () => requestEntry()));
    const records = await collect({ limit: FOLLOW_OPEN_MAX * 2 }, 2);
    expect(records.map((record) => record.seq)).toEqual([1, 2]);
    journal.close();
  });

  it('keeps to its filter', async () => {
    const journal = openJournal(home, JOURNAL_KEY);
    journal.appendMany([requestEntry({ box: 'b' }), responseEntry(1), REFUSED, REFUSED]);
    const records = await collect({ limit: 10, denied: true, box: 'b' }, 2);
    expect(records.map((record) => record.seq)).toEqual([3, 4]);
    journal.close();
  });
});

async function collect(
  filter: Parameters<typeof followJournal>[1],
  count: number,
): Promise<JournalRecord[]> {
  const found: JournalRecord[] = [];
  for await (const record of followJournal(home, filter, new AbortController().signal)) {
    found.push(record);
    if (found.length === count) break;
  }
  return found;
}
