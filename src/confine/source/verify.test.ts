import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyText } from './verify.ts';

/** Text as if what prepares it had been deceived. */
const body = (inner: string): string => `(function*($p){${inner}\nx.import})`;

describe('prepared text', () => {
  it.each(['', 'yield; $p.v(eval)("1")', 'x.import (1)', 'new.target', 'a = b / c / d'])(
    '%j may be evaluated',
    (inner) => {
      expect(verifyText(body(inner))).toBeNull();
    },
  );

  it.each([
    ['import("fs")', 'an import could stand here'],
    ['import\u2028("fs")', 'an import could stand here'],
    ['...import("fs")', 'an import could stand here'],
    ['"import("', 'an import could stand here'],
    ['eval("1")', 'a direct eval could stand here'],
    ['(eval)("1")', 'CallExpression is not allowed here'],
    ['\\u0065val("1")', 'CallExpression is not allowed here'],
    ['a <!-- b', 'an HTML comment could stand here'],
    ['x --> y', 'an HTML comment could stand here'],
    ['import.meta', 'MetaProperty is not allowed here'],
    ['with (a) b', "'with' in strict mode (1:15)"],
    ['}); (function*($p){', 'it ends before its end'],
    ['})(), (function*($p){', 'it ends before its end'],
    ['} /*', 'Unterminated comment (1:17)'],
    ['(', 'Unexpected token (2:8)'],
    [`${'!'.repeat(50_000)}1`, null],
  ])('%j may not', (inner, why) => {
    const fault = verifyText(body(inner));
    expect(fault).not.toBeNull();
    if (why !== null) expect(fault?.why).toBe(why);
  });

  it('never has an import, however it is mixed', () => {
    const word = fc.constantFrom(
      ...['import', '(', ')', "'fs'", '/*', '*/', '//', '\n', '`', '${', '}', '.', '...', ' '],
      ...['\u2028', '\\u0069mport', '<!--', '-->', '/', '"', "'", 'a', '=>', '[', ']', ',', ';'],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => {
        const inner = words.join('');
        if (verifyText(body(inner)) !== null) return;
        // What passes has no such call, and the engine reads it as one expression too.
        expect(inner).not.toMatch(/(^|[^.]|\.\.\.)\bimport\s*(\(|\/[*/])/);
        new Function(`'use strict'; return ${body(inner)}`);
      }),
      { numRuns: 2000 },
    );
  });
});
