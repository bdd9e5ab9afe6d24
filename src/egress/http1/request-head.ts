import type { IncomingMessage } from 'node:http';
import { canonicalPath } from '../../policy/path.ts';
import {
  endToEnd,
  type HeadResult,
  malformed,
  parseAuthority,
  refusalOfMethod,
  TOKEN,
} from '../exchange/request-head.ts';
import { REQUEST_HEADERS_MAX } from '../limits.ts';

/** A request's head after every check that Node's parser leaves open (RFC 9112). */
export function readRequestHead(request: IncomingMessage): HeadResult {
  const { rawHeaders } = request;
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') {
    return malformed('the request line has a version other than HTTP/1.1 or HTTP/1.0');
  }
  const method = request.method ?? '';
  const odd = refusalOfMethod(method);
  if (odd !== null) return { ok: false, ...odd };
  if (rawHeaders.length > 2 * REQUEST_HEADERS_MAX) {
    return malformed(`there are more than ${REQUEST_HEADERS_MAX} headers`);
  }
  const framing = gatherFraming(rawHeaders);
  if (framing === null) return malformed('a header name is not a token');
  const fault = faultOfFraming(framing, request.httpVersion) ?? faultOfUpgrade(framing, request);
  if (fault !== null) return malformed(fault);

  const line = splitTarget(request.url ?? '');
  if (line === null) return malformed('the request target is neither a path nor an http URL');
  const path = canonicalPath(line.path);
  if (!path.ok) {
    return { ok: false, code: path.code, reason: `The request was refused: ${path.reason}.` };
  }

  const hostHeader = framing.host[0];
  const hostText = line.authority ?? hostHeader;
  const host = hostText === undefined ? null : parseAuthority(hostText);
  if (hostText !== undefined && host === null)
    return malformed('the host is not a plain host name');
  if (line.authority !== null && hostHeader !== undefined) {
    const named = parseAuthority(hostHeader);
    if (named === null || named.host.host !== host?.host.host || named.port !== host.port) {
      return {
        ok: false,
        code: 'target-mismatch',
        reason: 'The request line and the Host header name different hosts.',
      };
    }
  }
  const [length] = framing['content-length'];
  return {
    ok: true,
    head: {
      method,
      path,
      host,
      scheme: line.scheme,
      headers: endToEnd(rawHeaders, framing.connection),
      hasBody: framing['transfer-encoding'].length > 0 || (length !== undefined && length !== '0'),
      websocket: framing.upgrade.length > 0,
    },
  };
}

/** Values of the headers that frame and route a request, in order. */
type Framing = Record<(typeof FRAMING)[number], string[]>;

const FRAMING = [
  'host',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'connection',
] as const;

/** One look at each header; null when a name is not a token. */
function gatherFraming(rawHeaders: readonly string[]): Framing | null {
  const framing: Framing = {
    host: [],
    'content-length': [],
    'transfer-encoding': [],
    expect: [],
    upgrade: [],
    connection: [],
  };
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!TOKEN.test(name)) return null;
    const lower = name.toLowerCase();
    if (isFraming(lower)) framing[lower].push(rawHeaders[i + 1] as string);
  }
  return framing;
}

const FRAMING_NAMES: ReadonlySet<string> = new Set(FRAMING);

function isFraming(lower: string): lower is keyof Framing {
  return FRAMING_NAMES.has(lower);
}

/** What RFC 9112 sections 3.2 and 6.1 forbid and the parser lets through. */
function faultOfFraming(framing: Framing, version: string): string | null {
  const { host, expect } = framing;
  if (host.length > 1) return 'there is more than one Host header';
  if (host.length === 0 && version === '1.1') return 'there is no Host header';
  const lengths = framing['content-length'];
  if (lengths.length > 1) return 'there is more than one Content-Length';
  if (lengths[0] !== undefined && !/^\d{1,16}$/.test(lengths[0])) {
    return 'Content-Length is not a plain number';
  }
  const codings = framing['transfer-encoding'];
  if (codings.length > 0) {
    if (version !== '1.1') return 'Transfer-Encoding needs HTTP/1.1';
    if (lengths.length > 0) return 'there are both Content-Length and Transfer-Encoding';
    if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') {
      return 'the only Transfer-Encoding that is taken is chunked';
    }
  }
  if (expect.length > 0 && expect.join().toLowerCase() !== '100-continue') {
    return 'the only expectation that is taken is 100-continue';
  }
  return null;
}

/**
 * An upgrade to anything but WebSocket (h2c above all) would leave the rules behind. A WebSocket
 * begins with a GET without a body (RFC 6455 section 4.1), and is sent as one.
 */
function faultOfUpgrade(framing: Framing, request: IncomingMessage): string | null {
  const { upgrade } = framing;
  if (upgrade.length === 0) return null;
  if (upgrade.length > 1 || upgrade[0]?.toLowerCase() !== 'websocket') {
    return 'the only upgrade that is taken is websocket';
  }
  // Without it a server upgrades nothing, and what was judged as a WebSocket would be none.
  if (!framing.connection.some((value) => /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(value))) {
    return 'the Connection header does not name the upgrade';
  }
  if (request.method !== 'GET' || request.httpVersion !== '1.1') {
    return 'a WebSocket begins with a GET of HTTP/1.1';
  }
  if (framing['content-length'].length + framing['transfer-encoding'].length > 0) {
    return 'the request for a WebSocket has a body';
  }
  return null;
}

function splitTarget(
  url: string,
): { scheme: 'http' | 'https' | null; authority: string | null; path: string } | null {
  if (url.startsWith('/')) return { scheme: null, authority: null, path: url };
  const match = /^(https?):\/\/([^/?#\\@]+)(\/[^#]*)?$/i.exec(url);
  if (match === null) return null;
  const scheme = (match[1] as string).toLowerCase() === 'https' ? 'https' : 'http';
  return { scheme, authority: match[2] as string, path: match[3] ?? '/' };
}
