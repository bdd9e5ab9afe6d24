import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PowerboxError } from '../wire/errors.ts';
import { ORIGIN_CHARS_MAX, SLOT_NAME_CHARS_MAX } from './limits.ts';
import { parseOrigin, type Slot } from './slot.ts';
import { formatSlot, parseSlot } from './slot-text.ts';

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return PowerboxError.is(error) ? error.code : 'not a PowerboxError';
  }
  return 'no error';
}

describe('parseSlot()', () => {
  it('reads each form', () => {
    expect(parseSlot('header:Authorization:bearer')).toEqual({
      in: 'header',
      name: 'authorization',
      form: 'bearer',
    });
    expect(parseSlot('header:authorization:basic-password')).toMatchObject({
      form: 'basic-password',
    });
    expect(parseSlot('header:X-API-Key')).toEqual({
      in: 'header',
      name: 'x-api-key',
      form: 'whole',
    });
    expect(parseSlot('query:Key')).toEqual({ in: 'query', name: 'Key' });
    expect(parseSlot('header:Authorization:Token {}')).toEqual({
      in: 'header',
      name: 'authorization',
      form: 'template',
      template: 'Token {}',
    });
    expect(parseSlot('header:x-key:id=7:{}')).toMatchObject({ template: 'id=7:{}' });
    expect(parseSlot('cookie:SID')).toEqual({ in: 'cookie', name: 'SID' });
    expect(parseSlot('path:{bot_token}')).toEqual({ in: 'path', variable: 'bot_token' });
    expect(parseSlot('form:client_secret')).toEqual({ in: 'form', name: 'client_secret' });
    expect(parseSlot('json:/auth/a:b~1c/0')).toEqual({ in: 'json', pointer: '/auth/a:b~1c/0' });
    expect(parseSlot('websocket:json:/d/token')).toEqual({ in: 'websocket', pointer: '/d/token' });
  });

  it.each([
    '',
    'header',
    'header:',
    'query:',
    'cookie',
    'cookie:',
    'cookie:a=b',
    'cookie:a;b',
    'cookie:a b',
    'header:a b',
    'header:é',
    'header:x\r\ny',
    'header:x:bearer',
    'header:authorization:digest',
    'header:authorization:bearer:x',
    'query:key:bearer',
    'query:a&b',
    'query:a=b',
    'query:%6b',
    ' header:x',
    'HEADER:x',
    'header:x:{}',
    'header:x:Token',
    'header:x:Token {} {}',
    'header:x:{Token {}',
    'header:x:Token {}}',
    'header:x: {}',
    'header:x:{} ',
    'header:x:Token\t{}',
    'header:x:Token\r\n{}',
    'header:x:Tøken {}',
    'header:cookie:sid={}',
    `header:x:${'a'.repeat(SLOT_NAME_CHARS_MAX)}{}`,
    'path:',
    'path:token',
    'path:{}',
    'path:{a b}',
    'path:{a=b}',
    'path:{a}x',
    'path:/bot{a}',
    'path:{0a}',
    'form:',
    'form:a[b]',
    'form:a&b',
    'form:a:b',
    'json:',
    'json:auth',
    'json:/a/*',
    'json:/a/-',
    'json:/__proto__/a',
    'json:/a~2b',
    'json:/é',
    `json:/${'a'.repeat(SLOT_NAME_CHARS_MAX)}`,
    'websocket:/a',
    'websocket:json:',
    'websocket:form:a',
  ])('refuses %j', (text) => {
    expect(codeOf(() => parseSlot(text))).toBe('secret-invalid');
  });

  it.each([
    'host',
    'Content-Length',
    'transfer-encoding',
    'connection',
    'upgrade',
    'te',
    'trailer',
    'proxy-authorization',
    'Proxy-Connection',
    'cookie',
    'keep-alive',
  ])('refuses the header %s', (name) => {
    expect(codeOf(() => parseSlot(`header:${name}`))).toBe('secret-invalid');
  });

  it('keeps names within SLOT_NAME_CHARS_MAX', () => {
    expect(parseSlot(`query:${'k'.repeat(SLOT_NAME_CHARS_MAX)}`).in).toBe('query');
    expect(codeOf(() => parseSlot(`query:${'k'.repeat(SLOT_NAME_CHARS_MAX + 1)}`))).toBe(
      'secret-invalid',
    );
  });

  it('is the inverse of formatSlot() for every slot', () => {
    const name = fc.stringMatching(/^x-[a-z0-9!#$&^_|~.-]{0,40}$/);
    const slot: fc.Arbitrary<Slot> = fc.oneof(
      fc.constantFrom<Slot>(
        { in: 'header', name: 'authorization', form: 'bearer' },
        { in: 'header', name: 'authorization', form: 'basic-password' },
        { in: 'header', name: 'authorization', form: 'whole' },
      ),
      name.map((of): Slot => ({ in: 'header', name: of, form: 'whole' })),
      fc
        .tuple(name, fc.stringMatching(/^[!-z|~]{1,20}\{\}[ -z|~]{0,20}[!-z|~]$/))
        .map(([of, template]): Slot => ({ in: 'header', name: of, form: 'template', template })),
      fc
        .tuple(
          fc.constantFrom('query' as const, 'form' as const, 'cookie' as const),
          fc.stringMatching(/^[A-Za-z0-9._~-]{1,40}$/),
        )
        .map(([place, of]): Slot => ({ in: place, name: of })),
      fc
        .stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/)
        .map((variable): Slot => ({ in: 'path', variable })),
      fc
        .tuple(
          fc.constantFrom('json' as const, 'websocket' as const),
          fc.stringMatching(/^(?:\/(?:[ -)+-.0-}]|~0|~1){2,8}){1,6}$/),
        )
        .map(([place, pointer]): Slot => ({ in: place, pointer })),
    );
    fc.assert(
      fc.property(slot, (each) => {
        expect(parseSlot(formatSlot(each))).toEqual(each);
      }),
    );
  });
});

