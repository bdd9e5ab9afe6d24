import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  JOURNAL_KEY,
  requestEntry,
  responseEntry,
  temporaryHome,
} from '../../test/support/journal-fixture.ts';
import {
  doneEntry,
  grantEntryRow,
  guestEntry,
  mailEntry,
  revokeEntry,
  useEntry,
} from '../../test/support/kernel-entries.ts';
import type { Home } from '../store/home.ts';
import type { RowFilter } from '../store/journal-table.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { entryFits } from './fits.ts';
import { followJournal } from './follow.ts';
import { openJournal } from './journal.ts';
import { queryJournal } from './query.ts';
import type { JournalRecord } from './record.ts';
import { openUsage, usageOf } from './usage.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

function write(entries: readonly JournalEntry[]): void {
  const journal = openJournal(home, JOURNAL_KEY);
  journal.appendMany(entries);
  journal.close();
}

describe('a use', () => {
  it('is joined with what became of it', () => {
    write([useEntry(), useEntry(), doneEntry(1, { code: 'power-failed', spent: { bytes: 7 } })]);
    const [first, second, ...more] = queryJournal(home, { limit: 10 });
    expect(first).toMatchObject({
      kind: 'use',
      durationMs: 3,
      ended: 'power-failed',
      spent: { bytes: 7 },
    });
    for (const field of ['of', 'code']) expect(first).not.toHaveProperty(field);
    expect(second).not.toHaveProperty('durationMs');
    expect(more).toEqual([]);
  });

  it('takes no answer of a request, nor a request a done', () => {
    write([useEntry(), responseEntry(1), requestEntry(), doneEntry(3)]);
    for (const record of queryJournal(home, { limit: 10 })) {
      expect(record).not.toHaveProperty('durationMs');
    }
  });

  it('is followed until it is over, or its guest is', async () => {
    write([
      useEntry(),
      useEntry({ verdict: 'deny', code: 'grant-revoked', reason: 'over' }),
      useEntry({ guest: 'gu-b' }),
      doneEntry(1),
      guestEntry('gu-b', 'removed'),
    ]);
    const found: JournalRecord[] = [];
    const stop = new AbortController();
    for await (const record of followJournal(home, { limit: 10 }, stop.signal)) {
      found.push(record);
      if (found.length === 4) break;
    }
    expect(found.map(({ seq }) => seq)).toEqual([2, 1, 3, 5]);
    expect(found[1]).toHaveProperty('durationMs', 3);
  });
});

