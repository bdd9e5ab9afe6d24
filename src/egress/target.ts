import type { CanonicalHost } from '../policy/host.ts';

/**
 * Where one request is going. Policy, secret choice, dial, SNI, certificate check, Host header and
 * journal row are all derived from this one frozen object, so a box cannot name one host for one
 * of them and another host for the next.
 */
export interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: CanonicalHost;
  readonly port: number;
}

export function freezeTarget(scheme: 'http' | 'https', host: CanonicalHost, port: number): Target {
  return Object.freeze({ scheme, host: Object.freeze(host), port });
}

export function defaultPort(scheme: 'http' | 'https'): number {
  return scheme === 'https' ? 443 : 80;
}

/** `name` or `name:port`, as a Host header has it (RFC 9110 section 7.2). */
export function authorityOf(target: Target): string {
  const { host, port, scheme } = target;
  const name = host.kind === 'ipv6' ? `[${host.host}]` : host.host;
  return port === defaultPort(scheme) ? name : `${name}:${port}`;
}

/** `scheme://name:port`, the port always written; the key of secrets, upstreams and overrides. */
export function originOf(target: Target): string {
  const name = target.host.kind === 'ipv6' ? `[${target.host.host}]` : target.host.host;
  return `${target.scheme}://${name}:${target.port}`;
}

/** The same for people: the default port left out. */
export function displayOrigin(target: Target): string {
  return `${target.scheme}://${authorityOf(target)}`;
}
