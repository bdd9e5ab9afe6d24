import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { CREDENTIAL_HEADERS, CREDENTIAL_QUERY_KEYS } from './credential-names.ts';
import { fillSlots } from './fill-slots.ts';
import { responseHeadersToDrop } from './response-headers.ts';
import type { SlotRequest } from './slot-request.ts';

const ORIGIN = 'https://api.example.com:443';
const VALUE = 'ghp_realrealreal+/=&"value';
const PLACEHOLDER = 'ghp_fakefakefake+/=&"place';
const BEARER: Slot = { in: 'header', name: 'authorization', form: 'bearer' };
const BASIC: Slot = { in: 'header', name: 'authorization', form: 'basic-password' };
const WHOLE: Slot = { in: 'header', name: 'x-api-key', form: 'whole' };
const QUERY: Slot = { in: 'query', name: 'key' };

function bound(slots: readonly Slot[], options: Partial<BoundSecret> = {}): BoundSecret {
  const bindings = [{ origin: ORIGIN, slots }];
  return { name: 'GITHUB_TOKEN', value: VALUE, placeholder: PLACEHOLDER, bindings, ...options };
}

function request(headers: readonly string[], options: Partial<SlotRequest> = {}): SlotRequest {
  return { method: 'GET', origin: ORIGIN, path: '/', query: '', headers, ...options };
}

function filled(asked: SlotRequest, secrets: readonly BoundSecret[]) {
  const result = fillSlots(asked, secrets);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  return result;
}

function reasonOf(asked: SlotRequest, secrets: readonly BoundSecret[]): string {
  const result = fillSlots(asked, secrets);
  expect(result.ok).toBe(false);
  if (result.ok) return '';
  expect(result.code).toBe('credential-foreign');
  expect(result.reason).not.toContain(VALUE);
  expect(result.reason).not.toContain(PLACEHOLDER);
  return result.reason;
}

