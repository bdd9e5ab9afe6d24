import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskEnvFile, maskFile } from './env-file.ts';
import { MASK_BYTES_MAX } from './limits.ts';
import { makePlaceholder } from './placeholder.ts';

const make = (value: string): string => makePlaceholder(value, ['sk-', 'ghp_']);

/** What was masked, as X: shows at once what stayed and where. */
function shown(text: string): string {
  return maskEnvFile(text, (value) => 'X'.repeat(value.length)).masked;
}

describe('maskEnvFile()', () => {
  it.each([
    ['A=secret-value\n', 'A=XXXXXXXXXXXX\n'],
    ['export A=secret-value', 'export A=XXXXXXXXXXXX'],
    ['  A = secret value  \r\n', '  A = XXXXXXXXXXXX  \r\n'],
    ['A="secret value" # why\n', 'A="XXXXXXXXXXXX" # why\n'],
    ["A='it is #1'\n", "A='XXXXXXXX'\n"],
    ['A=`back quoted`\n', 'A=`XXXXXXXXXXX`\n'],
    ['A=value # comment\nB=x#y\n', 'A=XXXXX # comment\nB=XXX\n'],
    ['A="one\ntwo"\nB=three\n', 'A="XXX\nXXX"\nB=XXXXX\n'],
    ['A="a\\nb\\"c"\n', 'A="X\\nX\\"X"\n'],
    ['A="abc"def\n', 'A=XXXXXXXX\n'],
    ['A="never closed\nB=two\n', 'A=XXXXXXXXXXXXX\nB=XXX\n'],
    ['A: yaml-like\n', 'A: XXXXXXXXX\n'],
    ['\n# nothing here\n\nA=\nB=""\n', '\n# nothing here\n\nA=\nB=""\n'],
    ['OPENAI_API_KEY=\nTOKEN=\n', 'OPENAI_API_KEY=\nTOKEN=\n'],
    ['PORT=3000\nDEBUG=true\nN=-1\nRATE=0.5\n', 'PORT=3000\nDEBUG=true\nN=-1\nRATE=0.5\n'],
    ['DB_PASSWORD=1234\nPIN=0000\nID=123456\n', 'DB_PASSWORD=XXXX\nPIN=XXXX\nID=XXXXXX\n'],
    ['A=ab\n', 'A=XX\n'],
    ['\u{feff}A=secret\n', '\u{feff}A=XXXXXX\n'],
    ['A=schlüssel\n', 'A=XXXXXXXXXX\n'],
    ['# OLD=abc\nA=value\n', '# OLD=XXX\nA=XXXXX\n'],
    ['A=value # was sk-0123456789ab, see wiki\n', 'A=XXXXX # was XXXXXXXXXXXXXXX, see wiki\n'],
  ])('turns %j into %j', (text, masked) => {
    expect(shown(text)).toBe(masked);
  });

  it('says what a program reads outside and inside, line breaks and escapes alike', () => {
    const { masked, values } = maskEnvFile('A="one\\ntwo\nsix"\nB=ü1\n', make);
    const inside = values[0]?.placeholder ?? '';
    expect(values[0]).toMatchObject({ name: 'A', value: 'one\ntwo\nsix' });
    expect(inside).toMatch(/^[a-z0-9]{3}\n[a-z0-9]{3}\n[a-z0-9]{3}$/i);
    expect(masked).toContain(`A="${inside.slice(0, 3)}\\n${inside.slice(4)}"`);
    expect(values[1]).toMatchObject({ name: 'B', value: 'ü1' });
    expect(values[1]?.placeholder).toHaveLength(3);
  });

  it.each([
    ['a key alone', '-----BEGIN KEY-----\nMIIEvQ+BA/DAN\nBgkq==\n-----END KEY-----\n'],
    ['JSON', '{\n  "password": "abcd efgh ijkl",\n  "port": 8080, "on": true\n}\n'],
    ['one line of base64', 'QUJDREVGR0hJSktM=\n'],
    ['base64 after an assignment', 'A=value\nQUJDREVGR0hJSktM=\n'],
    ['base32', 'JBSWYDPEHPKPXPJBSWYDP====\n'],
    ['words', 'legal winner thank year wave sausage worth\n'],
    ['a line that is no assignment', 'A=value\nonly words\n'],
  ])('masks every word of %s', (_, text) => {
    const { masked, values } = maskEnvFile(text, make);
    expect(masked).toHaveLength(text.length);
    for (const { value } of values) expect(masked).not.toContain(value);
    for (const word of text.match(/[A-Za-z]{4,}/g) ?? []) {
      const stays = ['BEGIN', 'true', 'password', 'port'].includes(word);
      expect(`${word} stays: ${masked.includes(word)}`).toBe(`${word} stays: ${stays}`);
    }
  });

  it('leaves JSON that parses, with its names', () => {
    const text = JSON.stringify({
      key: 'line one\nline "two" \\ ü \u2028',
      id: 1234567890123,
      port: 443,
      nested: { list: ['abc', 'def', null, false] },
    });
    const escaped = text.replace('abc', '\\u0061\\u0062\\u0063');
    for (let round = 0; round < 50; round++) {
      const { masked } = maskEnvFile(escaped, make);
      expect(masked).not.toContain('\\u0061\\u0062\\u0063');
      const read = JSON.parse(masked);
      expect(Object.keys(read)).toEqual(['key', 'id', 'port', 'nested']);
      expect(read.id).toBeTypeOf('number');
      expect(read.port).toBe(443);
      expect(read.nested.list.slice(2)).toEqual([null, false]);
    }
  });

  it('refuses a file above MASK_BYTES_MAX', () => {
    expect(() =>
      maskFile(Buffer.alloc(MASK_BYTES_MAX, 'a'), (value) => '1'.repeat(value.length)),
    ).not.toThrow();
    expect(() => maskFile(Buffer.alloc(MASK_BYTES_MAX + 1), make)).toThrow(/the most is/);
  });

  it.each(['A=0123456789abcdef # a note\n', 'A="x\\', 'A=\'x"y\n', '# a=b c=d\n', '"a" '])(
    'masks the largest file of %j in good time',
    (unit) => {
      const text = unit.repeat(Math.floor(MASK_BYTES_MAX / unit.length));
      const started = performance.now();
      expect(maskEnvFile(text, make).masked).toHaveLength(text.length);
      // About one second; work that grows with the square takes minutes.
      expect(performance.now() - started).toBeLessThan(15_000);
    },
  );

  it('keeps the length and the names, and no run of a value, whatever the values are', () => {
    const name = fc.stringMatching(/^[A-Z][A-Z_]{0,10}$/);
    // Of a class that names and `export` cannot be made of, so that a run cannot stay by chance.
    const plain = fc.stringMatching(/^[a-df-z0-9]{6,40}$/);
    const double = fc.stringMatching(/^[a-df-z0-9 #'=:\n]{6,40}$/);
    const single = fc.stringMatching(/^[a-df-z0-9 #"=:\n]{6,40}$/);
    const line = fc.oneof(
      fc.tuple(name, plain, plain.map(String)),
      fc.tuple(name, double).map(([of, value]) => [of, value, `"${value}"`] as const),
      fc.tuple(name, single).map(([of, value]) => [of, value, `'${value}'`] as const),
    );
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (lines, exported) => {
          const rows = lines.map(([of, value, written], at) => {
            const text = written === value || /^["']/.test(written) ? written : value;
            return `${exported ? 'export ' : ''}${of}${at}=${text}\n`;
          });
          const { masked, values } = maskEnvFile(rows.join(''), make);
          expect(Buffer.byteLength(masked)).toBe(Buffer.byteLength(rows.join('')));
          expect(values.map(({ name: of }) => of)).toEqual(lines.map(([of], at) => `${of}${at}`));
          for (const { value, placeholder } of values) {
            expect(placeholder).toHaveLength(value.length);
            for (const run of value.split('\n')) {
              for (let at = 0; at + 6 <= run.length; at++) {
                const window = run.slice(at, at + 6);
                if (/[a-z0-9]{6}/.test(window)) expect(masked).not.toContain(window);
              }
            }
          }
        },
      ),
    );
  });

  it('keeps the length of any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (content) => {
        expect(maskFile(content, make).masked).toHaveLength(content.length);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const { masked } = maskEnvFile(`A=${text}`, make);
        expect(Buffer.byteLength(masked)).toBe(Buffer.byteLength(`A=${text}`));
      }),
      { numRuns: 500 },
    );
  });
});
