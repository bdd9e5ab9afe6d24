import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintsOf, type Watched } from '../../vault/fingerprint.ts';
import { COMPARISONS_MAX } from './limits.ts';
import { type LeakWatch, makeLeakWatch } from './watch.ts';

const KEY = randomBytes(32);

function watching(secrets: Readonly<Record<string, string>>): Watched {
  return {
    key: KEY.toString('hex'),
    values: Object.entries(secrets).map(([name, value]) => ({
      name,
      kind: 'value',
      prints: fingerprintsOf(KEY, value),
    })),
  };
}

function watchFor(value: string): LeakWatch {
  return makeLeakWatch(watching({ OTHER: 'other-value-0123456789', TOKEN: value }));
}

const TOKEN = { name: 'TOKEN', kind: 'value' };

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const each = (value: string, write: (hex: string) => string): Buffer =>
  bytes([...Buffer.from(value)].map((byte) => write(byte.toString(16).padStart(2, '0'))).join(''));

/** Every way in which a value is known to be written, with bytes around it that belong to it. */
const FORMS: Readonly<Record<string, (value: string) => Buffer>> = {
  utf8: (value) => Buffer.from(value),
  latin1: bytes,
  base64: (value) => bytes(Buffer.from(value).toString('base64')),
  base64_1: (value) => bytes(Buffer.from(`u${value}`).toString('base64')),
  base64_2: (value) => bytes(Buffer.from(`u:${value}`).toString('base64')),
  base64_inside: (value) =>
    bytes(Buffer.from(`\x80\xfe ${value}\xff\x81`, 'latin1').toString('base64')),
  base64url: (value) => bytes(Buffer.from(`x${value}y`).toString('base64url')),
  base64_lines: (value) =>
    bytes(Buffer.from(`abc${value}`).toString('base64').replace(/.{19}/g, '$&\r\n')),
  base64_json: (value) => bytes(Buffer.from(value).toString('base64').replaceAll('/', '\\/')),
  base64_query: (value) => bytes(encodeURIComponent(Buffer.from(value).toString('base64'))),
  hex: (value) => each(value, (hex) => hex),
  hex_upper: (value) => each(value, (hex) => hex.toUpperCase()),
  hex_odd: (value) => bytes(`a${Buffer.from(value).toString('hex')}`),
  percent: (value) => each(value, (hex) => `%${hex}`),
  percent_upper: (value) => each(value, (hex) => `%${hex.toUpperCase()}`),
  query: (value) => bytes(encodeURIComponent(value)),
  form: (value) => bytes(new URLSearchParams({ v: value }).toString().slice(2)),
  json: (value) => Buffer.from(JSON.stringify(value).slice(1, -1)),
  unicode: (value) =>
    bytes([...value].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')),
  backslash_x: (value) => each(value, (hex) => `\\x${hex}`),
  entities: (value) => each(value, (hex) => `&#x${hex};`),
  decimal: (value) => bytes([...value].map((c) => `&#${c.charCodeAt(0)};`).join('')),
  html: (value) => bytes(value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')),
  utf16le: (value) => Buffer.from(value, 'utf16le'),
  utf16be: (value) => Buffer.from(value, 'utf16le').swap16(),
};

/** As the vault takes them: 12 to 400 characters without controls, spaces inside only. */
const values = fc
  .oneof(
    fc.string({ minLength: 12, maxLength: 60, unit: 'grapheme-ascii' }),
    fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/),
    fc.stringMatching(/^[0-9a-f]{32}$/),
    fc.stringMatching(/^[!-~\xa1-\xff]{12,40}$/),
    fc.stringMatching(/^[A-Za-z0-9._-]{257,400}$/),
  )
  .filter((value) => !/^ | $|[\0-\x1f\x7f]/.test(value));

const around = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
  fc.string({ maxLength: 40 }).map((text) => Buffer.from(text)),
  fc.constantFrom('{"a":"', 'key=', '\\n', '100%', '\\', '&', 'a&#', '\\u00', '--\r\n').map(bytes),
);

