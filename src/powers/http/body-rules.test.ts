import { describe, expect, test } from 'vitest';
import type { HttpCall, HttpHeader } from './call.ts';
import { httpKind } from './kind.ts';
import { BODY_DEPTH_MAX, JUDGED_BODY_BYTES_MAX, POINTER_VALUES_MAX } from './limits.ts';
import { readOnly } from './read-only.ts';

const ORIGIN = { scheme: 'https', host: { type: 'any' }, port: 443 } as const;
const JSON_TYPE: HttpHeader = ['content-type', 'application/json'];

function sent(body: string | Uint8Array, headers: readonly HttpHeader[] = [JSON_TYPE]): HttpCall {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return {
    scheme: 'https',
    host: 'api.example.com',
    port: 443,
    method: 'POST',
    path: '/v1/pay',
    query: '',
    headers,
    body: { bytes },
  };
}

const code = (rule: string, call: HttpCall): string => {
  const verdict = httpKind.permits(readOnly([rule], ORIGIN), call);
  return verdict.allow ? 'ok' : verdict.code;
};
const codeOf = (rule: string, body: string): string => code(rule, sent(body));

const PAY = 'POST /v1/pay body /amount:number>=1<=100 /currency=EUR|USD ?/note:string#<=10 -/admin';
const GOOD = '{"amount": 100, "currency": "EUR"}';