const basic = (text: string): string => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`;

describe('fillSlots() fills', () => {
  it('a bearer slot, with the scheme as it was written', () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'token']) {
      const result = filled(request(['Authorization', `${scheme} ${PLACEHOLDER}`]), [
        bound([BEARER]),
      ]);
      expect(result.headers).toEqual(['Authorization', `${scheme} ${VALUE}`]);
      expect(result.used.map(({ name }) => name)).toEqual(['GITHUB_TOKEN']);
      expect(result.pinned).toBe(true);
      expect(result.notes).toEqual([]);
    }
  });

  it('the password of a basic credential', () => {
    const result = filled(request(['authorization', basic(`me:${PLACEHOLDER}`)]), [bound([BASIC])]);
    expect(result.headers).toEqual(['authorization', basic(`me:${VALUE}`)]);
    const user = filled(request(['authorization', basic(`:${PLACEHOLDER}`)]), [bound([BASIC])]);
    expect(user.headers).toEqual(['authorization', basic(`:${VALUE}`)]);
  });

  it('a whole header', () => {
    const result = filled(request(['X-Api-Key', PLACEHOLDER, 'a', 'b']), [bound([WHOLE])]);
    expect(result.headers).toEqual(['X-Api-Key', VALUE, 'a', 'b']);
  });

  it('a query key, encoded', () => {
    const query = `a=1&key=${encodeURIComponent(PLACEHOLDER)}&b=%20`;
    const result = filled(request([], { query }), [bound([QUERY])]);
    expect(result.query).toBe(`a=1&key=${encodeURIComponent(VALUE)}&b=%20`);
    expect(result.used).toHaveLength(1);
  });

  it('each of several slots and secrets of one origin', () => {
    const other = bound([QUERY], {
      name: 'OTHER',
      value: 'v'.repeat(26),
      placeholder: 'p'.repeat(26),
    });
    const secrets = [bound([BEARER, BASIC]), other];
    const result = filled(
      request(['authorization', basic(`x:${PLACEHOLDER}`)], { query: `key=${other.placeholder}` }),
      secrets,
    );
    expect(result.used.map(({ name }) => name).sort()).toEqual(['GITHUB_TOKEN', 'OTHER']);
    expect(result.query).toBe(`key=${other.value}`);
  });

  it('nothing in a request with empty slots', () => {
    const result = filled(request(['accept', '*/*'], { query: 'service=git-upload-pack' }), [
      bound([BASIC]),
    ]);
    expect(result).toMatchObject({ headers: ['accept', '*/*'], used: [], pinned: true, notes: [] });
    expect(result.query).toBe('service=git-upload-pack');
  });

  it('nothing in OPTIONS', () => {
    const asked = request(['authorization', `Bearer ${PLACEHOLDER}`], { method: 'OPTIONS' });
    const result = filled(asked, [bound([BEARER])]);
    expect(result.headers).toEqual(asked.headers);
    expect(result.used).toEqual([]);
  });

  it('nothing on another origin, scheme or port, and notes the placeholder', () => {
    const origins = [
      'https://evil.example:443',
      'https://api.example.com:8443',
      'http://api.example.com:80',
    ];
    for (const origin of origins) {
      const result = filled(request(['authorization', `Bearer ${PLACEHOLDER}`], { origin }), [
        bound([BEARER]),
      ]);
      expect(result.headers).toEqual(['authorization', `Bearer ${PLACEHOLDER}`]);
      expect(result).toMatchObject({ pinned: false, used: [] });
      expect(result.notes).toEqual([
        'placeholder-outside-slot GITHUB_TOKEN in header authorization',
      ]);
    }
  });
});

describe('fillSlots() refuses on a pinned origin', () => {
  it('another credential in the slot', () => {
    const foreign = [
      'Bearer attacker',
      'Bearer',
      'Bearer ',
      `Bearer  ${PLACEHOLDER}`,
      `Bearer\t${PLACEHOLDER}`,
      `Bearer ${PLACEHOLDER} `,
      `Bearer ${PLACEHOLDER},Bearer attacker`,
      `Bearer ${PLACEHOLDER.toUpperCase()}`,
      PLACEHOLDER,
      'token attacker',
      `Bot ${PLACEHOLDER}`,
      basic(`me:${PLACEHOLDER}`),
      `Bearer ${VALUE}`,
      '',
    ];
    for (const value of foreign) {
      expect(reasonOf(request(['authorization', value]), [bound([BEARER])])).toContain(
        'the placeholder of GITHUB_TOKEN',
      );
    }
  });

  it('a basic credential that is not strictly one', () => {
    const encoded = Buffer.from(`me:${PLACEHOLDER}`).toString('base64');
    const foreign = [
      `Basic  ${encoded}`,
      `Basic ${encoded} `,
      `Basic ${encoded.replace(/=+$/, '')}${encoded.endsWith('=') ? '' : '===='}`,
      `Basic ${encoded.slice(0, 4)}\n${encoded.slice(4)}`,
      basic(PLACEHOLDER),
      basic(`${PLACEHOLDER}:`),
      basic(`me:x${PLACEHOLDER}`),
      basic(`me:${PLACEHOLDER}:`),
      basic('me:attacker'),
      `Bearer ${PLACEHOLDER}`,
    ];
    for (const value of foreign) reasonOf(request(['authorization', value]), [bound([BASIC])]);
  });

  it('a header or key that is there twice', () => {
    const twice = [
      'authorization',
      `Bearer ${PLACEHOLDER}`,
      'Authorization',
      `Bearer ${PLACEHOLDER}`,
    ];
    expect(reasonOf(request(twice), [bound([BEARER])])).toContain('twice');
    const key = encodeURIComponent(PLACEHOLDER);
    for (const query of [
      `key=${key}&key=${key}`,
      `key=${key}&%6bey=${key}`,
      `key=${key}&KEY=${key}`,
    ]) {
      reasonOf(request([], { query }), [bound([QUERY])]);
    }
  });

  it('every other credential header and query key, whatever it holds', () => {
    for (const name of CREDENTIAL_HEADERS) {
      for (const value of ['attacker', PLACEHOLDER]) {
        reasonOf(request([name.toUpperCase(), value]), [bound([{ ...QUERY, name: 'unlisted' }])]);
      }
    }
    for (const name of CREDENTIAL_QUERY_KEYS) {
      const forms = [
        name,
        name.toUpperCase(),
        `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
      ];
      for (const key of forms) {
        reasonOf(request([], { query: `a=b&${key}=attacker` }), [bound([BEARER])]);
        reasonOf(request([], { query: key }), [bound([BEARER])]);
      }
    }
  });

  it('a name that a server may take for that of a slot', () => {
    const slots: Slot[] = [
      { in: 'header', name: 'x-odd-pin', form: 'whole' },
      { in: 'query', name: 'odd_pin' },
    ];
    const good = request(['X-Odd-Pin', PLACEHOLDER], {
      query: `odd_pin=${encodeURIComponent(PLACEHOLDER)}`,
    });
    expect(filled(good, [bound(slots)]).used).toHaveLength(1);
    for (const name of ['x_odd_pin', 'X-Odd_Pin']) {
      reasonOf(request([name, 'attacker']), [bound(slots)]);
      reasonOf(request(['x-odd-pin', PLACEHOLDER, name, PLACEHOLDER]), [bound(slots)]);
    }
    for (const key of ['odd_pin[]', 'odd-pin', 'Odd_Pin', 'odd.pin', 'a;odd_pin', '%6Fdd_pin']) {
      reasonOf(request([], { query: `${key}=attacker` }), [bound(slots)]);
    }
    const query = `odd_pin=${encodeURIComponent(PLACEHOLDER)}&odd_pin[]=x`;
    reasonOf(request([], { query }), [bound(slots)]);
  });

  it('a header that is called like a credential, though no list has it', () => {
    for (const name of ['x-acme-api-key', 'acme-token', 'x-new-service-secret', 'x-some-auth']) {
      reasonOf(request([name, 'attacker']), [bound([BEARER])]);
    }
    expect(fillSlots(request(['x-csrf-token', 'a']), [bound([BEARER])]).ok).toBe(true);
    expect(fillSlots(request(['idempotency-key', 'a']), [bound([BEARER])]).ok).toBe(true);
  });

  it('a credential among WebSocket sub-protocols, behind a semicolon, or under a key with brackets', () => {
    const protocol = 'realtime, openai-insecure-api-key.sk-attacker';
    reasonOf(request(['Sec-WebSocket-Protocol', protocol]), [bound([BEARER])]);
    reasonOf(request([], { query: 'a=1;key=attacker' }), [bound([BEARER])]);
    reasonOf(request([], { query: 'a=1;%6bey=attacker' }), [bound([BEARER])]);
    reasonOf(request([], { query: 'key[]=attacker' }), [bound([BEARER])]);
  });

  it('the placeholder of another origin', () => {
    const elsewhere = bound([BEARER], {
      name: 'OTHER',
      placeholder: 'o'.repeat(26),
      bindings: [{ origin: 'https://other.example:443', slots: [BEARER] }],
    });
    const secrets = [bound([BEARER]), elsewhere];
    reasonOf(request(['authorization', `Bearer ${elsewhere.placeholder}`]), secrets);
    const note = filled(request(['x-note', elsewhere.placeholder]), secrets).notes;
    expect(note).toEqual(['placeholder-outside-slot OTHER in header x-note']);
  });
});

