import { describe, expect, test } from 'vitest';
import type { HttpCall } from './call.ts';
import type { HttpConfig } from './config.ts';
import { httpPower } from './power.ts';

const CONFIG: HttpConfig = {
  scheme: 'https',
  host: { type: 'exact', name: 'api.example.com' },
  port: 443,
  credential: 'API_TOKEN',
};

const callOf = (request: unknown, config = CONFIG): HttpCall =>
  httpPower.callOf(config, { facet: 'root', at: null, method: 'fetch', args: [request] });

describe('readConfig()', () => {
  test.each<[string, string]>([
    ['https://api.example.com', 'https://api.example.com'],
    ['api.example.com:8443 with API_TOKEN', 'https://api.example.com:8443 with API_TOKEN'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['*.example.com', 'https://*.example.com'],
  ])('%s', (text, described) => {
    const config = httpPower.readConfig(text);
    expect(httpPower.describeConfig(config)).toBe(described);
    expect(httpPower.config.parse(config)).toEqual(config);
    expect(httpPower.readConfig(described)).toEqual(config);
  });

  test.each([
    '',
    'GET api.example.com',
    'api.example.com/v1',
    '*',
    '*.com',
    '*.example.com with API_TOKEN',
    'http://api.example.com with API_TOKEN',
    'api.example.com with',
    'api.example.com with A-B',
    'api.example.com with A B',
    'api.example.com for A',
    'ftp://api.example.com',
    'https://user@api.example.com',
  ])('refuses %j', (text) => {
    expect(() => httpPower.readConfig(text)).toThrow(
      expect.objectContaining({ code: 'power-invalid' }),
    );
  });

  test('names its secrets', () => {
    expect(httpPower.secretsOf(CONFIG)).toEqual(['API_TOKEN']);
    expect(httpPower.secretsOf(httpPower.readConfig('api.example.com'))).toEqual([]);
  });
});

describe('callOf()', () => {
  test('makes the canonical form', () => {
    expect(callOf({ url: '/v1/%7Ex?a=%2f' })).toEqual({
      scheme: 'https',
      host: 'api.example.com',
      port: 443,
      method: 'GET',
      path: '/v1/~x',
      query: 'a=%2F',
      headers: [],
      body: null,
      websocket: false,
    });
    const posted = callOf({
      method: 'POST',
      url: 'https://API.example.com:443/x',
      headers: { 'X-Y': 'z' },
      json: { a: 1 },
    });
    expect(posted.headers).toEqual([
      ['x-y', 'z'],
      ['content-type', 'application/json'],
      ['content-length', '7'],
    ]);
    expect(Buffer.from(posted.body?.bytes ?? []).toString()).toBe('{"a":1}');
    expect(callOf({ url: '/', body: new Uint8Array([1]) }).body?.bytes).toEqual(
      new Uint8Array([1]),
    );
    expect(httpPower.concerns(CONFIG, callOf({ url: 'https://evil.example/' }))).toBe(false);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['no URL', {}],
    ['another key', { url: '/', redirect: true }],
    ['a lower-case method', { url: '/', method: 'get' }],
    ['a method with a space', { url: '/', method: 'GET /x HTTP/1.1\r\n' }],
    ['a dot segment', { url: '/a/%2e%2e/b' }],
    ['a fragment', { url: '/a#b' }],
    ['a line break in the URL', { url: '/a\r\nHost: evil' }],
    ['a user', { url: 'https://api.example.com@evil.example/' }],
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['a Host', { url: '/', headers: { host: 'evil.example' } }],
    ['its own framing', { url: '/', headers: { 'Transfer-Encoding': 'chunked' } }],
    ['its own length', { url: '/', headers: { 'Content-Length': '5' } }],
    ['a hop header', { url: '/', headers: { Connection: 'authorization' } }],
    ['an upgrade', { url: '/', headers: { upgrade: 'h2c' } }],
    ['a header twice', { url: '/', headers: { a: '1', A: '2' } }],
    ['a line break in a header', { url: '/', headers: { a: '1\r\nb: 2' } }],
    ['a header that is not ASCII', { url: '/', headers: { a: 'é' } }],
    ['a space in a name', { url: '/', headers: { 'a b': '1' } }],
    ['two bodies', { url: '/', body: 'x', json: 1 }],
    ['a json that is none', { url: '/', json: 5n }],
    ['a number as a body', { url: '/', body: 5 }],
  ])('refuses %s', (_, request) => {
    expect(() => callOf(request)).toThrow(expect.objectContaining({ code: 'call-invalid' }));
  });

  test('a path needs one host', () => {
    const many: HttpConfig = { ...CONFIG, host: { type: 'below', suffix: 'example.com' } };
    expect(() => callOf({ url: '/x' }, many)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
    expect(callOf({ url: 'https://a.example.com/x' }, many).host).toBe('a.example.com');
  });

  test('reading on is judged as its request, and is a read', () => {
    const call = callOf({ url: '/x', method: 'POST', json: 1 });
    const read = httpPower.callOf(CONFIG, {
      facet: 'answer',
      at: { call },
      method: 'read',
      args: [],
    });
    expect(httpPower.effect(call)).toBe('write');
    expect(httpPower.effect(read)).toBe('read');
    expect(httpPower.describe(read)).toBe('the answer of POST https://api.example.com/x');
    const rule = httpPower.readNarrowing(['GET'], CONFIG);
    expect(httpPower.permits(rule, read)).toMatchObject({ code: 'method-not-granted' });
  });
});
