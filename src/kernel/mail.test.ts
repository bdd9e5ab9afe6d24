import { beforeEach, describe, expect, it } from 'vitest';
import { fillStore, grantRow, mailRow, principalRow } from '../../test/support/kernel-rows.ts';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import type { KernelStore, Mail } from '../store/kernel-store.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import {
  MAIL_ENCLOSED_MAX,
  MAIL_KEPT_MAX,
  MAIL_LISTED_MAX,
  MAIL_OPEN_ALWAYS_MAX,
  MAIL_OPEN_OF_RECEIVER_MAX,
  MAIL_OPEN_OF_SENDER_MAX,
  MAIL_PER_MINUTE_MAX,
  MAIL_RULES_MAX,
  MAIL_TEXT_BYTES_MAX,
  MAIL_WAITERS_MAX,
  MAIL_WORD_BYTES_MAX,
} from './limits.ts';
import { type Mailroom, makeMailroom } from './mail.ts';
import { makeNames, type Names } from './names.ts';

const [HOST, A, B] = ['host', 'gu-a', 'gu-b'] as const;

let store: KernelStore;
let names: Names;
let room: Mailroom;
let journal: JournalEntry[];
let clock: number;
let journalFails: boolean;
beforeEach(() => {
  store = openMemoryStore();
  fillStore(store);
  names = makeNames(store);
  journal = [];
  clock = 1_760_000_000_000;
  journalFails = false;
  room = makeMailroom({
    store,
    names,
    journal(entry) {
      if (journalFails) throw new Error('the record is full');
      journal.push(entry);
    },
    now: () => clock,
    isHeldBy: (grant, holder) => store.grants.get(grant)?.to === holder,
    givenBy: (grant) => store.grants.get(grant)?.from,
  });
});

const ASK = { kind: 'http', text: 'to read the issues' };

function code(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}

describe('a request', () => {
  it('goes to the host unless said otherwise, and is recorded', () => {
    const mail = room.request(A, { ...ASK, power: 'https://a.example', only: ['GET /**'] });
    expect(mail).toMatchObject({ from: A, to: HOST, kind: 'request', state: 'open' });
    expect(mail.wanted).toEqual({ kind: 'http', power: 'https://a.example', only: ['GET /**'] });
    expect(room.request(A, { ...ASK, to: B }).to).toBe(B);
    expect(room.inbox(HOST)).toEqual([mail]);
    expect(journal[0]).toEqual({
      kind: 'mail',
      mail: mail.id,
      from: A,
      to: HOST,
      what: 'request',
      text: ASK.text,
    });
  });

  it('is resolved by its receiver with a grant of its own to the asker, once', () => {
    const { id } = room.request(A, ASK);
    store.grants.insert(grantRow('gr-to-b', { to: B, parent: 'gr-root' }));
    for (const grant of ['gr-to-b', 'gr-b', 'gr-root', 'gr-none']) {
      expect(code(() => room.resolve(HOST, id, grant))).toBe('grant-unknown');
    }
    expect(code(() => room.resolve(A, id, 'gr-a'))).toBe('mail-unknown');
    expect(code(() => room.resolve(B, id, 'gr-a'))).toBe('mail-unknown');
    expect(room.resolve(HOST, id, 'gr-a')).toMatchObject({ state: 'resolved', grant: 'gr-a' });
    expect(room.read(A, id)).toMatchObject({ state: 'resolved', grant: 'gr-a' });
    for (const again of [
      () => room.resolve(HOST, id, 'gr-a'),
      () => room.reject(HOST, id, 'no'),
      () => room.dismiss(HOST, id),
    ]) {
      expect(code(again)).toBe('mail-decided');
    }
    expect(journal.at(-1)).toMatchObject({ what: 'resolve', from: HOST, to: A, grant: 'gr-a' });
    expect(journal).toHaveLength(2);
  });

  it('is rejected with a reason, or dismissed', () => {
    const [one, two] = [room.request(A, ASK), room.request(A, ASK)];
    expect(code(() => room.reject(A, one.id, 'mine'))).toBe('mail-unknown');
    expect(room.reject(HOST, one.id, 'not now')).toMatchObject({ state: 'rejected' });
    expect(room.read(A, one.id).answer).toBe('not now');
    expect(room.dismiss(HOST, two.id).state).toBe('dismissed');
    expect(journal.map((entry) => 'what' in entry && entry.what)).toEqual([
      'request',
      'request',
      'reject',
      'dismiss',
    ]);
  });

  it('that is malformed is refused, and nothing is kept', () => {
    const long = 'é'.repeat(MAIL_TEXT_BYTES_MAX / 2);
    expect(code(() => room.request(A, { ...ASK, text: long }))).toBe('none');
    const bad: readonly object[] = [
      { text: `${long}x` },
      { text: 7 },
      { kind: '' },
      { kind: 'HTTP' },
      { kind: 'x'.repeat(65) },
      { power: 'x'.repeat(MAIL_WORD_BYTES_MAX + 1) },
      { power: {} },
      { only: 'GET' },
      { only: [7] },
      { only: ['x'.repeat(MAIL_WORD_BYTES_MAX + 1)] },
      { only: Array.from({ length: MAIL_RULES_MAX + 1 }, () => 'GET') },
      { to: A },
    ];
    for (const fields of bad) {
      expect(code(() => room.request(A, { ...ASK, ...fields }))).toBe('mail-invalid');
    }
    expect(code(() => room.request(A, { ...ASK, to: 'gu-none' }))).toBe('guest-unknown');
    store.principals.remove(B, { time: 1, by: HOST, reason: '' });
    expect(code(() => room.request(A, { ...ASK, to: B }))).toBe('guest-unknown');
    expect(room.sent(A)).toHaveLength(1);
    expect(journal).toHaveLength(1);
  });
});