describe('fillSlots() passes on', () => {
  it('a placeholder outside its slot as it is, with a note', () => {
    const asked = request(
      ['User-Agent', `me ${PLACEHOLDER}`, 'x-basic', basic(`u:${PLACEHOLDER}`)],
      {
        path: `/gists/${encodeURIComponent(PLACEHOLDER)}`,
        query: `q=${encodeURIComponent(PLACEHOLDER)}&${encodeURIComponent(PLACEHOLDER)}=1`,
      },
    );
    const result = filled(asked, [bound([BEARER])]);
    expect(result.headers).toEqual(asked.headers);
    expect(result.query).toBe(asked.query);
    expect(result.used).toEqual([]);
    expect(result.notes).toEqual(
      ['header user-agent', 'header x-basic', 'query key q', 'a query key', 'path'].map(
        (place) => `placeholder-outside-slot GITHUB_TOKEN in ${place}`,
      ),
    );
  });

  it('everything but the cookie of a pinned origin', () => {
    const result = filled(request(['Cookie', 'a=b', 'accept', '*/*']), [bound([BEARER])]);
    expect(result.headers).toEqual(['accept', '*/*']);
    expect(result.notes).toEqual(['cookie-dropped']);
  });

  it('every credential to an origin that has no secret', () => {
    const headers = ['authorization', 'Bearer mine', 'cookie', 'a=b'];
    expect(filled(request(headers, { query: 'key=mine' }), [])).toMatchObject({
      headers,
      query: 'key=mine',
      pinned: false,
    });
  });

  it('no value anywhere but in an exact slot', () => {
    const text = fc.oneof(
      fc.constantFrom(PLACEHOLDER, `Bearer ${PLACEHOLDER}`, basic(`a:${PLACEHOLDER}`), 'plain', ''),
      fc.string({ maxLength: 20 }),
    );
    const name = fc.constantFrom(
      'authorization',
      'Authorization',
      'x-api-key',
      'x-other',
      'cookie',
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, text), { maxLength: 4 }),
        fc.array(fc.tuple(fc.constantFrom('key', 'a', 'KEY'), text), { maxLength: 3 }),
        fc.constantFrom('GET', 'POST', 'OPTIONS'),
        fc.subarray([BEARER, BASIC, WHOLE, QUERY]),
        (headers, keys, method, slots) => {
          const query = keys.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
          const asked = request(headers.flat(), { method, query });
          const result = fillSlots(asked, [bound(slots)]);
          if (!result.ok) return;
          const sent = JSON.stringify([result.headers, decodeURIComponent(result.query)]);
          const decoded = result.headers.map((value) =>
            Buffer.from(value.slice(6), 'base64').toString('latin1'),
          );
          const carries = [sent.replaceAll('\\"', '"'), ...decoded].some((part) =>
            part.includes(VALUE),
          );
          expect(carries).toBe(result.used.length > 0);
          if (method === 'OPTIONS' || slots.length === 0) expect(result.used).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('responseHeadersToDrop()', () => {
  it('drops what hands out credentials, on pinned origins only', () => {
    expect([...responseHeadersToDrop(true)]).toContain('set-cookie');
    expect([...responseHeadersToDrop(true)]).not.toContain('www-authenticate');
    expect(responseHeadersToDrop(false).size).toBe(0);
  });
});
