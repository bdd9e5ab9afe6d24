/**
 * Reads a TLS ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2) before any TLS library sees it, for
 * the name in it. Strict: what two readers could understand differently is invalid.
 */
import { CLIENT_HELLO_BYTES_MAX } from '../limits.ts';

export type ClientHello =
  | { readonly state: 'incomplete' }
  | { readonly state: 'invalid'; readonly reason: string }
  | {
      readonly state: 'done';
      /** As it was sent, printable ASCII; null when there is none. */
      readonly serverName: string | null;
      readonly alpn: readonly string[];
      /** Encrypted ClientHello was offered (or GREASE of it, which looks the same). */
      readonly ech: boolean;
    };

const EXTENSION = { serverName: 0, alpn: 16, encryptedClientHello: 0xfe0d } as const;
const HANDSHAKE_RECORD = 22;
const RECORD_BYTES_MAX = 16_384;
const CLIENT_HELLO = 1;

class Invalid extends Error {}

/** `bytes` are the first ones of a connection; more may follow the ClientHello. Never throws. */
export function parseClientHello(bytes: Buffer): ClientHello {
  try {
    const message = handshakeMessage(bytes);
    return message === null ? { state: 'incomplete' } : readHello(message);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    return { state: 'invalid', reason: error.message };
  }
}

/** The body of the ClientHello, gathered over records; null while it is not there whole. */
function handshakeMessage(bytes: Buffer): Buffer | null {
  const fragments: Buffer[] = [];
  let gathered = 0;
  let at = 0;
  while (at < bytes.length) {
    check(bytes[at] === HANDSHAKE_RECORD, 'a record is no handshake');
    if (at + 1 < bytes.length) check(bytes[at + 1] === 3, 'the record version is unknown');
    if (at + 5 > bytes.length) return null;
    const length = bytes.readUInt16BE(at + 3);
    check(length > 0 && length <= RECORD_BYTES_MAX, 'a record has an impossible length');
    const fragment = bytes.subarray(at + 5, at + 5 + length);
    fragments.push(fragment);
    gathered += fragment.length;
    const message = wholeMessage(fragments.length === 1 ? fragment : Buffer.concat(fragments));
    if (message !== null && fragment.length === length) {
      check(message.length + 4 === gathered, 'something follows the greeting in its record');
      return message;
    }
    check(gathered <= CLIENT_HELLO_BYTES_MAX, 'the greeting is too long');
    at += 5 + length;
  }
  return null;
}

function wholeMessage(bytes: Buffer): Buffer | null {
  if (bytes.length > 0) check(bytes[0] === CLIENT_HELLO, 'the first message is no ClientHello');
  if (bytes.length < 4) return null;
  const length = bytes.readUIntBE(1, 3);
  check(length + 4 <= CLIENT_HELLO_BYTES_MAX, 'the greeting is too long');
  return bytes.length < 4 + length ? null : bytes.subarray(4, 4 + length);
}

function check(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Invalid(reason);
}

/** Takes vectors off the front of a buffer; too short a buffer is invalid. */
interface Reader {
  readonly left: () => number;
  readonly number: (bytes: 1 | 2) => number;
  readonly bytes: (length: number) => Buffer;
  /** A vector whose length stands before it in `prefix` bytes. */
  readonly vector: (prefix: 1 | 2) => Buffer;
}

function makeReader(source: Buffer, what: string): Reader {
  let at = 0;
  const bytes = (length: number): Buffer => {
    check(at + length <= source.length, `${what} is cut off`);
    at += length;
    return source.subarray(at - length, at);
  };
  const number = (size: 1 | 2): number => bytes(size).readUIntBE(0, size);
  return {
    left: () => source.length - at,
    number,
    bytes,
    vector: (prefix) => bytes(number(prefix)),
  };
}

function readHello(message: Buffer): ClientHello {
  const reader = makeReader(message, 'the greeting');
  check(reader.number(2) >> 8 === 3, 'the version is unknown');
  reader.bytes(32);
  check(reader.vector(1).length <= 32, 'the session identifier is too long');
  const suites = reader.vector(2);
  check(suites.length >= 2 && suites.length % 2 === 0, 'the cipher suites are malformed');
  check(reader.vector(1).length >= 1, 'the compression methods are missing');
  let serverName: string | null = null;
  let alpn: readonly string[] = [];
  const seen = new Set<number>();
  // Before TLS 1.3 a ClientHello could end here (RFC 5246 §7.4.1.2).
  const extensions = makeReader(
    reader.left() === 0 ? Buffer.alloc(0) : reader.vector(2),
    'an extension',
  );
  check(reader.left() === 0, 'something follows the extensions');
  while (extensions.left() > 0) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    check(!seen.has(type), 'an extension is there twice');
    seen.add(type);
    if (type === EXTENSION.serverName) serverName = readServerName(data);
    if (type === EXTENSION.alpn) alpn = readAlpn(data);
  }
  return { state: 'done', serverName, alpn, ech: seen.has(EXTENSION.encryptedClientHello) };
}

/** RFC 6066 §3: exactly one host name, which is all that was ever defined. */
function readServerName(data: Buffer): string {
  const outer = makeReader(data, 'the server name');
  const list = makeReader(outer.vector(2), 'the server name');
  check(outer.left() === 0, 'something follows the server name');
  check(list.left() > 0 && list.number(1) === 0, 'the server name is of an unknown type');
  const name = list.vector(2);
  check(list.left() === 0, 'there is more than one server name');
  check(name.length > 0 && name.length <= 255, 'the server name has an impossible length');
  check(
    name.every((byte) => byte > 0x20 && byte < 0x7f),
    'the server name has a character that no name has',
  );
  return name.toString('latin1');
}

/** RFC 7301 §3.1. */
function readAlpn(data: Buffer): string[] {
  const outer = makeReader(data, 'the protocol list');
  const list = makeReader(outer.vector(2), 'the protocol list');
  check(outer.left() === 0, 'something follows the protocol list');
  const names: string[] = [];
  while (list.left() > 0) {
    const name = list.vector(1);
    check(name.length > 0, 'a protocol has no name');
    names.push(name.toString('latin1'));
  }
  check(names.length > 0, 'the protocol list is empty');
  return names;
}