describe('a filter', () => {
  const seqs = (filter: Omit<RowFilter, 'limit'>): number[] =>
    queryJournal(home, { limit: 100, ...filter }).map(({ seq }) => seq);

  it('keeps to a guest: what it did, and what was done to it', () => {
    write([
      guestEntry('gu-a', 'added'),
      grantEntryRow(),
      mailEntry({ from: 'gu-b', to: 'gu-a' }),
      useEntry(),
      requestEntry({ guest: 'gu-a' }),
      revokeEntry('guest', 'gu-a'),
      revokeEntry('grant', 'gr-x', 'gu-a'),
      useEntry({ guest: 'gu-b' }),
      requestEntry(),
    ]);
    expect(seqs({ guest: 'gu-a' })).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seqs({ guest: 'gu-b' })).toEqual([3, 8]);
    expect(seqs({ guest: 'gu-none' })).toEqual([]);
  });

  it('keeps to a grant: it, and what hangs on it', () => {
    write([
      grantEntryRow(),
      grantEntryRow({ grant: 'gr-b', chain: ['gr-root', 'gr-a', 'gr-b'] }),
      useEntry({ grant: 'gr-b', chain: ['gr-root', 'gr-a', 'gr-b'] }),
      requestEntry({ chain: ['gr-root', 'gr-a'] }),
      mailEntry({ grant: 'gr-a' }),
      revokeEntry('grant', 'gr-a'),
      useEntry({ grant: 'gr-ab', chain: ['gr-root', 'gr-ab'], call: 'read gr-a' }),
    ]);
    expect(seqs({ grant: 'gr-a' })).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seqs({ grant: 'gr-b' })).toEqual([2, 3]);
  });

  it('keeps to kinds', () => {
    write([useEntry(), doneEntry(1), requestEntry(), responseEntry(3), mailEntry()]);
    expect(seqs({ kinds: ['use', 'mail'] })).toEqual([1, 5]);
    expect(seqs({ kinds: ['done', 'response'] })).toEqual([]);
    expect(seqs({ kinds: [] })).toEqual([]);
  });

  it('means the same to the table and to those who follow, whatever the rows', () => {
    fc.assert(
      fc.property(
        fc.array(entries(), { minLength: 1, maxLength: 12 }),
        filters(),
        (rows, filter) => {
          const own = temporaryHome();
          const journal = openJournal(own.home, JOURNAL_KEY);
          journal.appendMany(rows);
          journal.close();
          const found = queryJournal(own.home, { limit: 100, ...filter }).map(({ seq }) => seq);
          own.dispose();
          const fitting = rows.flatMap((entry, index) =>
            entryFits({ limit: 100, ...filter }, entry) ? [index + 1] : [],
          );
          expect(found).toEqual(fitting);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('usage', () => {
  it('counts the allowed uses of a grant and of what hangs on it', () => {
    const below = ['gr-root', 'gr-a', 'gr-b'];
    write([
      useEntry(),
      useEntry({ grant: 'gr-b', chain: below, calls: ['read a', 'read b', 'read c'] }),
      requestEntry({ chain: below }),
      requestEntry({ chain: below, verdict: 'deny', rule: null }),
      useEntry({ verdict: 'deny', chain: below, call: 'read "verdict":"allow"' }),
      requestEntry(),
      grantEntryRow({ grant: 'gr-c', chain: ['gr-root', 'gr-c'] }),
    ]);
    const usage = usageOf(home);
    expect([...usage.keys()].toSorted()).toEqual(['gr-a', 'gr-b', 'gr-root']);
    expect(usage.get('gr-a')?.count).toBe(5);
    expect(usage.get('gr-b')?.count).toBe(4);
    expect(Math.abs((usage.get('gr-b')?.last ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('goes on from where it was, and begins where there is no journal', () => {
    const reader = openUsage(home);
    expect(reader.usage().size).toBe(0);
    write([useEntry(), doneEntry(1)]);
    expect(reader.usage().get('gr-a')?.count).toBe(1);
    expect(reader.usage().get('gr-a')?.count).toBe(1);
    write([useEntry()]);
    expect(reader.usage().get('gr-a')?.count).toBe(2);
    reader.close();
    reader.close();
  });
});

const GUESTS = ['gu-a', 'gu-b', 'host'] as const;
const GRANTS = ['gr-a', 'gr-ab', 'gr-b'] as const;

function entries(): fc.Arbitrary<JournalEntry> {
  const guest = fc.constantFrom(...GUESTS);
  const grant = fc.constantFrom(...GRANTS);
  const chain = fc.array(grant, { minLength: 1, maxLength: 3 });
  const verdict = fc.constantFrom('allow', 'deny');
  return fc
    .record({ guest, other: guest, grant, chain, verdict, box: fc.constantFrom('b1', 'b2') })
    .chain(({ other, box, ...row }) =>
      fc.constantFrom<JournalEntry>(
        useEntry(row),
        requestEntry({ ...row, box }),
        requestEntry({ box }),
        grantEntryRow({ from: row.guest, to: other, grant: row.grant, chain: row.chain }),
        mailEntry({ from: row.guest, to: other, text: row.grant }),
        mailEntry({ from: row.guest, to: other, grant: row.grant }),
        revokeEntry('grant', row.grant, row.guest),
        revokeEntry('guest', other, row.guest),
        guestEntry(row.guest, 'added'),
      ),
    );
}

function filters(): fc.Arbitrary<Omit<RowFilter, 'limit'>> {
  const fields = {
    guest: fc.constantFrom(...GUESTS),
    grant: fc.constantFrom(...GRANTS),
    box: fc.constantFrom('b1', 'b2'),
    denied: fc.boolean(),
    kinds: fc.subarray(['use', 'request', 'grant', 'mail', 'revoke', 'guest']),
  };
  return fc.record(fields, { requiredKeys: [] });
}
