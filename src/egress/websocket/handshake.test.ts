import { describe, expect, it } from 'vitest';
import { acceptFor, agreed, deflateOffers, faultOfHandshake, freshKey } from './handshake.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const asked = (...more: string[]): string[] => [
  'sec-websocket-version',
  '13',
  'sec-websocket-key',
  KEY,
  ...more,
];

describe('a request for a WebSocket', () => {
  it('has a key of 16 bytes and the version 13, each once', () => {
    expect(faultOfHandshake(asked(), 'http/1.1')).toBe(null);
    expect(faultOfHandshake(['sec-websocket-version', '13'], 'h2')).toBe(null);
    for (let turn = 0; turn < 50; turn += 1) {
      const headers = ['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', freshKey()];
      expect(faultOfHandshake(headers, 'http/1.1')).toBe(null);
    }
  });

  it.each([
    ['no version', ['sec-websocket-key', KEY]],
    ['another version', ['sec-websocket-version', '8', 'sec-websocket-key', KEY]],
    ['two versions', asked('Sec-WebSocket-Version', '13')],
    ['a list of versions', ['sec-websocket-version', '13, 8', 'sec-websocket-key', KEY]],
    ['no key', ['sec-websocket-version', '13']],
    ['two keys', asked('Sec-WebSocket-Key', KEY)],
    ['a short key', ['sec-websocket-version', '13', 'sec-websocket-key', 'AAAA']],
    ['a long key', ['sec-websocket-version', '13', 'sec-websocket-key', `AAAA${KEY}`]],
    [
      'bits beyond 16 bytes',
      ['sec-websocket-version', '13', 'sec-websocket-key', `${'A'.repeat(21)}B==`],
    ],
    [
      'a key in base64url',
      ['sec-websocket-version', '13', 'sec-websocket-key', `-${KEY.slice(1)}`],
    ],
  ])('is refused with %s', (_, headers) => {
    expect(faultOfHandshake(headers, 'http/1.1')).not.toBe(null);
  });

  it('offers permessage-deflate on, and nothing else', () => {
    const offers =
      'x-webkit-frame, permessage-deflate; client_max_window_bits, permessage-deflate-not';
    expect(deflateOffers(['Sec-WebSocket-Extensions', offers])).toBe(
      'permessage-deflate; client_max_window_bits',
    );
    expect(deflateOffers([])).toBe('');
  });
});

describe('an answer', () => {
  const yes = ['Upgrade', 'WebSocket', 'Connection', 'keep-alive, Upgrade'];
  const proven = [...yes, 'Sec-WebSocket-Accept', ACCEPT];
  const one = { key: KEY, deflate: 'permessage-deflate', protocols: ['chat', 'v2.chat'] };

  it('agrees when it proves that the key was read (the example of RFC 6455 section 1.3)', () => {
    expect(acceptFor(KEY)).toBe(ACCEPT);
    expect(agreed(proven, one)).toEqual({ ok: true, deflate: false });
    const full = [...proven, 'Sec-WebSocket-Protocol', 'chat'];
    expect(agreed(full, one)).toMatchObject({ ok: true });
    const deflate = ['Sec-WebSocket-Extensions', 'permessage-deflate; server_no_context_takeover'];
    expect(agreed([...full, ...deflate], one)).toEqual({ ok: true, deflate: true });
    expect(agreed([], { ...one, key: null })).toMatchObject({ ok: true });
  });

  it.each([
    ['no proof', yes],
    ['another proof', [...yes, 'Sec-WebSocket-Accept', acceptFor(`${KEY} `)]],
    ['two proofs', [...proven, 'Sec-WebSocket-Accept', ACCEPT]],
    ['no upgrade', ['Connection', 'Upgrade', 'Sec-WebSocket-Accept', ACCEPT]],
    ['another upgrade', ['Upgrade', 'h2c', ...proven]],
    ['no word of it in Connection', ['Upgrade', 'websocket', 'Sec-WebSocket-Accept', ACCEPT]],
    ['a sub-protocol of its own', [...proven, 'Sec-WebSocket-Protocol', 'other']],
    ['two sub-protocols', [...proven, 'Sec-WebSocket-Protocol', 'chat, v2.chat']],
    ['an extension of its own', [...proven, 'Sec-WebSocket-Extensions', 'x-webkit-deflate-frame']],
    ['one more extension', [...proven, 'Sec-WebSocket-Extensions', 'permessage-deflate, x']],
    ['a name that begins alike', [...proven, 'Sec-WebSocket-Extensions', 'permessage-deflated']],
  ])('does not agree with %s', (_, headers) => {
    expect(agreed(headers, one).ok).toBe(false);
  });

  it('does not agree to compress where nobody offered it', () => {
    const headers = [...proven, 'Sec-WebSocket-Extensions', 'permessage-deflate'];
    expect(agreed(headers, { ...one, deflate: '' })).toMatchObject({ ok: false, extension: true });
  });
});
