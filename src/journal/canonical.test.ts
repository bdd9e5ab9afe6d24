import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestEntry } from '../../test/support/journal-fixture.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { entryText } from './canonical.ts';
import { FIELD_CHARS_MAX, LIST_ITEMS_MAX, ROW_BYTES_MAX } from './limits.ts';

describe('entryText()', () => {
  it('sorts keys, leaves out what is absent and writes no spaces', () => {
    const entry = { kind: 'response', box: 'b', of: 1, status: null } as unknown as JournalEntry;
    expect(entryText({ ...entry, code: undefined } as never)).toBe(
      '{"box":"b","kind":"response","of":1,"status":null}',
    );
  });

  it('does not depend on the order of the fields', () => {
    const entry = requestEntry();
    const turned = Object.fromEntries(Object.entries(entry).toReversed());
    expect(entryText(turned as unknown as JournalEntry)).toBe(entryText(entry));
  });

  it('is the same however it is written', () => {
    const plain = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(plain).join(',')}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      const names = Object.keys(value).sort();
      const field = (name: string) => plain((value as Record<string, unknown>)[name]);
      return `{${names.map((name) => `${JSON.stringify(name)}:${field(name)}`).join(',')}}`;
    };
    const key = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('10', '9', 'a', '__proto__'));
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('list'), tie('object')),
      leaf: fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null)),
      list: fc.array(tie('any'), { maxLength: 4 }),
      object: fc.dictionary(key, tie('any'), { maxKeys: 5, noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(value.object, (entry) => {
        expect(entryText(entry as unknown as JournalEntry)).toBe(plain(entry));
      }),
      { numRuns: 2000 },
    );
  });

  it('cuts a text longer than FIELD_CHARS_MAX and says by how much', () => {
    const url = 'u'.repeat(FIELD_CHARS_MAX + 5);
    expect(JSON.parse(entryText(requestEntry({ url }))).url).toBe(
      `${'u'.repeat(FIELD_CHARS_MAX)}[5 more]`,
    );
    const whole = 'u'.repeat(FIELD_CHARS_MAX);
    expect(JSON.parse(entryText(requestEntry({ url: whole }))).url).toBe(whole);
  });

  it('keeps LIST_ITEMS_MAX items of a list and counts the others', () => {
    const secrets = Array.from({ length: LIST_ITEMS_MAX + 3 }, (_, index) => `S${index}`);
    const kept = JSON.parse(entryText(requestEntry({ secrets }))).secrets;
    expect(kept).toHaveLength(LIST_ITEMS_MAX + 1);
    expect(kept.at(-1)).toBe('[3 more]');
  });

  it('never gives more than ROW_BYTES_MAX bytes, whatever a box writes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40_000, size: 'max' });
    const list = fc.array(fc.string({ unit: 'binary', maxLength: 2_000, size: 'max' }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(text, text, list, (url, reason, secrets) => {
        const written = entryText(requestEntry({ url, reason, secrets }));
        expect(Buffer.byteLength(written)).toBeLessThanOrEqual(ROW_BYTES_MAX);
        JSON.parse(written);
      }),
      { numRuns: 30 },
    );
  });
});
