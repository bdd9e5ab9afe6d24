import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction, connect as netConnect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  checkServerIdentity,
  type PeerCertificate,
  TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { PowerboxError } from '../../wire/errors.ts';
import { vetAddress } from '../address.ts';
import { CONNECT_MS_MAX, OWN_ADDRESSES_MS_MAX } from '../limits.ts';
import type { HostOverride } from '../protocol.ts';
import { displayOrigin, type Target } from '../target.ts';

export interface DialOptions {
  /** From `egress.hosts`. Its `connect` is the person's own word, so that address is not vetted. */
  readonly override: HostOverride | undefined;
  /** True when a rule names this very address, and so the person meant it. */
  readonly addressNamed: boolean;
}

/** A version of HTTP, as ALPN names it (RFC 7301 section 6, RFC 9113 section 3.2). */
export type Protocol = 'http/1.1' | 'h2';

const HTTP1_ALONE: readonly Protocol[] = ['http/1.1'];

/**
 * Connects to a target: its name is resolved once, every address is vetted, and one of the vetted
 * addresses is dialled. Over TLS the certificate must prove the target's own name, and `offers` are
 * the protocols that the server may choose from. Errors are PowerboxErrors with `address-refused`,
 * `certificate-invalid`, `upstream-unreachable` or `upstream-timeout`.
 */
export function dial(
  target: Target,
  options: DialOptions,
  done: (error: Error | null, socket: Socket | null) => void,
  offers: readonly Protocol[] = HTTP1_ALONE,
): void {
  const place = placeOf(target, options);
  const socket =
    target.scheme === 'https'
      ? tlsConnect({
          ...place,
          ...(target.host.kind === 'name' ? { servername: target.host.host } : {}),
          ...(options.override?.ca === undefined ? {} : { ca: options.override.ca }),
          ALPNProtocols: [...offers],
          minVersion: 'TLSv1.2',
          checkServerIdentity: (_: string, certificate: PeerCertificate) =>
            checkServerIdentity(target.host.host, certificate),
        })
      : netConnect(place);
  const timer = setTimeout(() => {
    settle(
      new PowerboxError('upstream-timeout', `${displayOrigin(target)} did not answer in time.`),
    );
  }, CONNECT_MS_MAX);
  let settled = false;
  function settle(error: Error | null): void {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    if (error !== null) {
      socket.destroy();
      done(error, null);
      return;
    }
    socket.off('error', onError);
    socket.setNoDelay(true);
    done(null, socket);
  }
  function onError(error: NodeJS.ErrnoException): void {
    settle(explain(target, error));
  }
  socket.on('error', onError);
  socket.once(target.scheme === 'https' ? 'secureConnect' : 'connect', () => {
    const remote = socket.remoteAddress;
    if (!isMeant(options) && !vetted(remote)) {
      settle(refusedAddress(target, 'the connection ended at an address that was not vetted'));
    } else {
      settle(null);
    }
  });
}

/** What a dialled server chose. One that chooses nothing speaks HTTP/1.1, as those without ALPN do. */
export function protocolOf(socket: Socket): Protocol {
  return socket instanceof TLSSocket && socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
}

/** True where a server was reached and speaks nothing of what it was offered. */
export function speaksNoneOffered(error: unknown): boolean {
  return PowerboxError.is(error) && codeOf(error.cause) === NO_APPLICATION_PROTOCOL;
}

/** The alert of RFC 7301 section 3.2. */
const NO_APPLICATION_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null | undefined)?.code;
}

/** The person has said where this is: by an address in a rule, or by `connect` in egress.hosts. */
function isMeant(options: DialOptions): boolean {
  return options.addressNamed || options.override?.connect !== undefined;
}

function placeOf(target: Target, options: DialOptions): PlaceOptions {
  const connect = options.override?.connect;
  if (connect !== undefined) {
    const at = connect.lastIndexOf(':');
    return {
      host: connect.slice(0, at).replace(/^\[|\]$/g, ''),
      port: Number(connect.slice(at + 1)),
    };
  }
  const free = options.addressNamed;
  return {
    host: target.host.host,
    port: target.port,
    lookup: free ? (systemLookup as LookupFunction) : vettedLookup(target),
    autoSelectFamily: true,
  };
}

interface PlaceOptions {
  readonly host: string;
  readonly port: number;
  readonly lookup?: LookupFunction;
  readonly autoSelectFamily?: boolean;
}

/** Node skips `lookup` for address literals, so those are vetted here as well. */
export function literalRefusal(target: Target, options: DialOptions): PowerboxError | null {
  if (target.host.kind === 'name' || isMeant(options)) return null;
  const verdict = vetAddress(target.host.host, ownAddresses());
  return verdict.ok ? null : refusedAddress(target, verdict.reason);
}

function vettedLookup(target: Target): LookupFunction {
  return (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true, verbatim: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, [], undefined);
        return;
      }
      const own = ownAddresses();
      const good = addresses.filter((found) => vetAddress(found.address, own).ok);
      if (good.length === 0) {
        callback(
          refusedAddress(target, 'its name leads only to private or reserved addresses'),
          [],
        );
      } else if (options.all === true) {
        callback(null, good);
      } else {
        const first = good[0] as { address: string; family: number };
        callback(null, first.address, first.family);
      }
    });
  };
}

function vetted(address: string | undefined): boolean {
  return address !== undefined && isIP(address) !== 0 && vetAddress(address, ownAddresses()).ok;
}

let own: { readonly until: number; readonly addresses: Set<string> } | undefined;

function ownAddresses(): Set<string> {
  const now = Date.now();
  if (own === undefined || own.until < now) {
    const addresses = new Set<string>();
    for (const list of Object.values(networkInterfaces())) {
      for (const entry of list ?? []) addresses.add(entry.address);
    }
    own = { until: now + OWN_ADDRESSES_MS_MAX, addresses };
  }
  return own.addresses;
}

function refusedAddress(target: Target, why: string): PowerboxError {
  return new PowerboxError('address-refused', `${displayOrigin(target)} was not dialled: ${why}.`);
}

const CERTIFICATE_ERROR = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|HOSTNAME|ALTNAME/;

function explain(target: Target, error: NodeJS.ErrnoException): Error {
  if (PowerboxError.is(error)) return error;
  const code = error.code ?? 'unknown';
  const name = displayOrigin(target);
  if (CERTIFICATE_ERROR.test(code)) {
    return new PowerboxError('certificate-invalid', `${name} could not prove its name (${code}).`);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new PowerboxError('upstream-unreachable', `${name} has no address (${code}).`);
  }
  return new PowerboxError('upstream-unreachable', `${name} could not be reached (${code}).`, {
    cause: error,
  });
}
