import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeLineReader } from './lines.ts';

function read(pieces: readonly string[], charsMax = 1000): { lines: string[]; long: number } {
  const lines: string[] = [];
  let long = 0;
  const reader = makeLineReader(
    charsMax,
    (line) => lines.push(line),
    () => (long += 1),
  );
  for (const piece of pieces) reader.write(piece);
  return { lines, long };
}

describe('makeLineReader()', () => {
  it('gives the same lines however the text is cut', () => {
    const line = fc.string({ maxLength: 20 }).map((text) => text.replaceAll('\n', ' '));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(30)), (lines, cuts) => {
        let rest = lines.map((text) => `${text}\n`).join('');
        const pieces: string[] = [];
        for (const cut of cuts) {
          pieces.push(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        expect(read([...pieces, rest])).toEqual({ lines, long: 0 });
      }),
    );
  });

  it('stops for good at a line that is too long, whole or in pieces', () => {
    expect(read(['12345\n', '123456\n', 'after\n'], 5)).toEqual({ lines: ['12345'], long: 1 });
    expect(read(['123', '456', '7\nafter\n'], 5)).toEqual({ lines: [], long: 1 });
  });
});
