import type { HttpCall } from '../powers/http/call.ts';
import { type Fault, splitAuthority } from './authority.ts';
import { canonicalHost } from './host.ts';
import { canonicalPath } from './path.ts';

export type UrlCall =
  | { readonly ok: true; readonly call: HttpCall }
  /** `ambiguous` when it is a URL, but one that the egress would refuse to send. */
  | (Fault & { readonly ambiguous: boolean });

/** The call that a request with this method to this URL would be. */
export function callOfUrl(method: string, url: string): UrlCall {
  const authority = splitAuthority(url, 0);
  if (!authority.ok) return { ...authority, ambiguous: false };
  const host = canonicalHost(authority.host);
  if (!host.ok) return { ...host, at: host.at + authority.hostAt, ambiguous: false };
  const rest = url.slice(authority.pathAt);
  // A URL without a path asks for the path `/` (RFC 9110 §4.2.3).
  const target = canonicalPath(rest === '' || rest.startsWith('?') ? `/${rest}` : rest);
  if (!target.ok) {
    const { reason, at, code } = target;
    return { ok: false, reason, at: at + authority.pathAt, ambiguous: code === 'path-ambiguous' };
  }
  const { scheme, port } = authority;
  const { path, query } = target;
  return { ok: true, call: { scheme, host: host.host, port, method, path, query } };
}
