import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalHost, matchHost } from './host.ts';
import { canonicalIpv6 } from './ipv6.ts';
import { HOST_CHARS_MAX, LABEL_CHARS_MAX } from './limits.ts';

const hostOf = (text: string): string | null => {
  const canonical = canonicalHost(text);
  return canonical.ok ? canonical.host : null;
};

describe('canonicalHost', () => {
  test.each([
    ['API.Example.COM', 'api.example.com', 'name'],
    ['example.com.', 'example.com', 'name'],
    ['localhost', 'localhost', 'name'],
    ['_dmarc.example.com', '_dmarc.example.com', 'name'],
    ['a_b.example.com', 'a_b.example.com', 'name'],
    ['r3---sn-.example.com', 'r3---sn-.example.com', 'name'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', 'name'],
    ['1.example', '1.example', 'name'],
    ['127.0.0.1', '127.0.0.1', 'ipv4'],
    ['127.0.0.1.', '127.0.0.1', 'ipv4'],
    ['[2001:DB8:0:0:0:0:0:1]', '2001:db8::1', 'ipv6'],
    ['2001:db8::1', '2001:db8::1', 'ipv6'],
    ['[::]', '::', 'ipv6'],
    ['::FFFF:169.254.169.254', '::ffff:169.254.169.254', 'ipv6'],
    ['::ffff:a9fe:a9fe', '::ffff:169.254.169.254', 'ipv6'],
    ['::127.0.0.1', '::7f00:1', 'ipv6'],
    ['64:ff9b::a9fe:a9fe', '64:ff9b::a9fe:a9fe', 'ipv6'],
  ])('%s is %s', (text, host, kind) => {
    expect(canonicalHost(text)).toEqual({ ok: true, host, kind });
  });

  test.each([
    ['', 'missing'],
    ['attacker.example\0.google.com', 'control'],
    ['a\tb.example', 'control'],
    ['a\nb.example', 'control'],
    ['%65xample.com', 'percent'],
    ['example%2ecom', 'percent'],
    ['ｅxample.com', 'xn--'],
    ['exаmple.com', 'xn--'],
    ['exam\u00adple.com', 'xn--'],
    ['example。com', 'xn--'],
    ['xn--.example', 'xn--'],
    ['[example.com]', 'not an IPv6'],
    ['[127.0.0.1]', 'not an IPv6'],
    ['[::1', 'not closed'],
    ['fe80::1%eth0', 'zone'],
    ['[fe80::1%25eth0]', 'zone'],
    ['1::2::3', 'not an IPv6'],
    ['1:2:3:4:5:6:7::8:9', 'not an IPv6'],
    ['::01234', 'not an IPv6'],
    ['::127.1', 'not an IPv6'],
    ['.example.com', 'empty label'],
    ['a..b', 'empty label'],
    ['example.com..', 'empty label'],
    ['.', 'empty label'],
    ['-oProxyCommand=x', 'cannot be part'],
    ['-x.example', 'hyphen'],
    ['*.example.com', 'wildcard'],
    ['a b', 'cannot be part'],
    ['a@b', 'cannot be part'],
    ['127.1', 'four decimal'],
    ['0x7f.1', 'four decimal'],
    ['0x7f000001', 'four decimal'],
    ['2130706433', 'four decimal'],
    ['0177.0.0.1', 'four decimal'],
    ['127.0.0.256', 'four decimal'],
    ['127.0.0.1.5', 'four decimal'],
    ['example.0x', 'four decimal'],
    ['1.2.3.08', 'four decimal'],
  ])('refuses %j', (text, word) => {
    const canonical = canonicalHost(text);
    expect(canonical.ok).toBe(false);
    if (!canonical.ok) expect(canonical.reason).toContain(word);
  });

  test('bounds labels and names', () => {
    const label = 'a'.repeat(LABEL_CHARS_MAX);
    expect(canonicalHost(label).ok).toBe(true);
    expect(canonicalHost(`${label}a`).ok).toBe(false);
    const name = `${`${'a'.repeat(49)}.`.repeat(5)}abc`;
    expect(name).toHaveLength(HOST_CHARS_MAX);
    expect(canonicalHost(`${name}.`).ok).toBe(true);
    expect(canonicalHost(`${name}a`).ok).toBe(false);
    expect(canonicalHost('a.'.repeat(100_000)).ok).toBe(false);
  });

  test('accepts only what a URL keeps as it is, and only once', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '0',
      '127',
      '0x7f',
      '.',
      '-',
      '_',
      'xn--',
      '::',
      ':',
      '[',
    );
    const odd = fc.constantFrom(']', '%41', '1', 'f', '255', 'example', '\0', '@', 'é', ' ');
    const text = fc.array(fc.oneof(piece, odd, fc.string({ maxLength: 3 })), { maxLength: 10 });
    fc.assert(
      fc.property(text, (pieces) => {
        const host = hostOf(pieces.join(''));
        if (host === null) return;
        expect(hostOf(host)).toBe(host);
        // Node reads punycode, which we leave to DNS: a label of nonsense is merely unknown.
        if (host.includes('xn--')) return;
        const url = new URL(`https://${host.includes(':') ? `[${host}]` : host}/`);
        const seen = url.hostname.replace(/^\[|\]$/g, '');
        expect(hostOf(seen)).toBe(host);
        if (!host.startsWith('::ffff:')) expect(seen).toBe(host);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  test('gives an IPv6 address one spelling, whatever its spelling was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0, 1, 0xdb8, 0xffff), { minLength: 8, maxLength: 8 }),
        (g) => {
          const long = g
            .map((group) => group.toString(16).padStart(4, '0').toUpperCase())
            .join(':');
          const short = canonicalIpv6(long);
          expect(short).not.toBeNull();
          expect(canonicalIpv6(short ?? '')).toBe(short);
          const url = new URL(`http://[${long}]/`).hostname.slice(1, -1);
          expect(canonicalIpv6(url)).toBe(short);
          if (!long.startsWith('0000:0000:0000:0000:0000:FFFF')) expect(url).toBe(short);
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe('matchHost', () => {
  const below = { type: 'below', suffix: 'example.com' } as const;

  test('a wildcard matches names below its suffix', () => {
    expect(matchHost(below, 'a.example.com')).toBe(true);
    expect(matchHost(below, 'a.b.example.com')).toBe(true);
  });

  test.each([
    'example.com',
    'evil-example.com',
    'xexample.com',
    'example.com.evil.com',
    'a.example.com.',
    'A.example.com',
    '.example.com',
    'a..example.com',
    'attacker.example\0.example.com',
    'a%2eexample.com',
    '127.0.0.1',
    '::1',
    '',
  ])('a wildcard does not match %j', (host) => {
    expect(matchHost(below, host)).toBe(false);
  });

  test('every name is no address', () => {
    expect(matchHost({ type: 'any' }, 'example.com')).toBe(true);
    for (const host of ['127.0.0.1', '::1', '169.254.169.254', '2130706433', 'a b', '']) {
      expect(matchHost({ type: 'any' }, host)).toBe(false);
    }
  });

  test('an exact name matches nothing else', () => {
    const exact = { type: 'exact', name: 'example.com' } as const;
    expect(matchHost(exact, 'example.com')).toBe(true);
    for (const host of ['a.example.com', 'EXAMPLE.com', 'example.com.', 'example.co']) {
      expect(matchHost(exact, host)).toBe(false);
    }
  });

  test('a wildcard never matches more than a suffix comparison by labels', () => {
    const label = fc.constantFrom('a', 'b', 'example', 'com', 'xexample', 'evil-example');
    const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(name, name, (suffix, host) => {
        const [tail, labels] = [suffix.split('.'), host.split('.')];
        const expected =
          labels.length > tail.length && labels.slice(-tail.length).join('.') === suffix;
        expect(matchHost({ type: 'below', suffix }, host)).toBe(expected);
      }),
      { seed: 4, numRuns: 1000 },
    );
  });
});
