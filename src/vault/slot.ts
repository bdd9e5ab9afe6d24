import { isIPv4, isIPv6 } from 'node:net';
import { PowerboxError } from '../wire/errors.ts';
import { ORIGIN_CHARS_MAX, SLOT_NAME_CHARS_MAX } from './limits.ts';

/**
 * The exact place in a request where a value may go. Written as text:
 * `header:authorization:bearer`, `header:authorization:basic-password`, `header:NAME`, `query:NAME`.
 */
export type Slot =
  | {
      readonly in: 'header';
      readonly name: string;
      readonly form: 'whole' | 'bearer' | 'basic-password';
    }
  | { readonly in: 'query'; readonly name: string };

/** One origin (`https://host:port`, port always written) and the slots that are open there. */
export interface Binding {
  readonly origin: string;
  readonly slots: readonly Slot[];
}

/** A `token` of RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Unreserved characters of RFC 3986 §2.3: the only ones with one spelling in a query. */
const QUERY_NAME = /^[A-Za-z0-9._~-]+$/;

/**
 * Headers that frame, route or belong to one hop (RFC 9110 §7.6.1, RFC 9112 §6), or that the
 * egress writes itself. A value there would change what request is sent, not who sends it.
 */
const REFUSED_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'cookie',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The slot that `text` names. Throws `secret-invalid`. Header names become lower-case. */
export function parseSlot(text: string): Slot {
  const [place, name, form, ...rest] = text.split(':');
  if (rest.length > 0) throw slotFault(text, 'it has more than three parts');
  if (name === undefined || name === '') throw slotFault(text, 'it names no header or query key');
  if (name.length > SLOT_NAME_CHARS_MAX) throw slotFault(text, 'the name is too long');
  if (place === 'header') return headerSlot(text, name.toLowerCase(), form);
  if (place !== 'query') throw slotFault(text, 'it begins with neither header: nor query:');
  if (form !== undefined) throw slotFault(text, 'a query slot has two parts');
  if (!QUERY_NAME.test(name)) throw slotFault(text, 'a query key is letters, digits and - . _ ~');
  return { in: 'query', name };
}

function headerSlot(text: string, name: string, form: string | undefined): Slot {
  if (!TOKEN.test(name)) throw slotFault(text, 'that is not a header name');
  if (REFUSED_HEADERS.has(name) || name.startsWith('proxy-')) {
    throw slotFault(text, `the header ${name} cannot carry a secret`);
  }
  if (form === undefined) return { in: 'header', name, form: 'whole' };
  if (form !== 'bearer' && form !== 'basic-password') {
    throw slotFault(text, 'the third part is bearer or basic-password');
  }
  if (name !== 'authorization') throw slotFault(text, 'only the header authorization has a scheme');
  return { in: 'header', name, form };
}

/** The one spelling of a slot; `parseSlot(formatSlot(slot))` is the same slot. */
export function formatSlot(slot: Slot): string {
  if (slot.in === 'query') return `query:${slot.name}`;
  return slot.form === 'whole' ? `header:${slot.name}` : `header:${slot.name}:${slot.form}`;
}

/** True when every slot of the one is a slot of the other, at the same origin. */
export function isWithin(part: readonly Binding[], whole: readonly Binding[]): boolean {
  const open = new Set(whole.flatMap(placesOf));
  return part.flatMap(placesOf).every((place) => open.has(place));
}

function placesOf({ origin, slots }: Binding): string[] {
  return slots.map((slot) => `${origin} ${formatSlot(slot)}`);
}

/**
 * The canonical `https://host:port` that `text` names; the scheme and port 443 may be left out.
 * Throws `secret-invalid` for plain HTTP, a path, a wildcard, or a name with a second spelling.
 */
export function parseOrigin(text: string): string {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (text.length > ORIGIN_CHARS_MAX) throw originFault('', 'it is too long');
  if (scheme !== undefined && scheme !== 'https') {
    const reason = scheme === 'http' ? 'plain HTTP would show the secret to the network' : '';
    throw originFault(text, reason || 'only https:// carries a secret');
  }
  const authority = scheme === undefined ? text : text.slice('https://'.length);
  const parts = /^(\[[^\]]*\]|[^:/?#[\]]*)(?::([^/?#]*))?(\/?)$/.exec(authority);
  if (parts === null) throw originFault(text, 'an origin is https://HOST[:PORT] and no path');
  return `https://${originHost(text, parts[1] ?? '')}:${originPort(text, parts[2])}`;
}

function originPort(text: string, port: string | undefined): string {
  if (port === undefined) return '443';
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65535) {
    throw originFault(text, 'a port is a number from 1 to 65535');
  }
  return port;
}

function originHost(text: string, host: string): string {
  if (host.startsWith('[')) {
    const address = host.slice(1, -1);
    if (!isIPv6(address) || address.includes('%')) throw originFault(text, 'not an IPv6 address');
    return new URL(`https://[${address}]`).hostname;
  }
  const name = host.toLowerCase();
  if (isIPv4(name)) return name;
  if (name.includes('*')) throw originFault(text, 'a secret goes to named hosts, not to a pattern');
  if (/[^\0-\x7f]/.test(name)) throw originFault(text, 'write the name in its xn-- form');
  const labels = name.split('.');
  const last = labels[labels.length - 1] ?? '';
  const wellFormed = labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  // A last label that is a number makes URL parsers read an address (WHATWG URL §3.5).
  if (!wellFormed || name.length > 253 || /^(0x[0-9a-f]*|[0-9]+)$/.test(last)) {
    throw originFault(text, 'that is not a host name');
  }
  return name;
}

function slotFault(text: string, reason: string): PowerboxError {
  const shown = /^[\x20-\x7e]{1,200}$/.test(text) ? ` ${text}` : '';
  return new PowerboxError('secret-invalid', `Cannot parse the slot${shown}: ${reason}.`, {
    hint: 'Use header:authorization:bearer, header:authorization:basic-password, header:NAME or query:NAME.',
  });
}

/** Text with an `@` may carry a password, so it is not repeated. */
function originFault(text: string, reason: string): PowerboxError {
  const shown = /^[\x20-\x3f\x41-\x7e]{1,200}$/.test(text) ? ` ${text}` : '';
  return new PowerboxError('secret-invalid', `Cannot parse the origin${shown}: ${reason}.`, {
    hint: 'Write it like https://api.example.com or https://api.example.com:8443.',
  });
}
