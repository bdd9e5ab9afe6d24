import type { HttpConfig } from '../powers/http/config.ts';

export type Scheme = HttpConfig['scheme'];

const DEFAULT_PORTS: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };

/** `at` is the offset of the fault in the whole text. */
export interface Fault {
  readonly ok: false;
  readonly reason: string;
  readonly at: number;
}

export interface Authority {
  readonly ok: true;
  readonly scheme: Scheme;
  /** Not looked at yet; an IPv6 address still has its brackets. */
  readonly host: string;
  readonly hostAt: number;
  readonly port: number;
  /** Where the path begins, or the end of the text. */
  readonly pathAt: number;
}

/**
 * Cuts `[SCHEME://]HOST[:PORT]` from the text, beginning at `from`. The scheme is https unless
 * written, the port that of the scheme. User information (RFC 3986 §3.2.1) is refused: it is how
 * one host is made to look like another.
 */
export function splitAuthority(text: string, from: number): Authority | Fault {
  const written = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text.slice(from));
  const scheme = (written?.[1] ?? 'https').toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') {
    return fault('the scheme is neither http nor https', from);
  }
  const hostAt = from + (written?.[0].length ?? 0);
  const length = text.slice(hostAt).search(/[/?#\\]/);
  const pathAt = length === -1 ? text.length : hostAt + length;
  const authority = text.slice(hostAt, pathAt);
  const user = authority.indexOf('@');
  if (user !== -1) return fault('a user name before the host is not allowed', hostAt + user);
  const hostLength = lengthOfHost(authority);
  if (typeof hostLength !== 'number') return fault(hostLength.reason, hostAt + hostLength.at);
  const host = authority.slice(0, hostLength);
  if (host === '') return fault('the host is missing', hostAt);
  const port = readPort(authority.slice(hostLength), DEFAULT_PORTS[scheme]);
  if (port === null) {
    return fault('the port is not a number from 1 to 65535', hostAt + hostLength);
  }
  return { ok: true, scheme, host, hostAt, port, pathAt };
}

/** `https://host` or `https://host:port`; the scheme's own port is left out. */
export function formatOrigin(scheme: Scheme, host: string, port: number): string {
  const written = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${written}${port === DEFAULT_PORTS[scheme] ? '' : `:${port}`}`;
}

function lengthOfHost(authority: string): number | { reason: string; at: number } {
  if (authority.startsWith('[')) {
    const end = authority.indexOf(']');
    return end === -1 ? { reason: 'the bracket of the address is not closed', at: 0 } : end + 1;
  }
  const colon = authority.indexOf(':');
  if (colon === -1) return authority.length;
  const second = authority.indexOf(':', colon + 1);
  if (second === -1) return colon;
  return { reason: 'an IPv6 address is written in brackets, and a port once', at: second };
}

function readPort(text: string, otherwise: number): number | null {
  if (text === '') return otherwise;
  if (!/^:[1-9][0-9]{0,4}$/.test(text)) return null;
  const port = Number(text.slice(1));
  return port <= 65_535 ? port : null;
}

function fault(reason: string, at: number): Fault {
  return { ok: false, reason, at };
}
