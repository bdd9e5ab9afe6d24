import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestEntry } from '../../../test/support/journal-fixture.ts';
import { painter } from './colour.ts';
import { logLine } from './log-line.ts';
import { bytes, table } from './table.ts';
import { jsonLine, shorten, visible } from './text.ts';
import { duration, localTime, parseSince } from './time.ts';

describe('jsonLine()', () => {
  it('is the same data, and nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = jsonLine({ text });
        expect(JSON.parse(line)).toEqual({ text });
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe('visible()', () => {
  it('shows what a terminal would obey', () => {
    expect(visible('a\u001b[2Jb\r\n\u009bc\u0007')).toBe('a\\x1b[2Jb\\x0d\\x0a\\x9bc\\x07');
    expect(visible('x\u202egnp.exe\u2028')).toBe('x\\u202egnp.exe\\u2028');
    expect(visible('\ud800 and 😀 ü')).toBe('\\ud800 and 😀 ü');
  });

  it('lets no control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe('logLine()', () => {
  it('escapes every field that a box had a hand in', () => {
    const evil = '\u001b]0;owned\u0007';
    const records = [
      requestEntry({ box: evil, method: evil, url: evil, rule: evil, secrets: [evil] }),
      requestEntry({ verdict: 'deny', rule: null, code: 'not-granted', reason: evil }),
      { kind: 'connection', box: 'b', target: evil, verdict: 'deny', code: 'usage', reason: evil },
      { kind: 'note', box: 'b', note: 'cookie-dropped', text: evil },
      {
        kind: 'box-start',
        box: 'b',
        program: [evil],
        workspace: evil,
        rules: [evil],
        secrets: [evil],
      },
    ] as const;
    for (const record of records) {
      expect(logLine({ seq: 1, time: 0, ...record }, false)).not.toMatch(/\p{Cc}/u);
    }
  });

  it('says verdict, rule, secrets, status, bytes and time of a request', () => {
    const outcome = { status: 200, bytesOut: 120, bytesIn: 2048, durationMs: 14, scrubbed: 1 };
    const line = logLine({ seq: 1, time: 0, ...requestEntry(), ...outcome }, false);
    expect(line.slice(21)).toBe(
      'amber-fox       allow  GET  https://api.example.com/v1/things?key  by GET https://api.example.com/**  secrets: API_KEY  200 120 B out 2.0 KiB in 14ms 1 scrubbed',
    );
    expect(logLine({ seq: 1, time: 0, ...requestEntry() }, true)).toContain('\u001b[32mallow');
  });
});

describe('table(), bytes(), shorten(), painter()', () => {
  it('pads all columns but the last, and paints after padding', () => {
    expect(
      table([
        ['a', 'b'],
        ['long', 'c'],
      ]),
    ).toEqual(['a     b', 'long  c']);
    expect(table([['a', 'b']], (cell, column) => (column === 0 ? `<${cell}>` : cell))).toEqual([
      '<a>  b',
    ]);
  });

  it('shows sizes with a unit', () => {
    expect([0, 1023, 1024, 1536, 20 * 1024 ** 2, 3 * 1024 ** 4].map(bytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '20 MiB',
      '3.0 TiB',
    ]);
  });

  it('shortens and paints', () => {
    expect([shorten('abc', 3), shorten('abcd', 3)]).toEqual(['abc', 'ab…']);
    expect([painter(false)('red', 'x'), painter(true)('red', 'x')]).toEqual([
      'x',
      '\u001b[31mx\u001b[0m',
    ]);
  });
});

describe('time', () => {
  it('shows durations', () => {
    const shown = [14.4, 2_345, 307_000, 11_520_000, 187_200_000].map(duration);
    expect(shown).toEqual(['14ms', '2.3s', '5m07s', '3h12m', '2d04h']);
    expect(localTime(Date.now())).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  it('reads spans and dates', () => {
    const now = Date.parse('2026-05-02T00:00:00Z');
    expect(parseSince('90s', now)).toBe(now - 90_000);
    expect(parseSince('1h', now)).toBe(now - 3_600_000);
    expect(parseSince('1d', now)).toBe(parseSince('2026-05-01T00:00:00Z', now));
  });

  it.each(['', '1', 'h', '-1h', '1w', 'yesterday', '2026-13-01', '9999999d', '1h '])(
    'refuses %j',
    (text) => {
      expect(() => parseSince(text, 0)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});
