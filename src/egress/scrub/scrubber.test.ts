import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE64_KNOWN_CHARS_MIN, DEEP_UNITS, ESCAPE_BYTES_MAX } from './limits.ts';
import { makeScrubber, type Scrubber } from './scrubber.ts';

const VALUE = 'sk-test_4f/+Zq"9\\w&<Tn77kLmP0aRs';
const PLACEHOLDER = 'sk-test_ab/+cd"e\\f&<ghIJKLMNopqr';
const SECRET = { value: VALUE, placeholder: PLACEHOLDER };

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function scrubIn(scrubber: Scrubber, chunks: readonly Buffer[]): { out: Buffer; count: number } {
  const stream = scrubber.stream();
  const parts = chunks.map((chunk) => Buffer.from(stream.write(chunk)));
  parts.push(Buffer.from(stream.end()));
  return { out: Buffer.concat(parts), count: stream.count };
}

function splitAt(data: Buffer, at: number): Buffer[] {
  return [data.subarray(0, at), data.subarray(at)];
}

type Encoder = (char: string, pick: number) => string;

const hex2 = (char: string): string => char.charCodeAt(0).toString(16).padStart(2, '0');

const CHARACTER_STYLES: readonly Encoder[] = [
  (char) => char,
  (char) => `%${hex2(char)}`,
  (char) => `%${hex2(char).toUpperCase()}`,
  (char) => `\\u00${hex2(char)}`,
  (char) => `\\u00${hex2(char).toUpperCase()}`,
  (char) => `\\x${hex2(char)}`,
  (char) => (/[^a-z0-9]/i.test(char) ? `\\${char}` : char),
  (char) => `&#${char.charCodeAt(0)};`,
  (char) => `&#${String(char.charCodeAt(0)).padStart(5, '0')};`,
  (char) => `&#x${hex2(char)};`,
  (char) => `&#X0${hex2(char).toUpperCase()};`,
  (char) =>
    ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[char] ?? char,
];

function mixed(value: string, picks: readonly number[]): string {
  return [...value]
    .map((char, index) => {
      const pick = picks[index % picks.length] ?? 0;
      return (CHARACTER_STYLES[pick % CHARACTER_STYLES.length] as Encoder)(char, pick);
    })
    .join('');
}

function brokenBase64(bytes: Buffer, form: 'base64' | 'base64url', width: number): string {
  const text = bytes.toString(form);
  return width === 0 ? text : (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join('\r\n');
}

/** Every way in which a value comes back, by name. */
const echo = fc.oneof(
  fc.array(fc.nat(99), { minLength: 1, maxLength: 40 }).map((picks) => ({
    name: 'characters',
    encode: (value: string) => mixed(value, picks),
  })),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }).map((upper) => ({
    name: 'hex',
    encode: (value: string) =>
      [...latin1(value).toString('hex')]
        .map((digit, index) => (upper[index % upper.length] ? digit.toUpperCase() : digit))
        .join(''),
  })),
  fc
    .record({
      before: fc.string({ maxLength: 5 }),
      after: fc.string({ maxLength: 5 }),
      url: fc.boolean(),
      width: fc.constantFrom(0, 0, 4, 19, 64, 76),
    })
    .map(({ before, after, url, width }) => ({
      name: 'base64',
      encode: (value: string) =>
        brokenBase64(latin1(before + value + after), url ? 'base64url' : 'base64', width),
    })),
  fc.constantFrom(true, false).map((little) => ({
    name: 'utf16',
    encode: (value: string) => {
      const bytes = Buffer.from(value, 'utf16le');
      return (little ? bytes : bytes.swap16()).toString('latin1');
    },
  })),
);

const ALNUM = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'];
const PUNCTUATION = [...'-_/+"\\.<>&=!~%:'];

/** A shaped placeholder: punctuation stays where it is, everything else is another character. */
const secret = fc
  .array(fc.constantFrom(...ALNUM, ...ALNUM, ...PUNCTUATION), { minLength: 12, maxLength: 60 })
  .map((chars) => chars.join(''))
  .filter(
    (value) => !/%[0-9a-f]{2}|\\[^0-9a-tvwyz]|\\$|&$/i.test(value) && /[a-z0-9]{2}/i.test(value),
  )
  .map((value) => ({
    value,
    placeholder: value.replace(
      /[a-z0-9]/gi,
      (char) => ALNUM[(ALNUM.indexOf(char) + 31) % 62] ?? '',
    ),
  }));

