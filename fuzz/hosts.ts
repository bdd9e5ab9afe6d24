import { isIP } from 'node:net';
import { vetAddress } from '../src/egress/address.ts';
import { parseAuthority } from '../src/egress/exchange/request-head.ts';
import { splitAuthority } from '../src/policy/authority.ts';
import { type CanonicalHost, canonicalHost } from '../src/policy/host.ts';
import { addressNotations, inetAton, isInside, numberOf } from './addresses.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

const NO_ADDRESSES: ReadonlySet<string> = new Set();

/**
 * A line is a host, and also an authority of a request; the second one's bytes are an address. A
 * host has one spelling, which is that of the URL standard; nothing that any resolver takes for an
 * address passes as a name; and an address inside is refused in every notation.
 */
export const hostsTarget: FuzzTarget = {
  name: 'hosts',
  seeds: [
    'Api.Example.com.:443\n\x7f\x00\x00\x01',
    '[::ffff:127.0.0.1]:80\n\x0a\x01\x02\x03',
    '0x7f.1\n\x00d\x00\x01abcdefghijkl',
    '2130706433\n\x5d\x22\x33\x44',
    '[2001:DB8:0::1]\n\xc2\xa9\x01\x02',
    'xn--bcher-kva.example:8080\n \x01\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10',
    '[64:ff9b::7f00:1]\n\x00',
    '_dmarc.a-b.example\n\x00',
  ],
  words: [
    ...['.', '..', ':', '::', '[', ']', '%', '%25', '@', '\\', '/', '#', '?', '\0', '\t', ' ', '*'],
    ...['0x', '0', '00', '07', '127', '255', '256', ':443', ':0', ':65536', 'xn--', 'xn--a', '-'],
    ...[
      'ffff:',
      '::ffff:',
      'fe80::1%eth0',
      '169.254.169.254',
      'localhost',
      '\u3002',
      '\u00ad',
      'ｅ',
    ],
    ...['\u0131', 'ß', '127.0.0.1', '.0x7f000001', '::1', 'FF', '5f00::'],
  ],
  check(input) {
    const cut = input.indexOf(0x0a);
    const line = textOf(cut === -1 ? input : input.subarray(0, cut));
    const address = cut === -1 ? new Uint8Array() : input.subarray(cut + 1);
    return [checkHost(line), checkAuthority(line), checkAddress(address)].join();
  },
};

function checkHost(text: string): string {
  const read = canonicalHost(text);
  if (!read.ok) {
    holds(read.at >= 0 && read.at <= text.length, 'a fault has a place');
    return read.reason.replace(/".*"|".*/s, '');
  }
  const { host, kind } = read;
  const again = canonicalHost(host);
  holds(again.ok && again.host === host && again.kind === kind, 'canonical stays canonical');
  holds(/^[a-z0-9_.:-]{1,253}$/.test(host), 'canonical is plain');
  holds(isIP(host) === { name: 0, ipv4: 4, ipv6: 6 }[kind], 'it is what it says');
  holds(kind === 'ipv4' || inetAton(host) === null, 'no resolver takes a name for an address');
  const written = kind === 'ipv6' ? `[${host}]` : host;
  const url = urlOf(`http://${written}/`);
  // The standard also refuses some names that DNS has: labels that are no punycode.
  if (url === null) {
    holds(kind === 'name' && host.includes('xn--'), 'only odd labels are no URL');
    return `${kind} odd`;
  }
  holds(isSame(url, read), 'the URL standard means the same');
  return `${kind} ${Math.min(host.split('.').length, 5)}`;
}

/** The three readers of `HOST:PORT` never understand it differently. */
function checkAuthority(text: string): string {
  const read = parseAuthority(text);
  const url = urlOf(`http://${text}/`);
  const rule = splitAuthority(text, 0);
  if (read === null) return 'no authority';
  const { host, port } = read;
  const written = host.kind === 'ipv6' ? `[${host.host}]` : host.host;
  const again = parseAuthority(port === null ? written : `${written}:${port}`);
  holds(again?.host.host === host.host && again.port === port, 'it reads back to itself');
  if (url !== null) {
    holds(isSame(url, host), 'the URL standard finds the same host');
    holds(Number(url.port || 80) === (port ?? 80), 'and the same port');
    holds(url.username === '' && url.pathname === '/', 'and nothing else');
  }
  if (rule.ok && rule.pathAt === text.length && rule.hostAt === 0) {
    const named = canonicalHost(rule.host);
    holds(named.ok && named.host === host.host, 'a rule finds the same host');
    holds(rule.port === (port ?? 443), 'and the same port');
  }
  return `authority ${port === null} ${url === null} ${rule.ok}`;
}

/** Four bytes or sixteen: an address, which is one verdict in whatever notation. */
function checkAddress(bytes: Uint8Array): string {
  if (bytes.length < 4) return 'none';
  const length = bytes.length < 16 ? 4 : 16;
  const inside = isInside(bytes.subarray(0, length));
  let dialled = 0;
  for (const notation of addressNotations(bytes.subarray(0, length))) {
    const plain = vetAddress(notation, NO_ADDRESSES);
    const read = canonicalHost(notation);
    const judged = read.ok && read.kind !== 'name' ? vetAddress(read.host, NO_ADDRESSES) : null;
    holds(!(inside && plain.ok), `${notation} is inside, and refused`);
    holds(!(inside && judged?.ok === true), `${notation} is inside in its canonical form too`);
    if (!read.ok) continue;
    holds(read.kind !== 'name', `${notation} does not pass as a name`);
    holds(judged?.ok === plain.ok || isIP(notation) === 0, `${notation} has one verdict`);
    const value = numberOf(read.host);
    holds(value === numberOf(Buffer.from(bytes.subarray(0, length))), `${notation} stays itself`);
    if (judged?.ok === true) dialled += 1;
  }
  return `${length} ${inside} ${dialled > 0}`;
}

/** The standard has no text with IPv4 in IPv6, which RFC 5952 section 5 writes so. */
function isSame({ hostname }: URL, { host, kind }: CanonicalHost): boolean {
  if (kind !== 'ipv6') return hostname.replace(/\.$/, '') === host;
  return numberOf(hostname.slice(1, -1)) === numberOf(host);
}

function urlOf(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