describe('a message', () => {
  it('carries grants that were made for the receiver, who adopts them under own names', () => {
    const mail = room.send(HOST, A, 'for today', [{ name: 'data', grant: 'gr-a' }]);
    expect(journal.at(-1)).toMatchObject({ what: 'send', from: HOST, to: A, grant: 'gr-a' });
    expect(code(() => room.adopt(A, mail.id, 'none', 'x'))).toBe('name-unknown');
    expect(code(() => room.adopt(A, mail.id, 'data', '../x'))).toBe('name-invalid');
    expect(code(() => room.adopt(B, mail.id, 'data', 'x'))).toBe('mail-unknown');
    expect(code(() => room.adopt(HOST, mail.id, 'data', 'x'))).toBe('mail-unknown');
    names.makeDirectory(A, 'work');
    expect(room.adopt(A, mail.id, 'data', 'work/data')).toBe('work/data');
    expect(names.lookup(A, 'work/data')).toBe('gr-a');
    expect(code(() => room.adopt(A, mail.id, 'data', 'work/data'))).toBe('name-taken');
    expect(journal.filter((entry) => 'what' in entry && entry.what === 'adopt')).toHaveLength(1);
    expect(journal.at(-1)).toMatchObject({ from: A, to: HOST, grant: 'gr-a', text: 'work/data' });
  });

  it('carries nothing that its sender did not give to its receiver', () => {
    const send = (from: string, to: string, grant: string): string =>
      code(() => room.send(from, to, '', [{ name: 'x', grant }]));
    expect(send(HOST, A, 'gr-a')).toBe('none');
    expect(send(B, A, 'gr-a')).toBe('grant-unknown');
    expect(send(HOST, B, 'gr-a')).toBe('grant-unknown');
    expect(send(A, B, 'gr-a')).toBe('grant-unknown');
    expect(send(A, B, 'gr-none')).toBe('grant-unknown');
    const two = [1, 2].map(() => ({ name: 'x', grant: 'gr-a' }));
    expect(code(() => room.send(HOST, A, '', two))).toBe('mail-invalid');
    expect(code(() => room.send(HOST, A, '', [{ name: 'a/b', grant: 'gr-a' }]))).toBe(
      'mail-invalid',
    );
    const many = Array.from({ length: MAIL_ENCLOSED_MAX + 1 }, (_, index) => ({
      name: `x${index}`,
      grant: 'gr-a',
    }));
    expect(code(() => room.send(HOST, A, '', many.slice(1)))).toBe('none');
    expect(code(() => room.send(HOST, A, '', many))).toBe('mail-invalid');
  });

  it('can answer one of the same two, and no other', () => {
    const first = room.request(A, ASK);
    const second = room.send(HOST, A, 'which one?', [], first.id);
    const third = room.send(A, HOST, 'the first', [], second.id);
    const more = room.send(A, HOST, 'and quickly', [], first.id);
    expect([second, third, more].map((mail) => mail.replyTo)).toEqual([
      first.id,
      second.id,
      first.id,
    ]);
    expect(journal.at(-1)).toMatchObject({ what: 'reply' });
    expect(code(() => room.send(B, HOST, '', [], first.id))).toBe('mail-unknown');
    expect(code(() => room.send(A, B, '', [], first.id))).toBe('mail-invalid');
    expect(code(() => room.send(A, HOST, '', [], 'ml-none'))).toBe('mail-unknown');
  });

  it('is no request: it can be dismissed, not decided', () => {
    const { id } = room.send(A, HOST, 'hello', []);
    expect(code(() => room.resolve(HOST, id, 'gr-a'))).toBe('mail-invalid');
    expect(code(() => room.reject(HOST, id, ''))).toBe('mail-invalid');
    expect(room.dismiss(HOST, id).state).toBe('dismissed');
  });
});

