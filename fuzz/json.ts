import { parseStrictJson } from '../src/policy/strict-json.ts';
import { judgeBody } from '../src/powers/http/body-rules.ts';
import { exactNumber, InexactNumber } from '../src/powers/http/exact-number.ts';
import { readJsonBody } from '../src/powers/http/json-body.ts';
import { BODY_DEPTH_MAX } from '../src/powers/http/limits.ts';
import { type FuzzTarget, holds } from './target.ts';

const HEADERS = [['content-type', 'application/json']] as const;
const CALL = {
  scheme: 'https',
  host: 'api.example.com',
  port: 443,
  method: 'POST',
  path: '/',
  query: '',
  headers: HEADERS,
} as const;

/**
 * A body. What is taken for JSON is JSON to the platform's own reader too, with the same value, and
 * rules find in it what is there.
 */
export const jsonTarget: FuzzTarget = {
  name: 'json',
  seeds: [
    '{"amount":100,"currency":"EUR","items":[{"id":1},{"id":2.50}],"x":null}',
    '{"a\\u0062":"\\ud83d\\ude00","c":-0,"d":1e3,"e":[true,false,[]],"f":{}}',
    '{"a":1,"A":2,"a[]":3,"__proto":4}',
    '  [1, 9007199254740993, 0.1, 1e-7, 123456789012345680000]  ',
    '{"a":1,"a":2}',
    '"\\ud83d"',
  ],
  words: [
    ...[
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '\\',
      '\\u0061',
      '\\ud83d',
      'true',
      'null',
      '1e400',
      '-0',
    ],
    ...[
      '9007199254740993',
      '0.1',
      '"amount"',
      '"Amount"',
      '"__proto__"',
      '\ufeff',
      '\u2028',
      'ſ',
      'K',
    ],
  ],
  check(input) {
    const read = readJsonBody({ ...CALL, body: { bytes: input } });
    if (!read.ok) return read.objection.reason.replace(/\(line.*|".*"/g, '');
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
    const plain: unknown = JSON.parse(text);
    const strict = parseStrictJson(text, { depthMax: BODY_DEPTH_MAX });
    holds(strict.ok && same(strict.value, plain), 'it is the value that others read');
    holds(same(read.value, plain), 'numbers that are kept are those that others read');
    return `ok ${shapeOf(read.value)} ${rulesOn(read.value, plain)}`;
  },
};

/** Equal, but for numbers that are not kept. */
function same(value: unknown, plain: unknown): boolean {
  if (value instanceof InexactNumber) return typeof plain === 'number';
  if (typeof value !== 'object' || value === null)
    return Object.is(value, plain) || value === plain;
  if (typeof plain !== 'object' || plain === null) return false;
  const keys = Object.keys(value);
  return (
    Array.isArray(value) === Array.isArray(plain) &&
    keys.length === Object.keys(plain).length &&
    keys.every((key) =>
      same((value as Record<string, unknown>)[key], (plain as Record<string, unknown>)[key]),
    )
  );
}

function rulesOn(value: unknown, plain: unknown): string {
  const amount = { at: '/amount', type: 'number', max: 100 } as const;
  const allowed = judgeBody({ fields: [amount], only: true }, value) === null;
  if (allowed) {
    const keys = Object.keys(plain as object);
    const seen = (plain as Record<string, unknown>).amount;
    holds(
      keys.length === 1 && typeof seen === 'number' && seen <= 100,
      'only a small amount passes',
    );
    holds(exactNumber(JSON.stringify(seen)) === seen, 'and one that all read alike');
  }
  const absent = judgeBody({ fields: [{ at: '/amount', absent: true }] }, value) === null;
  if (absent && typeof plain === 'object' && plain !== null) {
    holds(
      !Object.keys(plain).some((key) => key.toLowerCase() === 'amount'),
      'nothing like it passes',
    );
  }
  return `${allowed} ${absent}`;
}

function shapeOf(value: unknown, depth = 0): string {
  if (Array.isArray(value))
    return depth > 2 ? '[' : `[${value.slice(0, 2).map((item) => shapeOf(item, depth + 1))}]`;
  if (value instanceof InexactNumber) return 'N';
  if (typeof value !== 'object' || value === null) return typeof value;
  return depth > 2
    ? '{'
    : `{${Object.values(value)
        .slice(0, 2)
        .map((item) => shapeOf(item, depth + 1))}}`;
}
