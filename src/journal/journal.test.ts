import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  JOURNAL_KEY,
  requestEntry,
  responseEntry,
  temporaryHome,
} from '../../test/support/journal-fixture.ts';
import { openDatabase } from '../store/database.ts';
import type { Home } from '../store/home.ts';
import { openJournal } from './journal.ts';
import { parseExpectedHead, verifyJournal } from './verify.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

const BROKEN = expect.objectContaining({ code: 'journal-broken' });

function brokenAt(seq: number): unknown {
  return expect.objectContaining({
    code: 'journal-broken',
    message: expect.stringContaining(`from row ${seq} on`),
  });
}

function fill(rows: number): void {
  const journal = openJournal(home, JOURNAL_KEY);
  for (let row = 1; row <= rows; row += 1) {
    journal.append(requestEntry({ url: `https://api.example.com/${row}` }));
  }
  journal.close();
}

function tamper(sql: string): void {
  const database = openDatabase(home.journal);
  database.exec(sql);
  database.close();
}

const verify = (): unknown => verifyJournal(home, JOURNAL_KEY);

describe('openJournal()', () => {
  it('numbers rows from 1 without a gap, over several openings', () => {
    fill(2);
    const journal = openJournal(home, JOURNAL_KEY);
    expect(journal.append(requestEntry())).toBe(3);
    expect(journal.appendMany([responseEntry(3), requestEntry()])).toEqual([4, 5]);
    expect(journal.appendMany([])).toEqual([]);
    journal.close();
    journal.close();
    expect(() => journal.append(requestEntry())).toThrow();
    expect(verifyJournal(home, JOURNAL_KEY).rows).toBe(5);
  });

  it('lets several openings append to one chain in turn', () => {
    const journals = [1, 2, 3].map(() => openJournal(home, JOURNAL_KEY));
    const seqs = [0, 1, 2, 1, 0, 2, 2].map((index) => journals[index]?.append(requestEntry()));
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(verifyJournal(home, JOURNAL_KEY).rows).toBe(7);
    for (const journal of journals) journal.close();
  });

  it('keeps its files from others', () => {
    fill(1);
    expect(statSync(home.journal).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.root, 'journal.head')).mode & 0o777).toBe(0o600);
  });

  it('refuses another key', () => {
    fill(1);
    expect(() => openJournal(home, Buffer.alloc(32, 8))).toThrow(BROKEN);
  });

  it('says that the record is unavailable when the disk cannot hold it', () => {
    mkdirSync(home.journal);
    expect(() => openJournal(home, JOURNAL_KEY)).toThrow(
      expect.objectContaining({ code: 'journal-unavailable' }),
    );
  });

  it('does not append to a journal that was cut while it was open', () => {
    const journal = openJournal(home, JOURNAL_KEY);
    journal.appendMany([requestEntry(), requestEntry(), requestEntry()]);
    tamper('DELETE FROM journal WHERE seq = 3');
    expect(() => journal.append(requestEntry())).toThrow(BROKEN);
    journal.close();
  });
});

