import { createHash, randomBytes } from 'node:crypto';
import { headerValues } from '../exchange/request-head.ts';

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const VERSION = '13';

/** What belongs to the handshake of one side, and is made anew for the other. */
const HANDSHAKE: ReadonlySet<string> = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-accept',
  'sec-websocket-extensions',
]);

/** What a server proves that it has read the key with (RFC 6455 section 4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

export function freshKey(): string {
  return randomBytes(16).toString('base64');
}

/**
 * What is wrong with a program's request for a WebSocket (RFC 6455 section 4.2.1), or null. Over
 * HTTP/2 there is no key (RFC 8441 section 5).
 */
export function faultOfHandshake(
  headers: readonly string[],
  protocol: 'http/1.1' | 'h2',
): string | null {
  const versions = headerValues(headers, 'sec-websocket-version');
  if (versions.length !== 1 || versions[0] !== VERSION) {
    return 'a WebSocket has the version 13, said once';
  }
  if (protocol === 'h2') return null;
  const [key = '', ...more] = headerValues(headers, 'sec-websocket-key');
  // 16 bytes in base64 have one spelling, which ends in a character of which two bits are used.
  return more.length === 0 && /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key)
    ? null
    : 'the key of a WebSocket is 16 bytes in base64, said once';
}

/**
 * The offers of permessage-deflate (RFC 7692) among a program's extensions: no other extension is
 * known here, and what an unknown one makes of frames cannot be checked.
 */
export function deflateOffers(headers: readonly string[]): string {
  return headerValues(headers, 'sec-websocket-extensions')
    .join(',')
    .split(',')
    .map((offer) => offer.trim())
    .filter((offer) => /^permessage-deflate *(?:;|$)/i.test(offer))
    .join(', ');
}

/** Headers without those of the handshake. */
export function withoutHandshake(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (HANDSHAKE.has((headers[i] as string).toLowerCase())) continue;
    kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

/** What an upstream was asked, as far as its answer must fit it. */
export interface Asked {
  /** Null over HTTP/2. */
  readonly key: string | null;
  /** Offers of permessage-deflate; empty for none. */
  readonly deflate: string;
  /** Sub-protocols that were offered. */
  readonly protocols: readonly string[];
}

export function protocolsOf(headers: readonly string[]): readonly string[] {
  return headerValues(headers, 'sec-websocket-protocol').flatMap(listed);
}

export type Agreed =
  | { readonly ok: true; readonly deflate: boolean }
  /** `extension`: it wants one that nobody offered. */
  | { readonly ok: false; readonly reason: string; readonly extension: boolean };

/**
 * Does an answer that says yes agree to a WebSocket as it was asked for (RFC 6455 section 4.1)?
 * `headers` is flat, and was not cleared of hop-by-hop headers.
 */
export function agreed(headers: readonly string[], asked: Asked): Agreed {
  const values = (name: string): string[] => headerValues(headers, name);
  if (asked.key !== null) {
    const upgrades = values('upgrade');
    const named = values('connection').flatMap(listed);
    if (upgrades.length !== 1 || upgrades[0]?.toLowerCase() !== 'websocket') {
      return disagreed('it upgrades to something else');
    }
    if (!named.some((name) => name.toLowerCase() === 'upgrade')) {
      return disagreed('its Connection header does not say so');
    }
    const accepts = values('sec-websocket-accept');
    if (accepts.length !== 1 || accepts[0] !== acceptFor(asked.key)) {
      return disagreed('it did not prove that it read the key');
    }
  }
  const chosen = values('sec-websocket-protocol');
  if (chosen.length > 1 || chosen.some((name) => !asked.protocols.includes(name))) {
    return disagreed('it chose a sub-protocol that was not offered');
  }
  const extensions = values('sec-websocket-extensions').flatMap(listed);
  if (extensions.length === 0) return { ok: true, deflate: false };
  const one = extensions.length === 1 && /^permessage-deflate *(?:;|$)/i.test(extensions[0] ?? '');
  if (one && asked.deflate !== '') return { ok: true, deflate: true };
  return { ...disagreed('it uses an extension that was not offered'), extension: true };
}

function disagreed(why: string): Extract<Agreed, { ok: false }> {
  const reason = `The upstream server agreed to no WebSocket: ${why}.`;
  return { ok: false, reason, extension: false };
}

function listed(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
