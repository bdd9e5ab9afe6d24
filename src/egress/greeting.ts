import { CLIENT_HELLO_BYTES_MAX } from './limits.ts';
import { parseClientHello } from './tls/client-hello.ts';

/** What a connection speaks, by its first bytes. */
export type Greeting =
  | { readonly speaks: 'unknown-yet' }
  | { readonly speaks: 'http' }
  /** `serverName` as the greeting has it; null where it has none. */
  | { readonly speaks: 'tls'; readonly serverName: string | null }
  | { readonly speaks: 'nothing-known'; readonly reason: string };

/** Content type of a TLS record with a handshake in it (RFC 8446 section 5.1). */
const HANDSHAKE = 0x16;
/** Bytes that tell whether a request line begins: the longest method and its space. */
const METHOD_BYTES = 24;

const UNKNOWN_YET: Greeting = { speaks: 'unknown-yet' };

/** `bytes` are all that came so far, one at least. */
export function readGreeting(bytes: Buffer): Greeting {
  return bytes[0] === HANDSHAKE ? readHello(bytes) : readText(bytes);
}

function readHello(bytes: Buffer): Greeting {
  const hello = parseClientHello(bytes);
  if (hello.state === 'done') return { speaks: 'tls', serverName: hello.serverName };
  if (hello.state === 'invalid') return nothing('The TLS greeting is not well-formed.');
  if (bytes.length <= CLIENT_HELLO_BYTES_MAX) return UNKNOWN_YET;
  return nothing('The TLS greeting is longer than any real one.');
}

function readText(bytes: Buffer): Greeting {
  const start = bytes.subarray(0, METHOD_BYTES).toString('latin1');
  // RFC 9113 section 3.4: the preface of HTTP/2 with prior knowledge.
  if (start.startsWith('PRI ')) return nothing('HTTP/2 without TLS does not leave a box.');
  if (/^[A-Z][A-Z-]{0,22}( |$)/.test(start)) return { speaks: 'http' };
  if (bytes.length < METHOD_BYTES && /^[A-Z-]*$/.test(start)) return UNKNOWN_YET;
  return nothing('It speaks neither TLS nor HTTP.');
}

function nothing(reason: string): Greeting {
  return { speaks: 'nothing-known', reason };
}