describe('verifyJournal()', () => {
  it('is content with a journal that does not exist, is empty, or is whole', () => {
    expect(verifyJournal(home, JOURNAL_KEY)).toEqual({ rows: 0, head: '0'.repeat(64) });
    fill(0);
    expect(verifyJournal(home, JOURNAL_KEY)).toEqual({ rows: 0, head: '0'.repeat(64) });
    fill(9);
    expect(verifyJournal(home, JOURNAL_KEY).rows).toBe(9);
  });

  it.each([
    ['an edited entry', "UPDATE journal SET entry = replace(entry, 'GET', 'PUT') WHERE seq = 4", 4],
    ['an edited time', 'UPDATE journal SET time = time + 1 WHERE seq = 4', 4],
    ['an edited mac', 'UPDATE journal SET mac = zeroblob(32) WHERE seq = 4', 4],
    ['a lengthened mac', "UPDATE journal SET mac = CAST(mac || x'00' AS BLOB) WHERE seq = 4", 4],
    ['a deleted row', 'DELETE FROM journal WHERE seq = 4', 4],
    ['a deleted first row', 'DELETE FROM journal WHERE seq = 1', 1],
    [
      'a deleted row with the rest moved up',
      'DELETE FROM journal WHERE seq = 4; UPDATE journal SET seq = seq - 1 WHERE seq > 4; INSERT INTO journal (seq, time, entry, mac) SELECT 9, time, entry, mac FROM journal WHERE seq = 8',
      undefined,
    ],
    [
      'two rows in each other’s place',
      'UPDATE journal SET seq = -1 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 5; UPDATE journal SET seq = 5 WHERE seq = -1',
      4,
    ],
    [
      'an inserted row before the first',
      'INSERT INTO journal (seq, time, entry, mac) SELECT 0, time, entry, mac FROM journal WHERE seq = 1',
      1,
    ],
    [
      'a row at the end that the key did not seal',
      'INSERT INTO journal (seq, time, entry, mac) SELECT 10, time, entry, mac FROM journal WHERE seq = 9',
      undefined,
    ],
    ['a cut tail of one row', 'DELETE FROM journal WHERE seq = 9', 9],
    ['a cut tail', 'DELETE FROM journal WHERE seq > 5', 6],
    ['no rows left', 'DELETE FROM journal', 1],
    ['a view over the table', 'CREATE VIEW v AS SELECT 1', undefined],
    ['a trigger', 'CREATE TRIGGER t AFTER INSERT ON journal BEGIN SELECT 1; END', undefined],
    ['a table that is gone', 'DROP TABLE journal', undefined],
  ])('sees %s', (_, sql, seq) => {
    fill(9);
    expect(verifyJournal(home, JOURNAL_KEY).rows).toBe(9);
    tamper(sql);
    expect(verify).toThrow(seq === undefined ? BROKEN : brokenAt(seq));
  });

  it('sees another key', () => {
    fill(2);
    expect(() => verifyJournal(home, Buffer.alloc(32, 8))).toThrow(BROKEN);
  });

  it('sees that the database was put back as it was earlier', () => {
    fill(3);
    copyFileSync(home.journal, `${home.journal}.old`);
    fill(3);
    copyFileSync(`${home.journal}.old`, home.journal);
    expect(verify).toThrow(brokenAt(4));
    expect(() => openJournal(home, JOURNAL_KEY)).toThrow(BROKEN);
  });

  it('sees that the database or the head file is gone', () => {
    fill(3);
    copyFileSync(home.journal, `${home.journal}.old`);
    rmSync(home.journal);
    expect(verify).toThrow(brokenAt(1));
    copyFileSync(`${home.journal}.old`, home.journal);
    rmSync(join(home.root, 'journal.head'));
    expect(verify).toThrow(BROKEN);
  });

  it('sees another journal of another key in its place', () => {
    fill(3);
    const other = temporaryHome();
    const journal = openJournal(other.home, Buffer.alloc(32, 9));
    journal.appendMany([requestEntry(), requestEntry(), requestEntry()]);
    journal.close();
    copyFileSync(other.home.journal, home.journal);
    other.dispose();
    expect(verify).toThrow(BROKEN);
  });

  it('sees noise in place of the database', () => {
    fill(3);
    writeFileSync(home.journal, 'noise '.repeat(2000));
    expect(verify).toThrow(BROKEN);
  });

  it('sees with a noted head that everything was put back', () => {
    fill(3);
    const head = join(home.root, 'journal.head');
    for (const file of [home.journal, head]) copyFileSync(file, `${file}.old`);
    fill(3);
    const noted = verifyJournal(home, JOURNAL_KEY);
    const expected = parseExpectedHead(`${noted.rows}:${noted.head}`);
    fill(1);
    expect(verifyJournal(home, JOURNAL_KEY, expected).rows).toBe(7);
    for (const file of [home.journal, head]) copyFileSync(`${file}.old`, file);
    expect(verifyJournal(home, JOURNAL_KEY).rows).toBe(3);
    expect(() => verifyJournal(home, JOURNAL_KEY, expected)).toThrow(brokenAt(4));
    fill(5);
    expect(() => verifyJournal(home, JOURNAL_KEY, expected)).toThrow(brokenAt(6));
  });
});

describe('parseExpectedHead()', () => {
  it.each(['', '1', '1:', `1:${'g'.repeat(64)}`, `01:${'a'.repeat(64)}`, `-1:${'a'.repeat(64)}`])(
    'refuses %j',
    (text) => {
      expect(() => parseExpectedHead(text)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});
