import type { IncomingHttpHeaders } from 'node:http';

/** Names of this machine that no name server can point elsewhere, as a Host header has them. */
const HOSTS = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Whether a request for the port comes from this machine and not from a page of somewhere else.
 * A page can make a browser connect here under a name of its own (DNS rebinding), but neither
 * choose the Host that is sent nor leave its Origin out.
 */
export function isFromLoopback(headers: IncomingHttpHeaders, port: number): boolean {
  const { host, origin } = headers;
  const hosts = HOSTS.map((name) => `${name}:${port}`);
  if (host === undefined || !hosts.includes(host.toLowerCase())) return false;
  return origin === undefined || hosts.some((one) => origin.toLowerCase() === `http://${one}`);
}
