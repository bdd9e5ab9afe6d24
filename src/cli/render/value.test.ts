import { describe, expect, it } from 'vitest';
import { valueJson, valueText } from './value.ts';

const HOSTILE = '\x1b[2J\x9b31m\u202e\x7f\r';

const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

/** With the colours of our own taken away. */
function bare(text: string): string {
  return text.replace(/\x1b\[\d{1,2}m/g, '');
}

function hostileError(): Error {
  return Object.assign(new Error(HOSTILE), { name: `N${HOSTILE}`, code: HOSTILE });
}

describe('data of the code for a person', () => {
  it.each<readonly [string, unknown]>([
    ['a text in a list', [HOSTILE]],
    ['a key', { [HOSTILE]: 1 }],
    ['an error', hostileError()],
    ['an error within', { list: [hostileError()] }],
    ['an object by reference', Object.assign(Object.create(null), { [HOSTILE]: () => 1 })],
  ])('has nothing that a terminal obeys: %s', (_, value) => {
    expect(JSON.stringify(value ?? null) !== undefined).toBe(true);
    expect(valueText(value, false)).not.toMatch(OBEYED);
    expect(bare(valueText(value, true))).not.toMatch(OBEYED);
  });

  it('is an error by its words, and not by a stack of this program', () => {
    const error = Object.assign(new TypeError('no'), { code: 'grant-revoked' });
    expect(valueText({ error }, false)).toBe('{ error: TypeError [grant-revoked]: no }');
    expect(valueText(new Error('no'), false)).toBe('Error: no');
  });

  it('is in colours where they are wanted, and on lines', () => {
    const value = { list: Array.from({ length: 40 }, (_, n) => `item ${n}`) };
    expect(valueText(value, true)).toContain('\x1b[32m');
    expect(valueText(value, false)).toContain('\n');
  });
});

describe('data of the code as JSON', () => {
  it('means the same, and has nothing that a terminal obeys', () => {
    const value = { [HOSTILE]: [HOSTILE, '\\x41', '\\\\x'], big: 7n };
    const json = valueJson(value);
    expect(json).not.toMatch(OBEYED);
    expect(JSON.parse(json)).toEqual({ ...value, big: '7' });
  });

  it('has the words of errors', () => {
    expect(valueJson([new RangeError('no')])).toBe('[{"name":"RangeError","message":"no"}]');
  });
});
