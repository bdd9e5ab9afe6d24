import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineReader } from './line-wire.ts';

describe('lines', () => {
  it('are the same however the bytes arrive', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\n/g, ' ')));
    fc.assert(
      fc.property(lines, fc.array(fc.nat(8), { minLength: 1 }), (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const reader = lineReader(1_000_000);
        const read: string[] = [];
        for (let from = 0, cut = 0; from < bytes.length; cut += 1) {
          const to = from + 1 + (cuts[cut % cuts.length] as number);
          read.push(...reader.read(bytes.subarray(from, to)));
          from = to;
        }
        expect(read).toEqual(texts.filter((text) => text !== ''));
      }),
    );
  });

  it('are refused when they are too long, before and at their end', () => {
    const tooLong = expect.objectContaining({ code: 'session-limit' });
    expect(lineReader(4).read(Buffer.from('1234\n12'))).toEqual(['1234']);
    expect(() => lineReader(4).read(Buffer.from('12345\n'))).toThrow(tooLong);
    const reader = lineReader(4);
    reader.read(Buffer.from('123'));
    reader.read(Buffer.from('4'));
    expect(() => reader.read(Buffer.from('5'))).toThrow(tooLong);
  });
});