describe('mail', () => {
  it('is read by those two alone', () => {
    const { id } = room.request(A, ASK);
    expect(room.read(A, id).id).toBe(id);
    expect(room.read(HOST, id).id).toBe(id);
    expect(code(() => room.read(B, id))).toBe('mail-unknown');
    expect(code(() => room.read(B, 'ml-none'))).toBe('mail-unknown');
    expect([room.inbox(B), room.sent(B)]).toEqual([[], []]);
  });

  it('is newest first, at most MAIL_LISTED_MAX, the open ones before others', () => {
    const ids = Array.from({ length: MAIL_LISTED_MAX + 1 }, (_, index) => `ml-${index}`);
    store.transaction(() => {
      for (const id of ids) store.mail.insert(mailRow(id));
      for (const id of ids.slice(1)) store.mail.settle(id, 'dismissed', null, null);
    });
    const inbox = room.inbox(HOST);
    expect(inbox).toHaveLength(MAIL_LISTED_MAX);
    expect([inbox.at(0)?.id, inbox.at(-1)?.id]).toEqual([ids.at(-1), 'ml-0']);
    expect(room.sent(A)).toHaveLength(MAIL_LISTED_MAX);
  });

  it('that is settled is forgotten beyond MAIL_KEPT_MAX of its sender', () => {
    const { id } = room.request(A, ASK);
    room.dismiss(HOST, id);
    store.transaction(() => {
      for (let index = 0; index < MAIL_KEPT_MAX - 1; index += 1) {
        store.mail.insert(mailRow(`ml-${index}`));
        store.mail.settle(`ml-${index}`, 'dismissed', null, null);
      }
    });
    room.request(A, ASK);
    expect(code(() => room.read(A, id))).toBe('mail-unknown');
    expect(room.sent(A)).toHaveLength(MAIL_KEPT_MAX);
  });

  it('is not sent, nor answered, nor adopted when it cannot be recorded', () => {
    const request = room.request(A, ASK);
    const letter = room.send(HOST, A, '', [{ name: 'x', grant: 'gr-a' }]);
    journalFails = true;
    for (const work of [
      () => room.request(A, ASK),
      () => room.send(A, B, '', []),
      () => room.resolve(HOST, request.id, 'gr-a'),
      () => room.reject(HOST, request.id, ''),
      () => room.dismiss(HOST, request.id),
      () => room.adopt(A, letter.id, 'x', 'x'),
    ]) {
      expect(work).toThrow('the record is full');
    }
    expect(room.read(HOST, request.id).state).toBe('open');
    expect(room.inbox(HOST)).toHaveLength(1);
    expect(names.list(A, '')).toEqual([]);
  });
});

