import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optional, testNarrowingLaws } from '../../../test/support/narrowing-laws.ts';
import type { UseContext } from '../../ocap/live.ts';
import { LETTER_CHARS_MAX } from './limits.ts';
import { openMailbox } from './live.ts';
import { type MailboxCall, mailboxPower } from './power.ts';

const config = mailboxPower.readConfig('gu-owner');
const callOf = (...args: readonly unknown[]): MailboxCall =>
  mailboxPower.callOf(config, { facet: 'root', at: null, method: 'send', args });

const rule = fc.record({ chars: optional(fc.nat(20)), replies: optional(fc.boolean()) });
const call = fc
  .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.option(fc.constant('ml-1')))
  .map(([text, replyTo]) => callOf(text, { replyTo }));

describe('the kind mailbox', () => {
  testNarrowingLaws(mailboxPower, { config, rule, call });

  it('is known by its owner', () => {
    expect(mailboxPower.describeConfig(config)).toBe('mailbox:gu-owner');
    for (const bad of ['', 'A b', '../x', 'x'.repeat(65)]) {
      expect(() => mailboxPower.readConfig(bad)).toThrow(
        expect.objectContaining({ code: 'power-invalid' }),
      );
    }
  });

  it.each([
    [['']],
    [[1]],
    [['x'.repeat(LETTER_CHARS_MAX + 1)]],
    [['x', { replyTo: 'A' }]],
    [['x', { enclosed: [] }]],
  ])('refuses the letter %j', (args) => {
    expect(() => callOf(...args)).toThrow(expect.objectContaining({ code: 'call-invalid' }));
  });

  it('takes as long a letter as its limit says, and shows none of it', () => {
    const long = callOf('secret'.padEnd(LETTER_CHARS_MAX));
    expect(mailboxPower.describe(long)).toBe('send a letter of 8192 characters to gu-owner');
  });

  it('keeps to what its narrowing says', () => {
    const only = (text: string) => mailboxPower.readNarrowing([text], config);
    expect(mailboxPower.permits(only('chars=3'), callOf('abc')).allow).toBe(true);
    expect(mailboxPower.permits(only('chars=3'), callOf('abcd')).allow).toBe(false);
    expect(mailboxPower.permits(only('replies=off'), callOf('a', { replyTo: 'ml-1' }))).toEqual({
      allow: false,
      code: 'narrowing-refused',
      reason: expect.stringContaining('may not be answered'),
      distance: 1,
    });
  });
});

describe('openMailbox()', () => {
  const sent: unknown[] = [];
  const mailbox = openMailbox(config, {
    send(...letter) {
      sent.push(letter);
      return { id: 'ml-7' };
    },
  });
  const context: UseContext = {
    narrowings: [],
    signal: new AbortController().signal,
    spend() {},
  };

  it('sends in the name of whoever uses it, and of nobody else', () => {
    const holder = 'gu-sender';
    expect(mailbox.call('send', ['hello', { replyTo: 'ml-1' }], { ...context, holder })).toEqual({
      id: 'ml-7',
    });
    expect(sent).toEqual([['gu-sender', 'gu-owner', 'hello', [], 'ml-1']]);
    expect(() => mailbox.call('send', ['hello'], context)).toThrow('nobody is its sender');
    expect(sent).toHaveLength(1);
  });
});
