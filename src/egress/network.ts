/**
 * The addresses of a box's network, shared by the box (which is told them) and the egress (which
 * answers for them). 198.18.0.0/15 is reserved for benchmarking (RFC 2544) and so never a real
 * destination; the IPv6 prefix is a unique local one (RFC 4193).
 */
export const VIRTUAL_IPV4_BASE = '198.18.0.0';
export const VIRTUAL_IPV4_BITS = 15;
export const VIRTUAL_IPV6_PREFIX = 'fd70:6f77:6572::';
/** The resolver named in the box's resolv.conf. */
export const RESOLVER_ADDRESS = '198.18.0.1';
/** Where the proxy variables point. */
export const PROXY_ADDRESS = '198.18.0.2';
export const PROXY_PORT = 3128;
/** Where the transparent listeners are bound inside the box's namespace. */
export const LISTENER_PORT = 65000;
/** Ports that are listened on where the kernel has no transparent proxying. */
export const FALLBACK_PORTS: readonly number[] = [
  22, 25, 53, 80, 443, 465, 587, 993, 1433, 2375, 3000, 3128, 3306, 4317, 4318, 5000, 5432, 6379,
  6443, 8000, 8080, 8443, 8888, 9000, 9090, 9418, 11434, 27017,
];

/** True for every address that can only stand for something else inside a box. */
export function isVirtualAddress(address: string): boolean {
  return /^198\.1[89]\./.test(address) || address.startsWith(VIRTUAL_IPV6_PREFIX);
}