describe('a watch', () => {
  it.each(Object.keys(FORMS))('finds a value as %s at every place and in every split', (name) => {
    const form = FORMS[name] as (value: string) => Buffer;
    fc.assert(
      fc.property(
        values,
        around,
        around,
        fc.array(fc.nat(2_000), { maxLength: 6 }),
        (value, before, after, cuts) => {
          fc.pre(isDelimited(name, before, after) && isWritten(name, value));
          const watch = watchFor(value);
          const whole = Buffer.concat([before, form(value), after]);
          expect(watch.bytes(whole)).toEqual(TOKEN);
          expect(watch.text(whole.toString('latin1'))).toEqual(TOKEN);
          const stream = watch.stream();
          const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length];
          places.sort((a, b) => a - b);
          const found = places
            .slice(1)
            .map((end, i) => stream.write(whole.subarray(places[i], end)));
          expect([...found, stream.end()]).toContainEqual(TOKEN);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('finds it when each byte comes by itself', () => {
    const value = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';
    for (const form of Object.values(FORMS)) {
      const stream = watchFor(value).stream();
      const found = [...form(value)].map((byte) => stream.write(Buffer.from([byte])));
      expect([...found, stream.end()]).toContainEqual(TOKEN);
    }
  });

  it('finds nothing in random bytes and text, nor in part of a value', () => {
    const value = 'sk-live-7Hq2ZpW9mLx4KcVt8RbN';
    const watch = watchFor(value);
    const random = randomBytes(1 << 20);
    for (const text of [random, bytes(random.toString('base64')), bytes(random.toString('hex'))]) {
      expect(watch.bytes(text)).toBe(null);
    }
    for (const part of [
      value.slice(1),
      value.slice(0, -1),
      `${value.slice(0, 12)}x${value.slice(13)}`,
    ]) {
      for (const [name, form] of Object.entries(FORMS)) {
        // What cuts a value in base64 may show the character beside it.
        expect([name, watch.bytes(form(part))]).toEqual([name, null]);
      }
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 3_000 }), (text) => {
        expect(watch.bytes(Buffer.from(text))).toBe(null);
      }),
    );
  });

  it('looks for nothing when there is nothing, and for what it is told later', () => {
    const watch = makeLeakWatch(watching({}));
    expect([watch.isActive, watch.text('anything'), watch.stream().end()]).toEqual([
      false,
      null,
      null,
    ]);
    watch.replace(watching({ LATE: 'late-value-0123456789' }));
    expect(watch.text('x late-value-0123456789 x')).toEqual({ ...TOKEN, name: 'LATE' });
    expect(makeLeakWatch(watching({ SHORT: 'short' })).isActive).toBe(false);
  });

  it('is not made to compare for ever', () => {
    const value = 'a-long-value-with-an-end-known-to-all';
    const flood = `${value.slice(-12)} `.repeat(COMPARISONS_MAX + 100);
    expect(() => watchFor(value).text(flood)).toThrow('too much of it looks like');
    expect(watchFor(value).text(flood.slice(0, 13 * 1_000))).toBe(null);
  });
});

/** Two kinds of escapes in one text cannot be told apart: `\\` may be of either. */
function isWritten(name: string, value: string): boolean {
  if (name === 'json') return !/[%&]/.test(value);
  return !/utf16|html/.test(name) || !/[\\%]/.test(value);
}

/** What stands beside a value in an encoding of its own changes what the value is written as. */
function isDelimited(name: string, before: Buffer, after: Buffer): boolean {
  const last = before.at(-1) ?? 0x20;
  const next = after[0] ?? 0x20;
  if (/^base64_lines/.test(name)) return !isBase64(last) && !isBase64(next);
  if (name === 'base64_json' || name === 'base64_query') return !/[%\\&]/.test(before.toString());
  if (/percent|query|form|json|unicode|backslash|entit|decimal|html|utf16/.test(name))
    return !/[%\\&#0-9a-fA-Fux]/.test(before.subarray(-6).toString('latin1'));
  return true;
}

function isBase64(byte: number): boolean {
  return /[A-Za-z0-9+/_-]/.test(String.fromCharCode(byte));
}
