import { isIPv4, isIPv6 } from 'node:net';
import { PowerboxError } from '../wire/errors.ts';
import { ORIGIN_CHARS_MAX } from './limits.ts';
import { formatSlot } from './slot-text.ts';

/** A header whose whole value, or the part of it that the form says, is the value. */
export type HeaderSlot =
  | {
      readonly in: 'header';
      readonly name: string;
      readonly form: 'whole' | 'bearer' | 'basic-password';
    }
  | {
      readonly in: 'header';
      readonly name: string;
      readonly form: 'template';
      /** Printable ASCII with one `{}`, where the value stands, and something beside it. */
      readonly template: string;
    };

/**
 * The exact place in a request where a value may go. Written as text:
 * `header:authorization:bearer`, `header:authorization:basic-password`, `header:NAME`,
 * `header:NAME:Token {}`, `query:NAME`, `cookie:NAME`, `path:{variable}`, `form:NAME`,
 * `json:/pointer`, `websocket:json:/pointer`.
 */
export type Slot =
  | HeaderSlot
  | { readonly in: 'query'; readonly name: string }
  | { readonly in: 'cookie'; readonly name: string }
  /** A variable of the path pattern of the grant that permits the call. */
  | { readonly in: 'path'; readonly variable: string }
  /** A key of an `application/x-www-form-urlencoded` body. */
  | { readonly in: 'form'; readonly name: string }
  /** JSON Pointer (RFC 6901) to a string in the body. */
  | { readonly in: 'json'; readonly pointer: string }
  /** The same in each text message of a WebSocket. */
  | { readonly in: 'websocket'; readonly pointer: string };

/** One origin (`https://host:port`, port always written) and the slots that are open there. */
export interface Binding {
  readonly origin: string;
  readonly slots: readonly Slot[];
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

/** Text with an `@` may carry a password, so it is not repeated. */
function originFault(text: string, reason: string): PowerboxError {
  const shown = /^[\x20-\x3f\x41-\x7e]{1,200}$/.test(text) ? ` ${text}` : '';
  return new PowerboxError('secret-invalid', `Cannot parse the origin${shown}: ${reason}.`, {
    hint: 'Write it like https://api.example.com or https://api.example.com:8443.',
  });
}