/** Undoes every encoding of characters, so that no echo can hide in one. */
function decoded(text: string): string {
  return text
    .replace(/%([0-9a-f]{2})|\\u00([0-9a-f]{2})|\\x([0-9a-f]{2})|&#x0*([0-9a-f]+);/gi, (...m) =>
      String.fromCharCode(Number.parseInt(m[1] ?? m[2] ?? m[3] ?? m[4] ?? '0', 16)),
    )
    .replace(/&#(\d+);/g, (_, digits) => String.fromCharCode(Number(digits)))
    .replace(/\\([^a-z0-9])/gi, '$1')
    .replace(/&amp;/g, '&')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replaceAll('\0', '');
}

function holds(output: Buffer, value: string): boolean {
  const text = output.toString('latin1');
  const joined = text.replace(/[\r\n]/g, '');
  const inner = [0, 1, 2].map((lead) => {
    const bytes = Buffer.concat([Buffer.alloc(lead), latin1(value)]);
    const first = Math.ceil((lead * 8) / 6);
    return bytes.toString('base64').slice(first, Math.floor(((lead + value.length) * 8) / 6));
  });
  return (
    text.replaceAll('\0', '').includes(value) ||
    decoded(text).includes(value) ||
    text.toLowerCase().includes(latin1(value).toString('hex')) ||
    inner.some((part) => joined.replaceAll('-', '+').replaceAll('_', '/').includes(part))
  );
}

describe('makeScrubber()', () => {
  it('replaces each form at every split by as many bytes, and nothing else', () => {
    fc.assert(
      fc.property(
        secret,
        echo,
        fc.constantFrom('', ' ', '{"a": "', 'x=', '\n\n', 'GET /?q='),
        fc.constantFrom('', ' ', '"}', '&y=1', '\n\n'),
        (one, form, before, after) => {
          const middle = latin1(form.encode(one.value));
          const input = Buffer.concat([latin1(before), middle, latin1(after)]);
          const scrubber = makeScrubber([one]);
          const expected = scrubIn(scrubber, [input]);
          expect(expected.count, form.name).toBe(1);
          expect(expected.out.length).toBe(input.length);
          expect(holds(input, one.value), 'the check can fail').toBe(true);
          expect(holds(expected.out, one.value), form.name).toBe(false);
          expect(expected.out.subarray(0, before.length).toString()).toBe(before);
          expect(expected.out.subarray(before.length + middle.length).toString()).toBe(after);
          for (let at = 0; at <= input.length; at += 1) {
            const split = scrubIn(scrubber, splitAt(input, at));
            expect(split.out.equals(expected.out)).toBe(true);
            expect(split.count).toBe(1);
          }
          const bytes = scrubIn(
            scrubber,
            [...input].map((byte) => Buffer.from([byte])),
          );
          expect(bytes.out.equals(expected.out)).toBe(true);
          const text = scrubber.text(input.toString('latin1'));
          expect(text).toEqual({ text: expected.out.toString('latin1'), count: 1 });
        },
      ),
      { numRuns: 400 },
    );
  });

  it('writes the placeholder itself in the style that it found', () => {
    const scrubber = makeScrubber([SECRET]);
    const cases: [string, string][] = [
      [VALUE, PLACEHOLDER],
      [encodeURIComponent(VALUE), encodeURIComponent(PLACEHOLDER)],
      [JSON.stringify(VALUE), JSON.stringify(PLACEHOLDER)],
      [
        JSON.stringify(VALUE).replaceAll('/', '\\/'),
        JSON.stringify(PLACEHOLDER).replaceAll('/', '\\/'),
      ],
      [latin1(VALUE).toString('hex'), latin1(PLACEHOLDER).toString('hex')],
      [
        latin1(VALUE).toString('hex').toUpperCase(),
        latin1(PLACEHOLDER).toString('hex').toUpperCase(),
      ],
    ];
    for (const user of ['', 'a', 'ab', 'abc']) {
      cases.push([
        latin1(`${user}:${VALUE}\n`).toString('base64'),
        latin1(`${user}:${PLACEHOLDER}\n`).toString('base64'),
      ]);
    }
    for (const [input, output] of cases) {
      const found = scrubber.text(input);
      expect(found.count).toBe(1);
      expect(found.text).toBe(output);
    }
  });

  it('finds base64 that is escaped in its turn', () => {
    const scrubber = makeScrubber([SECRET]);
    for (const user of ['', 'a', 'ab', '?>?', 'x?>?', 'xy?>?']) {
      const base64 = latin1(`${user}${VALUE}?>`).toString('base64');
      const wrapped = base64.replace(/.{19}/g, '$&\n');
      for (const text of [
        encodeURIComponent(base64),
        base64.replaceAll('/', '\\/'),
        JSON.stringify(wrapped),
        encodeURIComponent(wrapped),
      ]) {
        const found = scrubber.text(text);
        expect(found.count, text).toBe(1);
        expect(found.text).toHaveLength(text.length);
        expect(holds(latin1(decoded(found.text)), VALUE)).toBe(false);
        if (text.startsWith('"')) expect(() => JSON.parse(found.text)).not.toThrow();
      }
    }
  });

  it('leaves bytes without the value alone and passes the very chunk on', () => {
    const scrubber = makeScrubber([SECRET]);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (chunks) => {
        const input = chunks.map((chunk) => Buffer.from(chunk));
        const { out, count } = scrubIn(scrubber, input);
        expect(out.equals(Buffer.concat(input))).toBe(true);
        expect(count).toBe(0);
      }),
    );
    const chunk = Buffer.from('{"nothing": "to see"}\n');
    expect(scrubber.stream().write(chunk)).toBe(chunk);
  });

  it('holds back only what can be the beginning of a form', () => {
    const stream = makeScrubber([SECRET]).stream();
    for (const event of ['data: hello s', '\n\n', 'data: %5', '\n\n', 'data: czs', '\r\n\r\n']) {
      stream.write(latin1(event));
    }
    expect(stream.end().length).toBe(0);
    const event = latin1('data: {"text":"sk-tes"}\n\n');
    expect(makeScrubber([SECRET]).stream().write(event)).toBe(event);
    const cut = makeScrubber([SECRET]).stream();
    expect(cut.write(latin1('data: sk-tes')).toString()).toBe('data: ');
    expect(cut.write(latin1('ting')).toString()).toBe('sk-testing');
  });

  it('finds adjacent values and each of two that begin alike, whole', () => {
    const longer = { value: `${VALUE}-and-more`, placeholder: `${PLACEHOLDER}-zzz-yyyy` };
    for (const secrets of [
      [SECRET, longer],
      [longer, SECRET],
    ]) {
      const scrubber = makeScrubber(secrets);
      const input = latin1(`${VALUE}${longer.value}${VALUE}-and${VALUE}${VALUE}`);
      const output = `${PLACEHOLDER}${longer.placeholder}${PLACEHOLDER}-and${PLACEHOLDER}${PLACEHOLDER}`;
      for (let at = 0; at <= input.length; at += 1) {
        const { out, count } = scrubIn(scrubber, splitAt(input, at));
        expect(out.toString('latin1')).toBe(output);
        expect(count).toBe(5);
      }
    }
  });

  it('finds values that repeat themselves, at every place', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('a', 'ab', 'aab', 'abcab'),
        fc.integer({ min: DEEP_UNITS, max: 3 * DEEP_UNITS }),
        fc.constantFrom('b', 'aa', 'c'),
        fc.array(fc.constantFrom('a', 'b', 'ab', 'c', 'VALUE', 'PREFIX'), { maxLength: 12 }),
        fc.constantFrom(0, 1),
        (part, length, end, words, style) => {
          const value = part.repeat(length).slice(0, length) + end;
          const encode = CHARACTER_STYLES[style] as Encoder;
          const input = words
            .map((word) =>
              word === 'VALUE' ? value : word === 'PREFIX' ? value.slice(0, -1) : word,
            )
            .join('');
          const encoded = [...input].map((char) => encode(char, 0)).join('');
          const placeholder = '#'.repeat(value.length);
          const scrubber = makeScrubber([{ value, placeholder }]);
          const expected = input.replaceAll(value, placeholder);
          const { out, count } = scrubIn(scrubber, [latin1(encoded)]);
          expect(decoded(out.toString('latin1'))).toBe(expected);
          expect(count).toBe(input.split(value).length - 1);
          const bytes = scrubIn(
            scrubber,
            [...latin1(encoded)].map((byte) => Buffer.from([byte])),
          );
          expect(bytes.out.equals(out)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes time in proportion to the text, whatever the text is', () => {
    const value = `${'a'.repeat(16 * 1024 - 1)}b`;
    const scrubber = makeScrubber([{ value, placeholder: 'x'.repeat(value.length) }]);
    const base64 = Buffer.from(value).toString('base64');
    const texts = [
      'a'.repeat(1 << 18),
      `${'a'.repeat(16_000)}c`.repeat(16),
      '%61'.repeat(1 << 16),
      base64.slice(0, -8).repeat(10),
      '\\'.repeat(1 << 18),
      '&#'.repeat(1 << 17),
    ];
    for (const text of texts) {
      const started = performance.now();
      const { count } = scrubIn(scrubber, [latin1(text)]);
      expect(performance.now() - started, text.slice(0, 9)).toBeLessThan(3_000);
      expect(count).toBe(0);
    }
  });

  it('takes memory in proportion to the value', () => {
    const value = 'k'.repeat(200);
    const stream = makeScrubber([{ value, placeholder: 'x'.repeat(200) }]).stream();
    let kept = 0;
    for (let round = 0; round < 2000; round += 1) {
      kept += 150 - stream.write(latin1(`${'k'.repeat(149)}z`)).length;
      expect(kept).toBeLessThanOrEqual(value.length * ESCAPE_BYTES_MAX);
    }
  });

  it('searches base64 only where enough of it is known', () => {
    const short = makeScrubber([{ value: 'abcd', placeholder: 'wxyz' }]);
    expect(short.text(Buffer.from('abcd').toString('base64')).count).toBe(0);
    expect(short.text('abcd').text).toBe('wxyz');
    const value = 'abcdefghijkl'.slice(0, BASE64_KNOWN_CHARS_MIN);
    const enough = makeScrubber([{ value, placeholder: 'x'.repeat(value.length) }]);
    expect(enough.text(Buffer.from(value).toString('base64')).count).toBe(1);
  });

  it('keeps the length with a placeholder of another length, and with none', () => {
    for (const placeholder of ['', 'x', VALUE, 'much longer than the value itself could ever be']) {
      const { text, count } = makeScrubber([{ value: VALUE, placeholder }]).text(`<${VALUE}>`);
      expect(count).toBe(1);
      expect(text).toHaveLength(VALUE.length + 2);
      expect(text).not.toContain(VALUE);
    }
  });

  it('finds a value beyond ASCII in Latin-1 and in UTF-8', () => {
    const value = 'pässwörd-für-alle';
    const scrubber = makeScrubber([{ value, placeholder: 'p?ssw?rd-f?r-nobo' }]);
    for (const charset of ['latin1', 'utf8'] as const) {
      const input = Buffer.from(`<${value}>`, charset);
      const { out, count } = scrubIn(scrubber, [input]);
      expect(count).toBe(1);
      expect(out.length).toBe(input.length);
    }
    expect(scrubber.text(encodeURIComponent(value)).count).toBe(1);
  });

  it('finds a value in which a raw character looks like an escape', () => {
    for (const value of ['ab%2541cd%25efgh', 'a\\\\b\\u0041cdefgh\\', 'x&amp;y&#65;zabcdef']) {
      const scrubber = makeScrubber([{ value, placeholder: 'q'.repeat(value.length) }]);
      for (const echoed of [value, encodeURIComponent(value), JSON.stringify(value)]) {
        expect(scrubber.text(`<${echoed}>`).count, value).toBe(1);
      }
    }
  });

  it('finds a value that begins with the last character of another one in base64', () => {
    const [first, second] = ['aab'.repeat(13).concat('c'), 'ab'.repeat(6)];
    const scrubber = makeScrubber(
      [first, second].map((value) => ({ value, placeholder: 'W'.repeat(value.length) })),
    );
    const hex = latin1(second).toString('hex');
    const text = latin1(`${latin1(first).toString('base64').slice(0, 53)}${hex}`);
    for (let at = 0; at <= text.length; at += 1) {
      const { out, count } = scrubIn(scrubber, splitAt(text, at));
      expect(out.toString('latin1')).not.toContain(hex.slice(1));
      expect(count).toBe(2);
    }
  });

  it('does nothing without secrets', () => {
    const scrubber = makeScrubber([]);
    expect(scrubber.text('anything')).toEqual({ text: 'anything', count: 0 });
    expect(scrubIn(scrubber, [latin1('anything')]).out.toString()).toBe('anything');
  });
});
