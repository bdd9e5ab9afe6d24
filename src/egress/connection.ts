import type { Socket } from 'node:net';
import type { CanonicalHost } from '../policy/host.ts';
import type { BoxState } from './box-egress.ts';
import type { RequestHead } from './exchange/request-head.ts';
import type { Refusal } from './refusal.ts';
import { defaultPort, displayOrigin, freezeTarget, type Target } from './target.ts';

/** How a connection came to the egress, and what is known of where it wants to go. */
export interface Connection {
  readonly box: BoxState;
  readonly scheme: 'http' | 'https';
  /** The host that the connection itself declares: by virtual address, CONNECT or SNI. */
  readonly declared: CanonicalHost | null;
  /** The address it was sent to; used for the record, never for dialling. */
  readonly address: string;
  readonly port: number;
  /** Requests name their own target in the request line; only towards the proxy address. */
  readonly proxy: boolean;
}

const connections = new WeakMap<object, Connection>();

export function setConnection(socket: Socket, connection: Connection): void {
  connections.set(socket, connection);
}

export function connectionOf(socket: object): Connection | undefined {
  return connections.get(socket);
}

export type TargetResult =
  | { readonly ok: true; readonly target: Target }
  | ({ readonly ok: false } & Refusal);

/**
 * The one target of a request. Where the connection declared a host, the request must name the
 * same; where it did not, the request's own name is all there is, and that name is what is judged,
 * resolved and dialled.
 */
export function targetOf(connection: Connection, head: RequestHead): TargetResult {
  const { declared, scheme, port, proxy } = connection;
  if (proxy) return proxyTarget(head);
  if (head.scheme !== null && head.scheme !== scheme) {
    return mismatch('The request line has another scheme than the connection.');
  }
  const host = declared ?? head.host?.host ?? null;
  if (host === null) return mismatch('The request names no host.');
  const target = freezeTarget(scheme, host, port);
  if (head.host === null) return { ok: true, target };
  const named = head.host.host.host === host.host;
  const samePort = (head.host.port ?? defaultPort(scheme)) === port;
  if (named && samePort) return { ok: true, target };
  return mismatch(`The request names another host than its connection, ${displayOrigin(target)}.`);
}

function proxyTarget(head: RequestHead): TargetResult {
  if (head.scheme === null || head.host === null) {
    return mismatch('A request to the proxy address must carry a whole http URL.');
  }
  if (head.scheme === 'https') {
    return mismatch('An https URL goes through the proxy by CONNECT only.');
  }
  const port = head.host.port ?? defaultPort('http');
  return { ok: true, target: freezeTarget('http', head.host.host, port) };
}

function mismatch(reason: string): { ok: false } & Refusal {
  return { ok: false, code: 'target-mismatch', reason };
}
