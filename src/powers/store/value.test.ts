import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameValue, writeValue } from './value.ts';

const text = (value: unknown): string => {
  const written = writeValue(value);
  if (!written.ok) throw new Error(written.reason);
  return written.text;
};

const data = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !/__proto__|toString|valueOf/.test(JSON.stringify(value)));

describe('a value', () => {
  it('reads back as it was', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(JSON.parse(text(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(JSON.parse(text('\ud800'))).toBe('\ud800');
  });

  it('is the same in whatever order its properties come', () => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        const turned = JSON.parse(JSON.stringify(a), (_, item: unknown) =>
          typeof item === 'object' && item !== null && !Array.isArray(item)
            ? Object.fromEntries(Object.entries(item).reverse())
            : item,
        );
        expect(isSameValue(text(a), text(turned))).toBe(true);
        if (isSameValue(text(a), text(b))) expect(JSON.parse(text(a))).toEqual(JSON.parse(text(b)));
      }),
    );
    expect(isSameValue('[1,2]', '[2,1]')).toBe(false);
    expect(isSameValue('{"a":1}', '{"a":"1"}')).toBe(false);
    expect(isSameValue('{"1":{"b":1,"a":2}}', '{"1":{"a":2,"b":1}}')).toBe(true);
  });

  it('is counted in bytes of UTF-8', () => {
    expect(writeValue('é')).toEqual({ ok: true, text: '"é"', bytes: 4 });
  });
});
