import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestHead } from '../exchange/request-head.ts';
import { readHttp2Head } from './request-head.ts';

const PSEUDO = [':method', 'GET', ':scheme', 'https', ':path', '/a?b=1', ':authority', 'a.example'];

function read(fields: readonly string[], ended = true): RequestHead | string {
  const result = readHttp2Head({ fields, tooLong: false, ended });
  return result.ok ? result.head : `${result.code}: ${result.reason}`;
}

function headers(...fields: string[]): RequestHead | string {
  return read([...PSEUDO, ...fields]);
}

describe('the head of a request over HTTP/2', () => {
  it('is the same as one over HTTP/1.1 once it was read', () => {
    expect(headers('accept', '*/*')).toMatchObject({
      method: 'GET',
      scheme: 'https',
      path: { path: '/a', query: 'b=1' },
      host: { host: { host: 'a.example' }, port: null },
      headers: ['accept', '*/*'],
      hasBody: false,
      websocket: false,
    });
  });

  it('has its cookies in one header (RFC 9113 section 8.2.3)', () => {
    const head = headers('cookie', 'a=1', 'x-a', 'b', 'cookie', 'c=2');
    expect(head).toMatchObject({ headers: ['x-a', 'b', 'cookie', 'a=1; c=2'] });
  });

  it('has a Host only where it is the :authority', () => {
    expect(headers('host', 'A.example')).toMatchObject({ headers: [] });
    expect(headers('host', 'b.example')).toContain('target-mismatch');
    expect(headers('host', 'a.example:8443')).toContain('target-mismatch');
  });

  it('loses what belongs to a hop, and nothing else', () => {
    const hop = ['te', 'trailers', 'trailer', 'x', 'proxy-authorization', 'y', 'expect'];
    expect(headers(...hop, '100-continue', 'x-a', 'b')).toMatchObject({ headers: ['x-a', 'b'] });
  });

  it('has a body unless it ends with its head, or says that there is none', () => {
    expect(read(PSEUDO, false)).toMatchObject({ hasBody: true });
    expect(read([...PSEUDO, 'content-length', '0'], false)).toMatchObject({ hasBody: false });
    expect(read([...PSEUDO, 'content-length', '3'], false)).toMatchObject({ hasBody: true });
    expect(read([...PSEUDO, 'content-length', '3'], true)).toContain('shorter');
  });

  it('asks for a WebSocket by an extended CONNECT (RFC 8441 section 4)', () => {
    const rest = PSEUDO.slice(2);
    const asked = [':method', 'CONNECT', ':protocol', 'websocket', ...rest];
    expect(read(asked, false)).toMatchObject({ method: 'GET', websocket: true, hasBody: false });
    expect(read(asked, true)).toContain('request-malformed');
    expect(read([...asked, 'content-length', '0'], false)).toContain('request-malformed');
    expect(read([':method', 'CONNECT', ...rest], false)).toContain('request-malformed');
    expect(read([':protocol', 'websocket', ...PSEUDO], false)).toContain('request-malformed');
  });

  it('takes 512 headers and no more', () => {
    const many = Array.from({ length: 512 }, (_, n) => [`x-${n}`, 'a']).flat();
    expect(headers(...many)).toMatchObject({ method: 'GET' });
    expect(headers(...many, 'x-more', 'a')).toContain('request-malformed');
    expect(readHttp2Head({ fields: [], tooLong: true, ended: true })).toMatchObject({ ok: false });
  });

  it('has no method that shows what it carried', () => {
    expect(read([':method', 'TRACE', ...PSEUDO.slice(2)])).toContain('method-not-granted');
  });

  it.each([
    ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'],
    ...['X-Upper', 'x a', 'x:', '', 'x\r\ny', 'x\0', ':status', ':method', 'x\xe9'],
  ])('has no header %j', (name) => {
    expect(headers(name, 'close')).toContain('request-malformed');
  });

  it('has one reading: no value is taken that could end its line', () => {
    const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit: octet, maxLength: 12 }), (value) => {
        const plain = /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && !/^[\t ]|[\t ]$/.test(value);
        const head = headers('x-a', value);
        expect(typeof head === 'object').toBe(plain);
        if (typeof head === 'object') expect(head.headers).toEqual(['x-a', value]);
      }),
    );
  });
});