describe('parseOrigin()', () => {
  it.each([
    ['api.example.com', 'https://api.example.com:443'],
    ['https://API.Example.com', 'https://api.example.com:443'],
    ['HTTPS://api.example.com/', 'https://api.example.com:443'],
    ['api.example.com:8443', 'https://api.example.com:8443'],
    ['localhost:1', 'https://localhost:1'],
    ['192.0.2.7', 'https://192.0.2.7:443'],
    ['https://[2001:DB8:0::1]:65535', 'https://[2001:db8::1]:65535'],
    ['xn--bcher-kva.example', 'https://xn--bcher-kva.example:443'],
  ])('writes %s as %s', (text, origin) => {
    expect(parseOrigin(text)).toBe(origin);
    expect(parseOrigin(origin)).toBe(origin);
  });

  it.each([
    '',
    'http://api.example.com',
    'ftp://api.example.com',
    '//api.example.com',
    'https://',
    'https:///x',
    'https://api.example.com/path',
    'https://api.example.com?x',
    'https://api.example.com#x',
    'https://user:pw@api.example.com',
    'https://api.example.com:0',
    'https://api.example.com:65536',
    'https://api.example.com:0443',
    'https://api.example.com:',
    '*.example.com',
    'api.example.com.',
    '.example.com',
    'a..b',
    '-a.example',
    'bücher.example',
    'api.example.com\\@evil.example',
    'api.exam%70le.com',
    'api.example.com\0.evil.example',
    'api .example.com',
    'api.example.com\n',
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '127.0.0.01',
    '[::1',
    '[::1%25lo]',
    '[fe80::1%lo]',
    '[127.0.0.1]',
    '::1',
    `${'a'.repeat(64)}.example`,
  ])('refuses %j', (text) => {
    expect(codeOf(() => parseOrigin(text))).toBe('secret-invalid');
  });

  it('keeps texts within ORIGIN_CHARS_MAX', () => {
    expect(codeOf(() => parseOrigin(`a${'.a'.repeat(ORIGIN_CHARS_MAX)}`))).toBe('secret-invalid');
  });

  it('does not repeat a password that stands in an origin', () => {
    expect(() => parseOrigin('https://user:hunter22@api.example.com')).toThrow(
      /^Cannot parse the origin: (?!.*hunter22)/,
    );
  });

  it('gives what the URL parser of the platform reads as the same origin', () => {
    fc.assert(
      fc.property(fc.domain(), fc.integer({ min: 1, max: 65535 }), (domain, port) => {
        const { hostname } = new URL(parseOrigin(`${domain}:${port}`));
        expect(hostname).toBe(domain.toLowerCase());
      }),
    );
  });
});
