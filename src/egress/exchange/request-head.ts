import { type CanonicalHost, canonicalHost } from '../../policy/host.ts';
import type { CanonicalPath } from '../../policy/path.ts';
import type { Refusal } from '../refusal.ts';

/** A request's head after every check, the same for each protocol that a box speaks. */
export interface RequestHead {
  readonly method: string;
  readonly path: CanonicalPath;
  /** What the request itself says its host is; null only for HTTP/1.0 without a Host header. */
  readonly host: { readonly host: CanonicalHost; readonly port: number | null } | null;
  /** Set when the request line carried a whole URL, as it does towards a proxy. */
  readonly scheme: 'http' | 'https' | null;
  /** End-to-end headers, flat, in order, without Host and without anything hop-by-hop. */
  readonly headers: string[];
  readonly hasBody: boolean;
  readonly websocket: boolean;
}

export type HeadResult =
  | { readonly ok: true; readonly head: RequestHead }
  | ({ readonly ok: false } & Refusal);

/** RFC 9110 section 7.6.1, and the older names that are still sent. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'http2-settings',
]);

/** A `token` of RFC 9110 section 5.6.2. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const METHOD = /^[A-Z][A-Z-]{0,31}$/;

/** Why no request has this method; null when one may have it. */
export function refusalOfMethod(method: string): Refusal | null {
  if (!METHOD.test(method)) return malformed('the method is not a plain upper-case token');
  if (method !== 'TRACE' && method !== 'CONNECT') return null;
  return {
    code: 'method-not-granted',
    reason: `${method} is never allowed: it would show what the request carried.`,
  };
}

/** `name`, `name:port` or `[ipv6]:port`; null when it is anything else. */
export function parseAuthority(
  text: string,
): { readonly host: CanonicalHost; readonly port: number | null } | null {
  const match = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const name = match[1] as string;
  const host = canonicalHost(name.startsWith('[') ? name.slice(1, -1) : name);
  if (!host.ok) return null;
  if (name.startsWith('[') !== (host.kind === 'ipv6')) return null;
  const port = match[2] === undefined ? null : Number(match[2]);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  return { host, port };
}

export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if ((rawHeaders[i] as string).toLowerCase() === name) values.push(rawHeaders[i + 1] as string);
  }
  return values;
}

/**
 * Drops what belongs to this hop only, and what the values of `Connection` say belongs to it. This happens
 * before any slot is filled, so `Connection: authorization` cannot take a filled slot away.
 */
export function endToEnd(
  rawHeaders: readonly string[],
  connection: readonly string[] = [],
): string[] {
  const named = connection.flatMap((value) => value.toLowerCase().split(','));
  const dropped = new Set(named.map((name) => name.trim()));
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (HOP_BY_HOP.has(name) || dropped.has(name)) continue;
    kept.push(rawHeaders[i] as string, rawHeaders[i + 1] as string);
  }
  return kept;
}

export function malformed(what: string): { ok: false } & Refusal {
  return { ok: false, code: 'request-malformed', reason: `The request was refused: ${what}.` };
}
