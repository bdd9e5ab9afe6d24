import { describe, expect, test } from 'vitest';
import { PowerboxError } from '../../wire/errors.ts';
import type { HttpConfig } from './config.ts';
import {
  ALTERNATIVES_MAX,
  ALTERNATIVES_TOTAL_MAX,
  LIST_ITEMS_MAX,
  NARROWING_CHARS_MAX,
  ONLY_CHARS_MAX,
  POINTER_LEVELS_MAX,
  VALUE_CHARS_MAX,
} from './limits.ts';
import { narrowingSchema } from './narrowing-schema.ts';
import { readOnly } from './read-only.ts';
import { writeOnly } from './write-only.ts';

const CONFIG: HttpConfig = {
  scheme: 'https',
  host: { type: 'exact', name: 'api.example.com' },
  port: 443,
};

describe('readOnly()', () => {
  test.each<[string, unknown]>([
    ['GET', { methods: ['GET'], path: null }],
    ['PUT,GET /x', { methods: ['GET', 'PUT'], path: '/x' }],
    ['/repos/{owner=acme}/**', { methods: null, path: '/repos/{owner=acme}/**' }],
    ['GET https://api.example.com/v1/*', { methods: ['GET'], path: '/v1/*' }],
    ['api.example.com', { methods: null, path: null }],
    [
      '/repos/{owner}/{repo}/** owner=acme repo=x|y',
      {
        methods: null,
        path: '/repos/{owner}/{repo}/**',
        variables: { owner: ['acme'], repo: ['x', 'y'] },
      },
    ],
    [
      'GET /s query page=* +q=a|"b c" -admin ...',
      {
        methods: ['GET'],
        path: '/s',
        query: {
          keys: { page: null, q: ['a', 'b c'] },
          required: ['q'],
          forbidden: ['admin'],
          others: true,
        },
      },
    ],
    [
      'header +X-Tenant=acme -x-admin accept only',
      {
        methods: null,
        path: null,
        headers: {
          values: { 'x-tenant': ['acme'] },
          required: ['x-tenant'],
          forbidden: ['x-admin'],
          allowed: ['accept'],
        },
      },
    ],
    [
      'POST /v1/x body /amount:number>=0.5<=100 /currency=EUR|USD ?/note#<=10 -/admin /n=5|"5"|true|null only',
      {
        methods: ['POST'],
        path: '/v1/x',
        body: {
          fields: [
            { at: '/amount', type: 'number', min: 0.5, max: 100 },
            { at: '/currency', enum: ['EUR', 'USD'] },
            { at: '/note', optional: true, lengthMax: 10 },
            { at: '/admin', absent: true },
            { at: '/n', enum: [5, '5', true, null] },
          ],
          only: true,
        },
      },
    ],
    [
      'graphql query=viewer,repository mutation=* depth<=5 aliases<=0 request<=64K response<=1M',
      {
        methods: null,
        path: null,
        graphql: {
          query: ['viewer', 'repository'],
          mutation: null,
          depthMax: 5,
          aliasesMax: 0,
        },
        requestBytesMax: 65_536,
        responseBytesMax: 1_048_576,
      },
    ],
    ['{"path":"/x"}', { methods: null, path: '/x' }],
    [
      '{"any":[{"methods":["GET"]},{"path":"/y","body":{"fields":[{"at":"","value":1}]}}]}',
      {
        methods: null,
        path: null,
        any: [
          { methods: ['GET'], path: null },
          { methods: null, path: '/y', body: { fields: [{ at: '', value: 1 }] } },
        ],
      },
    ],
  ])('%s', (text, expected) => {
    expect(readOnly([text], CONFIG)).toEqual(expected);
    expect(readOnly(writeOnly(readOnly([text], CONFIG)), CONFIG)).toEqual(expected);
  });

  test('what any of several texts allows is allowed', () => {
    const read = readOnly(['GET /a', 'POST /b body /c'], CONFIG);
    expect(read).toMatchObject({
      methods: null,
      path: null,
      any: [{ path: '/a' }, { path: '/b' }],
    });
    expect(writeOnly(read)).toEqual(['GET /a', 'POST /b body /c']);
  });

  test.each<[string, RegExp]>([
    ['get /x', /"\/x" is not expected \(column 5\)|list of methods|malformed|column/],
    ['TRACE /x', /methods/],
    ['GET /a/../b', /dot segment/],
    ['GET /a//b', /empty segment/],
    ['GET /a?b=c', /query/],
    ['/repos/{owner', /variable/],
    ['/repos/{o}{p}', /at most one variable/],
    ['/repos/{o}/{o}', /twice/],
    ['/repos/{o=}', /empty/],
    ['/repos/{o=a|}', /empty/],
    ['/repos/x owner=acme', /no variable owner/],
    ['owner=acme', /variables, and no path/],
    ['/{a} a=b/c', /does not pin/],
    ['/{a} a=..', /does not pin/],
    ['/{__proto__} __proto__=x', /does not pin/],
    ['https://evil.example/x', /the power is for https:\/\/api\.example\.com/],
    ['http://api.example.com/x', /the power is for/],
    ['/x nonsense', /"nonsense" is not expected \(column 4\)/],
    ['query', /nothing follows query/],
    ['query a=1 a=2', /twice \(column 11\)/],
    ['query a=1 query b=2', /twice/],
    ['query ?a=1', /not expected/],
    ['query -a=1', /no value/],
    ['query a>1', /list of values/],
    ['query a=|b', /list of values/],
    ['query a="b', /cannot be read \(column 7\)/],
    ['query __proto__=1', /not expected/],
    ['header x', /no value, nor "only"/],
    ['header "a b"=1', /Invalid key/],
    ['body amount=5', /JSON Pointer/],
    ['body /a~2b', /JSON Pointer/],
    ['body /a>5', /no test/],
    ['body /a>=x', /no test/],
    ['body /a<=1>=0', /no test/],
    ['body /a:date', /type/],
    ['body -/a=1', /no value/],
    ['body /a#<=-1', /no test/],
    ['graphql viewer', /not expected/],
    ['graphql query=a-b', /GraphQL field/],
    ['graphql depth=5', /not expected/],
    ['graphql depth<=x', /no number/],
    ['request<=', /no size/],
    ['request<=1T', /no size/],
    ['response<=5 response<=6', /twice/],
    ['{"path":"/x"', /column/],
    ['{"path":"/x","path":"/y"}', /twice/],
    ['{"paths":"/x"}', /paths/],
    ['{"path":5}', /path/],
    ['{"methods":[]}', /methods/],
    ['{"body":{"fields":[{"at":"/a","min":"5"}]}}', /body\.fields\.0\.min/],
    ['{"requestBytesMax":-1}', /requestBytesMax/],
    ['{"__proto__":{"path":"/x"}}', /__proto__/],
    ['{"any":[]}', /any/],
    ['{"any":[{"any":[{"any":[{"any":[{"path":"/x"}]}]}]}]}', /nested too deep/],
    ['GET\t/x', /cannot be read/],
    ['GET /x\n', /cannot be read/],
  ])('refuses %j', (text, reason) => {
    expect(() => readOnly([text], CONFIG)).toThrow(reason);
    try {
      readOnly([text], CONFIG);
    } catch (error) {
      expect((error as PowerboxError).code).toBe('narrowing-invalid');
    }
  });

  test('keeps its limits', () => {
    const alternatives = (count: number): string[] => new Array<string>(count).fill('GET /x');
    expect(readOnly(alternatives(ALTERNATIVES_MAX), CONFIG).any).toHaveLength(ALTERNATIVES_MAX);
    expect(() => readOnly(alternatives(ALTERNATIVES_MAX + 1), CONFIG)).toThrow(/more than 64/);
    expect(() => readOnly([], CONFIG)).toThrow(PowerboxError);
    expect(() => readOnly([`query ${'a'.repeat(ONLY_CHARS_MAX)}=1`], CONFIG)).toThrow(/longer/);
    const keys = Array.from({ length: LIST_ITEMS_MAX + 1 }, (_, i) => `k${i}=*`).join(' ');
    expect(() => readOnly([`query ${keys}`], CONFIG)).toThrow(/more than 256 keys/);
    const value = (length: number): string => `query a=${'x'.repeat(length)}`;
    expect(readOnly([value(VALUE_CHARS_MAX)], CONFIG)).toBeDefined();
    expect(() => readOnly([value(VALUE_CHARS_MAX + 1)], CONFIG)).toThrow(/query\.keys\.a/);
    const long = (items: number): unknown => ({
      methods: null,
      path: null,
      query: { keys: { a: Array.from({ length: items }, (_, i) => `${i}-${'x'.repeat(990)}`) } },
    });
    const valid = narrowingSchema.parse(long(60));
    expect(readOnly(writeOnly(valid), CONFIG)).toEqual(valid);
    expect(narrowingSchema.safeParse(long(70)).success).toBe(false);
    expect(() => readOnly([JSON.stringify(long(70))], CONFIG)).toThrow(String(NARROWING_CHARS_MAX));
    expect(narrowingSchema.safeParse({ query: { keys: { a: ['\ud83d'] } } }).success).toBe(false);
    const pointer = (levels: number): string => `body ${'/a'.repeat(levels)}`;
    expect(readOnly([pointer(POINTER_LEVELS_MAX)], CONFIG)).toBeDefined();
    expect(() => readOnly([pointer(POINTER_LEVELS_MAX + 1)], CONFIG)).toThrow(/JSON Pointer/);
    const many = JSON.stringify({
      any: new Array(5).fill({ any: new Array(60).fill({ path: '/x' }) }),
    });
    expect(() => readOnly([many], CONFIG)).toThrow(String(ALTERNATIVES_TOTAL_MAX));
  });
});