describe('limits of mail', () => {
  it('MAIL_PER_MINUTE_MAX holds for each sender in any minute', () => {
    for (let index = 0; index < MAIL_PER_MINUTE_MAX; index += 1) {
      clock += 1_000;
      room.request(A, ASK);
    }
    expect(code(() => room.request(A, ASK))).toBe('mail-full');
    expect(code(() => room.send(A, B, '', []))).toBe('mail-full');
    expect(code(() => room.request(B, ASK))).toBe('none');
    // The first of them was sent 29 seconds ago, and leaves the minute 31 seconds from now.
    clock += 30_000;
    expect(code(() => room.request(A, ASK))).toBe('mail-full');
    clock += 1_000;
    expect(code(() => room.request(A, ASK))).toBe('none');
    expect(code(() => room.request(A, ASK))).toBe('mail-full');
  });

  it('MAIL_OPEN_OF_SENDER_MAX holds at each receiver until mail is answered', () => {
    for (let index = 0; index < MAIL_OPEN_OF_SENDER_MAX; index += 1) {
      clock += 60_000;
      room.request(A, ASK);
    }
    clock += 60_000;
    expect(code(() => room.request(A, ASK))).toBe('mail-full');
    expect(code(() => room.request(B, ASK))).toBe('none');
    expect(code(() => room.send(A, B, '', []))).toBe('none');
    room.dismiss(HOST, (room.inbox(HOST).at(-1) as Mail).id);
    expect(code(() => room.request(A, ASK))).toBe('none');
  });

  it('MAIL_OPEN_OF_RECEIVER_MAX does not shut out those who wrote little', () => {
    store.transaction(() => {
      for (let index = 0; index < MAIL_OPEN_OF_RECEIVER_MAX; index += 1) {
        const from = `gu-${index % 10}`;
        if (index < 10) store.principals.insert(principalRow(from));
        store.mail.insert(mailRow(`ml-${index}`, { from }));
      }
    });
    for (let index = 0; index < MAIL_OPEN_ALWAYS_MAX; index += 1) {
      expect(code(() => room.request(A, ASK))).toBe('none');
    }
    expect(code(() => room.request(A, ASK))).toBe('mail-full');
    room.dismiss(HOST, (room.sent(A)[0] as Mail).id);
    expect(code(() => room.request(A, ASK))).toBe('none');
  });
});

describe('those who wait', () => {
  const never = new AbortController().signal;

  it('hear the answer, also when it was given before', async () => {
    const [one, two, three] = [room.request(A, ASK), room.request(A, ASK), room.request(A, ASK)];
    const answers = [one, two, three].map(({ id }) => room.answered(id, never));
    room.resolve(HOST, one.id, 'gr-a');
    room.reject(HOST, two.id, 'no');
    room.dismiss(HOST, three.id);
    expect((await Promise.all(answers)).map((mail) => mail.state)).toEqual([
      'resolved',
      'rejected',
      'dismissed',
    ]);
    expect(await room.answered(one.id, never)).toEqual(room.read(A, one.id));
  });

  it('stop when their signal ends', async () => {
    const { id } = room.request(A, ASK);
    const stop = new AbortController();
    const answer = room.answered(id, stop.signal);
    stop.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    await expect(room.answered(id, stop.signal)).rejects.toThrow('gone');
    await expect(room.answered('ml-none', never)).rejects.toMatchObject({ code: 'mail-unknown' });
  });

  it('are at most MAIL_WAITERS_MAX for one request', async () => {
    const { id } = room.request(A, ASK);
    const stops = Array.from({ length: MAIL_WAITERS_MAX }, () => new AbortController());
    const waits = stops.map(({ signal }) => room.answered(id, signal));
    await expect(room.answered(id, never)).rejects.toMatchObject({ code: 'limit-exceeded' });
    for (const stop of stops) stop.abort();
    await Promise.allSettled(waits);
    const last = room.answered(id, never);
    room.dismiss(HOST, id);
    expect((await last).state).toBe('dismissed');
  });

  it('hear of new mail, and of nothing that was taken back', async () => {
    const heard: string[] = [];
    room.onMail((mail) => heard.push(mail.text));
    room.send(A, HOST, 'one', []);
    const work = (): never =>
      store.transaction(() => {
        room.send(A, HOST, 'taken back', []);
        throw new Error('stop');
      });
    expect(work).toThrow('stop');
    store.transaction(() => room.send(A, HOST, 'two', []));
    await Promise.resolve();
    expect(heard).toEqual(['one', 'two']);
  });
});
