import { createSecretKey } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOURNAL_KEY, requestEntry, temporaryHome } from '../../test/support/journal-fixture.ts';
import { openDatabase } from '../store/database.ts';
import type { Home } from '../store/home.ts';
import { headPath, openHead, spanOf } from './head.ts';
import { openJournal } from './journal.ts';
import { verifyJournal } from './verify.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
  append(3);
});
afterEach(() => dispose());

const BROKEN = expect.objectContaining({ code: 'journal-broken' });

function append(rows: number): void {
  const journal = openJournal(home, JOURNAL_KEY);
  journal.appendMany(Array.from({ length: rows }, () => requestEntry()));
  journal.close();
}

/** What a writer of `count` rows leaves that is killed before it commits. */
function announceOnly(from: number, count: number, key = JOURNAL_KEY): void {
  const file = openHead(headPath(home));
  file.announce(spanOf(createSecretKey(key), from, from + count, Buffer.alloc(32, 5)));
  file.close();
}

function cutTo(rows: number): void {
  const database = openDatabase(home.journal);
  database.exec(`DELETE FROM journal WHERE seq > ${rows}`);
  database.close();
}

const verify = (): number => verifyJournal(home, JOURNAL_KEY).rows;

describe('the head file', () => {
  it.each([1, 2, 50])('allows a writer of %i rows to be killed before it commits', (count) => {
    announceOnly(3, count);
    expect(verify()).toBe(3);
    append(1);
    expect(verify()).toBe(4);
  });

  it('allows a writer to be killed after it committed and before it said so', () => {
    const head = headPath(home);
    const file = openHead(head);
    const before = file.read();
    append(2);
    expect(before?.settled.seq).toBe(3);
    file.settle(spanOf(createSecretKey(JOURNAL_KEY), 0, 3, macOf(3)));
    file.close();
    expect(verify()).toBe(5);
    append(1);
    expect(verify()).toBe(6);
  });

  it('does not let a killed writer cover rows that were settled', () => {
    announceOnly(3, 2);
    cutTo(2);
    expect(verify).toThrow(BROKEN);
  });

  it('does not believe an announcement of another key', () => {
    announceOnly(2, 2, Buffer.alloc(32, 9));
    cutTo(2);
    expect(verify).toThrow(BROKEN);
    expect(() => openJournal(home, JOURNAL_KEY)).toThrow(BROKEN);
  });

  it('does not believe an older head than the rows', () => {
    const head = headPath(home);
    copyFileSync(head, `${head}.old`);
    append(2);
    copyFileSync(`${head}.old`, head);
    cutTo(4);
    expect(verify).toThrow(BROKEN);
  });
});

function macOf(seq: number): Uint8Array {
  const database = openDatabase(home.journal);
  const mac = database.prepare('SELECT mac FROM journal WHERE seq = ?').get(seq)?.mac;
  database.close();
  return mac as Uint8Array;
}
