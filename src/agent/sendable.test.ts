import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INPUT_DEPTH_MAX } from './limits.ts';
import { isSendable } from './sendable.ts';

function nested(depth: number): unknown {
  return depth === 0 ? 'x' : [nested(depth - 1)];
}

describe('what a model wrote', () => {
  it('can be sent again when it is plain data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\\ud[89a-f]|"__proto__"/i.test(text));
        expect(isSendable(value)).toBe(true);
      }),
    );
    expect(isSendable(nested(INPUT_DEPTH_MAX))).toBe(true);
  });

  it.each([
    ['is nested too deeply', nested(INPUT_DEPTH_MAX + 1)],
    ['is nested as deeply as JSON can be read', JSON.parse('['.repeat(4_000) + ']'.repeat(4_000))],
    ['has half a character', { a: ['\ud800'] }],
    ['has half a character in a key', { a: { 'x\udc00': 1 } }],
    ['has a key that no object can have', JSON.parse('{"a":{"__proto__":1}}')],
  ])('cannot when it %s', (_, value) => {
    expect(isSendable(value)).toBe(false);
  });
});
