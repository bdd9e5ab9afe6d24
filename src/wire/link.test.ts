import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PowerboxError } from './errors.ts';
import { type FromDaemon, readFromDaemon, readToDaemon, type ToDaemon, writeLink } from './link.ts';

const DIGEST = 'a'.repeat(64);

const MESSAGES: readonly ToDaemon[] = [
  {
    type: 'open-box',
    box: 'bx-1',
    as: null,
    reason: 'a box',
    rules: [{ config: { scheme: 'https' }, narrowing: { path: null }, text: 'example.com' }],
    secrets: ['TOKEN'],
  },
  { type: 'close-box', box: 'bx-1', token: 'secret' },
  { type: 'hello', box: 'bx-1', token: 'secret', egress: { pid: 12, start: '99' } },
  { type: 'acknowledged', change: 3, cut: 0 },
  { type: 'ask', call: 1, what: { do: 'spend', grant: 'gr-1', spend: { bytes: 10 }, over: null } },
  {
    type: 'ask',
    call: 2,
    what: {
      do: 'admit',
      grant: 'gr-1',
      text: 'GET https://example.com/',
      digest: DIGEST,
      effect: 'read',
      spend: { uses: 1 },
      most: { tokens: 9, microdollars: 3 },
    },
  },
  { type: 'ask', call: 3, what: { do: 'door', method: 'inbox', args: [] } },
  {
    type: 'ask',
    call: 4,
    what: { do: 'spend', grant: 'gr-1', spend: {}, over: { tokens: 9 } },
  },
];

describe('readToDaemon()', () => {
  it.each(MESSAGES)('reads what was written: %j', (message) => {
    expect(readToDaemon(writeLink(message).trimEnd())).toEqual(message);
  });

  it('takes nothing that is not of the protocol', () => {
    const [open, close, hello, acknowledged, spend, admit, door] = MESSAGES;
    const bad: unknown[] = [
      null,
      [],
      'text',
      { type: 'other' },
      { ...open, box: 5 },
      { ...open, rules: {} },
      { ...open, rules: [{ text: 'x' }] },
      { ...close, token: 'x'.repeat(200) },
      { ...hello, egress: null },
      { ...hello, egress: { pid: -1, start: '1' } },
      { ...acknowledged, cut: 0.5 },
      { ...spend, what: { do: 'spend', grant: 'g', spend: { uses: -1 }, over: null } },
      { ...spend, what: { do: 'spend', grant: 'g', spend: { money: 1 }, over: null } },
      { ...spend, what: { do: 'spend', grant: 'g', spend: {}, over: { tokens: -1 } } },
      { ...admit, what: { ...(admit as { what: object }).what, most: 9 } },
      { ...admit, what: { ...(admit as { what: object }).what, digest: 'short' } },
      { ...admit, what: { ...(admit as { what: object }).what, effect: 'none' } },
      { ...door, what: { do: 'door', method: 'constructor', args: [] } },
      { ...door, what: { do: 'door', method: 'lookup', args: [] } },
    ];
    for (const message of bad) {
      expect(() => readToDaemon(JSON.stringify(message)), JSON.stringify(message)).toThrow(
        expect.objectContaining({ code: 'call-invalid' }),
      );
    }
  });

  it('fails on any text in one way', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        try {
          readToDaemon(line);
        } catch (error) {
          expect(PowerboxError.is(error)).toBe(true);
        }
      }),
    );
  });
});

describe('readFromDaemon()', () => {
  it('knows the types of the protocol', () => {
    const message: FromDaemon = { type: 'answer', call: 1, value: null };
    expect(readFromDaemon(JSON.stringify(message))).toEqual(message);
    expect(() => readFromDaemon('{"type":"hello"}')).toThrow(PowerboxError);
    expect(() => readFromDaemon('{')).toThrow(PowerboxError);
  });
});
