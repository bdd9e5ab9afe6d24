import type { HostPattern } from '../powers/http/config.ts';
import { canonicalIpv6, isDottedIpv4 } from './ipv6.ts';
import { HOST_CHARS_MAX, LABEL_CHARS_MAX } from './limits.ts';
import { quote } from './quote.ts';

export interface CanonicalHost {
  readonly ok: true;
  /** The canonical text, without brackets. */
  readonly host: string;
  readonly kind: 'name' | 'ipv4' | 'ipv6';
}

export interface HostFault {
  readonly ok: false;
  /** A clause: lower-case, no full stop. */
  readonly reason: string;
  /** Offset of the fault in the text that was given. */
  readonly at: number;
}

/**
 * The one spelling of a host, used for Host, SNI, CONNECT, DNS names and rules alike, so that two
 * places can never disagree about who is meant.
 *
 * Names are lower-case ASCII without a trailing dot; an IPv6 address is in RFC 5952 text without
 * brackets. Underscores are accepted, as real DNS names have them. Everything that one resolver
 * may read otherwise than another is refused: percent-encoding, letters outside ASCII, zone
 * identifiers, and numbers that the WHATWG URL standard ("ends in a number") takes for an address.
 */
export function canonicalHost(text: string): CanonicalHost | HostFault {
  if (text === '') return fault('the host is missing', 0);
  if (text.length > HOST_CHARS_MAX + 1) {
    return fault(`the host is longer than ${HOST_CHARS_MAX} characters`, HOST_CHARS_MAX);
  }
  if (text.startsWith('[')) {
    if (!text.endsWith(']')) return fault('the bracket of the address is not closed', 0);
    return canonicalAddress(text.slice(1, -1), 1);
  }
  return text.includes(':') ? canonicalAddress(text, 0) : canonicalName(text);
}

/**
 * Does a canonical host match the pattern? A wildcard matches whole labels below its suffix, never
 * the suffix itself and never an IP address; a host that is not canonical matches no wildcard.
 */
export function matchHost(pattern: HostPattern, host: string): boolean {
  if (pattern.type === 'exact') return host === pattern.name;
  const canonical = canonicalHost(host);
  if (!canonical.ok || canonical.kind !== 'name' || canonical.host !== host) return false;
  return pattern.type === 'any' || host.endsWith(`.${pattern.suffix}`);
}

function canonicalAddress(text: string, offset: number): CanonicalHost | HostFault {
  const zone = text.indexOf('%');
  if (zone !== -1) return fault('an address with a zone identifier is not allowed', zone + offset);
  const host = canonicalIpv6(text);
  if (host === null) return fault(`${quote(text)} is not an IPv6 address`, offset);
  return { ok: true, host, kind: 'ipv6' };
}

function canonicalName(text: string): CanonicalHost | HostFault {
  const odd = /[^A-Za-z0-9_.-]/.exec(text);
  if (odd !== null) return fault(explainCharacter(odd[0]), odd.index);
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.startsWith('-')) return fault('a host does not begin with a hyphen', 0);
  if (name.length > HOST_CHARS_MAX) {
    return fault(`the host is longer than ${HOST_CHARS_MAX} characters`, HOST_CHARS_MAX);
  }
  let at = 0;
  for (const label of name.split('.')) {
    if (label === '') return fault('the host has an empty label', at);
    if (label.length > LABEL_CHARS_MAX) {
      return fault(`a label of the host is longer than ${LABEL_CHARS_MAX} characters`, at);
    }
    if (label === 'xn--') return fault('the label xn-- is empty', at);
    at += label.length + 1;
  }
  if (!endsInNumber(name)) return { ok: true, host: name, kind: 'name' };
  if (isDottedIpv4(name)) return { ok: true, host: name, kind: 'ipv4' };
  return fault('an IPv4 address is written as four decimal numbers', 0);
}

/** WHATWG URL §3.5: the last label is a decimal, octal or hexadecimal number. */
function endsInNumber(name: string): boolean {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return /^(?:[0-9]+|0[xX][0-9a-fA-F]*)$/.test(last);
}

function explainCharacter(char: string): string {
  if (char > '\x7e') return 'the host is not ASCII; write its xn-- form';
  if (char < ' ' || char === '\x7f') return 'the host has a control character';
  if (char === '%') return 'a host has no percent-encoding';
  if (char === '*') return 'a wildcard is written *.NAME';
  return `${quote(char)} cannot be part of a host`;
}

function fault(reason: string, at: number): HostFault {
  return { ok: false, reason, at };
}