describe('rules for a body', () => {
  test.each([
    GOOD,
    ' {"currency":"USD","amount":1,"note":"0123456789","other":[1,{"a":null}]} \n',
    '{"amo\\u0075nt":50,"currency":"\\u0045UR"}',
    '{"amount":1.0e1,"currency":"EUR","note":"💶💶💶💶💶💶💶💶💶💶"}',
    '{"amount":9.9999999999999,"currency":"EUR"}',
  ])('allow %s', (body) => {
    expect(codeOf(PAY, body)).toBe('ok');
  });

  test.each([
    ['too much', '{"amount":101,"currency":"EUR"}', 'body-refused'],
    ['too little', '{"amount":0.5,"currency":"EUR"}', 'body-refused'],
    ['a number as text', '{"amount":"5","currency":"EUR"}', 'body-refused'],
    ['another value', '{"amount":5,"currency":"eur"}', 'body-refused'],
    ['a list as a value', '{"amount":5,"currency":["EUR"]}', 'body-refused'],
    ['a missing field', '{"amount":5}', 'body-refused'],
    ['a forbidden field', '{"amount":5,"currency":"EUR","admin":null}', 'body-refused'],
    ['a long text', '{"amount":5,"currency":"EUR","note":"01234567890"}', 'body-refused'],
    ['another type', '{"amount":5,"currency":"EUR","note":5}', 'body-refused'],
    ['a list of bodies', `[${GOOD}]`, 'body-refused'],
    ['a scalar', '5', 'body-refused'],
    ['a key there twice', '{"amount":5,"currency":"EUR","amount":500}', 'body-unreadable'],
    ['twice by an escape', '{"amount":5,"currency":"EUR","amoun\\u0074":500}', 'body-unreadable'],
    ['another case (Go takes it)', '{"amount":5,"currency":"EUR","Amount":500}', 'body-refused'],
    ['a wide letter', '{"amount":5,"currency":"EUR","\\uff41dmin":1}', 'body-refused'],
    ['a key with brackets', '{"amount":5,"currency":"EUR","amount[]":500}', 'body-refused'],
    ['a key in another style', '{"amount":5,"currency":"EUR","_admin":true}', 'body-refused'],
    ['a huge number', '{"amount":1e400,"currency":"EUR"}', 'body-refused'],
    ['digits beyond a double', '{"amount":100.00000000000000001,"currency":"EUR"}', 'body-refused'],
    ['a tiny number', '{"amount":1e-400,"currency":"EUR"}', 'body-refused'],
    ['not a number', '{"amount":NaN,"currency":"EUR"}', 'body-unreadable'],
    ['a leading zero', '{"amount":010,"currency":"EUR"}', 'body-unreadable'],
    ['a hexadecimal number', '{"amount":0x10,"currency":"EUR"}', 'body-unreadable'],
    ['a prototype', `{"__proto__":{"admin":1},${GOOD.slice(1)}`, 'body-unreadable'],
    ['a prototype by an escape', `{"__pr\\u006fto__":1,${GOOD.slice(1)}`, 'body-unreadable'],
    ['a second value', `${GOOD}{"amount":500,"currency":"EUR"}`, 'body-unreadable'],
    ['a NUL behind it', `${GOOD}\0`, 'body-unreadable'],
    ['a comment', `/* */${GOOD}`, 'body-unreadable'],
    ['a trailing comma', '{"amount":5,"currency":"EUR",}', 'body-unreadable'],
    ['single quotes', "{'amount':5,'currency':'EUR'}", 'body-unreadable'],
    ['a byte order mark', `\ufeff${GOOD}`, 'body-unreadable'],
    ['half a surrogate pair', '{"amount":5,"currency":"EUR","x":"\\ud83d"}', 'body-unreadable'],
    ['nothing', '', 'body-unreadable'],
    ['only spaces', '  ', 'body-unreadable'],
    ['no end', '{"amount":5,"currency":"EUR"', 'body-unreadable'],
    ['a raw line break in a text', '{"amount":5,"currency":"EUR","note":"\n"}', 'body-unreadable'],
    ['deep nesting', `{"amount":5,"currency":"EUR","x":${'['.repeat(100_000)}`, 'body-unreadable'],
  ])('refuse %s', (_, body, expected) => {
    expect(codeOf(PAY, body)).toBe(expected);
    expect(codeOf(PAY, GOOD)).toBe('ok');
  });

  test.each<[string, Uint8Array]>([
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['an overlong form', new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ['an encoded surrogate', new Uint8Array([0x22, 0xed, 0xa0, 0xbd, 0x22])],
    ['UTF-16', new Uint8Array(Buffer.from('\ufeff"x"', 'utf16le'))],
    ['gzip', new Uint8Array([0x1f, 0x8b, 8, 0])],
  ])('refuse %s', (_, bytes) => {
    expect(code('body "":string', sent(bytes))).toBe('body-unreadable');
    expect(code('body "":string', sent('"x"'))).toBe('ok');
  });

  test.each<[string, readonly HttpHeader[]]>([
    ['no type', []],
    ['a form', [['content-type', 'application/x-www-form-urlencoded']]],
    ['text', [['content-type', 'text/plain']]],
    ['another charset', [['content-type', 'application/json; charset=utf-7']]],
    ['a second parameter', [['content-type', 'application/json; charset=utf-8; x=y']]],
    ['a list of types', [['content-type', 'application/json, text/plain']]],
    ['two types', [JSON_TYPE, ['content-type', 'text/plain']]],
    ['a type that a server may merge', [JSON_TYPE, ['content_type', 'text/plain']]],
    ['a coding', [JSON_TYPE, ['content-encoding', 'gzip']]],
    ['a coding that a server may merge', [JSON_TYPE, ['content_encoding', 'gzip']]],
  ])('refuse a body with %s', (_, headers) => {
    expect(code(PAY, sent(GOOD, headers))).toBe('body-unreadable');
  });

  test.each(['application/json; charset=UTF-8', 'application/vnd.api+json', 'Application/JSON'])(
    'take %s for JSON',
    (type) => {
      expect(code(PAY, sent(GOOD, [['content-type', type]]))).toBe('ok');
    },
  );

  test('refuse what was not read, what is not there, and a WebSocket', () => {
    const { body: _, ...unread } = sent(GOOD);
    expect(code(PAY, unread)).toBe('body-refused');
    expect(code(PAY, { ...unread, body: null })).toBe('body-refused');
    const { headers: __, ...bare } = sent(GOOD);
    expect(code(PAY, bare)).toBe('body-refused');
    expect(code(PAY, { ...sent(GOOD), websocket: true })).toBe('body-refused');
  });

  test('refuse a query that names a field again', () => {
    for (const query of [
      'amount=500',
      'Amount=500',
      'amount[]=5',
      'x=1&%61mount=5',
      'x;amount=5',
    ]) {
      expect(code(PAY, { ...sent(GOOD), query })).toBe('body-refused');
    }
    expect(code(PAY, { ...sent(GOOD), query: 'trace=1' })).toBe('ok');
    expect(code(`${PAY} only`, { ...sent(GOOD), query: 'trace=1' })).toBe('body-refused');
  });

  test('reach into lists and objects', () => {
    expect(codeOf('body /items/0/id=1', '{"items":[{"id":1},{"id":2}]}')).toBe('ok');
    expect(codeOf('body /items/1/id=1', '{"items":[{"id":1},{"id":2}]}')).toBe('body-refused');
    expect(codeOf('body /items/2', '{"items":[1,2]}')).toBe('body-refused');
    expect(codeOf('body /items/01', '{"items":[1,2]}')).toBe('body-refused');
    expect(codeOf('body /items/-', '{"items":[1,2]}')).toBe('body-refused');
    expect(codeOf('body /items/length', '{"items":[1,2]}')).toBe('body-refused');
    expect(codeOf('body ?/items/x', '{"items":[1,2]}')).toBe('body-refused');
    expect(codeOf('body ?/items/5', '{"items":[1,2]}')).toBe('ok');
    expect(codeOf('body /items/*/id<=2', '{"items":[{"id":1},{"id":2}]}')).toBe('ok');
    expect(codeOf('body /items/*/id<=2', '{"items":[{"id":1},{"id":3}]}')).toBe('body-refused');
    expect(codeOf('body /items/*/id<=2', '{"items":[{"id":1},{}]}')).toBe('body-refused');
    expect(codeOf('body /items/*/id<=2', '{"items":{"a":{"id":3}}}')).toBe('body-refused');
    expect(codeOf('body -/items/*/id', '{"items":[{"x":1}]}')).toBe('ok');
    expect(codeOf('body /constructor', '{}')).toBe('body-refused');
    expect(codeOf('body /a~1b=1 /m~0n=2', '{"a/b":1,"m~n":2}')).toBe('ok');
    expect(codeOf('body ""#<=2', '[1,2]')).toBe('ok');
    expect(codeOf('body ""#<=2', '[1,2,3]')).toBe('body-refused');
  });

  test('allow no other fields with only', () => {
    const rule = 'body /a/b=1 ?/c only';
    expect(codeOf(rule, '{"a":{"b":1}}')).toBe('ok');
    expect(codeOf(rule, '{"a":{"b":1},"c":{"deep":[1]}}')).toBe('ok');
    for (const body of ['{"a":{"b":1},"d":1}', '{"a":{"b":1,"x":1}}', '{"a":{"b":1},"":1}']) {
      expect(codeOf(rule, body)).toBe('body-refused');
    }
    expect(codeOf('body ?/a/b only', '{"a":5}')).toBe('body-refused');
    expect(codeOf('body /items/*/id only', '{"items":[{"id":1},{"id":2}]}')).toBe('ok');
    expect(codeOf('body /items/*/id only', '{"items":[{"id":1,"x":1}]}')).toBe('body-refused');
  });

  test('look at so many values, and no more', () => {
    const ones = (count: number): string => JSON.stringify(new Array(count).fill(1));
    // The list itself is one of them.
    expect(codeOf('body /*<=5', ones(POINTER_VALUES_MAX - 1))).toBe('ok');
    expect(codeOf('body /*<=5', ones(POINTER_VALUES_MAX))).toBe('body-refused');
    const padded = (length: number): string => '1'.padStart(length);
    expect(codeOf('body "":number', padded(JUDGED_BODY_BYTES_MAX))).toBe('ok');
    expect(codeOf('body "":number', padded(JUDGED_BODY_BYTES_MAX + 1))).toBe('body-unreadable');
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(codeOf('body "":array', nested(BODY_DEPTH_MAX))).toBe('ok');
    expect(codeOf('body "":array', nested(BODY_DEPTH_MAX + 2))).toBe('body-unreadable');
  });

  test('keys that fold to the same letters are one key', () => {
    for (const key of [
      'secret',
      'Secret',
      'ſecret',
      'ｓecret',
      'se_cret',
      'SECRET[x]',
      ' secret',
    ]) {
      expect(codeOf('body -/secret', JSON.stringify({ [key]: 1 }))).toBe('body-refused');
    }
    expect(codeOf('body -/secret', '{"secrets":1}')).toBe('ok');
  });

  test('a big number that no rule is about is nobody’s concern', () => {
    expect(codeOf('body /a=1', '{"a":1,"id":9007199254740993}')).toBe('ok');
    expect(codeOf('body /id=9007199254740992', '{"id":9007199254740993}')).toBe('body-refused');
    expect(codeOf('body /id:integer', '{"id":9007199254740993}')).toBe('body-refused');
    expect(codeOf('body /id:number', '{"id":9007199254740993}')).toBe('ok');
  });

  test('stay quick on hostile bodies', () => {
    const bodies = [
      `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
      `[${'1,'.repeat(500_000)}1]`,
      `"${'\\n'.repeat(500_000)}"`,
      `{"a":"${'x'.repeat(1_000_000)}"}`,
      `${'1'.repeat(1_000_000)}`,
    ];
    const started = performance.now();
    for (const body of bodies) codeOf(`${PAY} /x/*/y /z only`, body);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('a refusal shows no value of the body', () => {
    const verdict = httpKind.permits(
      readOnly([PAY], ORIGIN),
      sent('{"amount":5,"currency":"hunter2"}'),
    );
    expect(verdict).toMatchObject({
      reason:
        'POST https://api.example.com/v1/pay is not allowed: "/currency" of the body must be one of "EUR" and "USD".',
    });
  });
});
