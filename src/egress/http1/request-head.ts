import type { IncomingMessage } from 'node:http';
import { canonicalPath } from '../../policy/path.ts';
import {
  endToEnd,
  type HeadResult,
  headerValues,
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
  const framing = checkFraming(request);
  if (framing !== null) return malformed(framing);

  const line = splitTarget(request.url ?? '');
  if (line === null) return malformed('the request target is neither a path nor an http URL');
  const path = canonicalPath(line.path);
  if (!path.ok) {
    return { ok: false, code: path.code, reason: `The request was refused: ${path.reason}.` };
  }

  const hostText = line.authority ?? headerValues(rawHeaders, 'host')[0];
  const host = hostText === undefined ? null : parseAuthority(hostText);
  if (hostText !== undefined && host === null)
    return malformed('the host is not a plain host name');
  const hostHeader = headerValues(rawHeaders, 'host')[0];
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
  return {
    ok: true,
    head: {
      method,
      path,
      host,
      scheme: line.scheme,
      headers: endToEnd(rawHeaders),
      hasBody: hasBody(request),
      websocket: wantsWebsocket(request),
    },
  };
}

/** What RFC 9112 sections 3.2 and 6.1 forbid and the parser lets through. */
function checkFraming(request: IncomingMessage): string | null {
  const { rawHeaders, httpVersion } = request;
  if (rawHeaders.length > 2 * REQUEST_HEADERS_MAX) {
    return `there are more than ${REQUEST_HEADERS_MAX} headers`;
  }
  const hosts = headerValues(rawHeaders, 'host');
  if (hosts.length > 1) return 'there is more than one Host header';
  if (hosts.length === 0 && httpVersion === '1.1') return 'there is no Host header';
  const lengths = headerValues(rawHeaders, 'content-length');
  if (lengths.length > 1) return 'there is more than one Content-Length';
  if (lengths[0] !== undefined && !/^\d{1,16}$/.test(lengths[0])) {
    return 'Content-Length is not a plain number';
  }
  const codings = headerValues(rawHeaders, 'transfer-encoding');
  if (codings.length > 0) {
    if (httpVersion !== '1.1') return 'Transfer-Encoding needs HTTP/1.1';
    if (lengths.length > 0) return 'there are both Content-Length and Transfer-Encoding';
    if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') {
      return 'the only Transfer-Encoding that is taken is chunked';
    }
  }
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!TOKEN.test(rawHeaders[i] as string)) return 'a header name is not a token';
  }
  const expect = headerValues(rawHeaders, 'expect');
  if (expect.length > 0 && expect.join().toLowerCase() !== '100-continue') {
    return 'the only expectation that is taken is 100-continue';
  }
  return checkUpgrade(request);
}

/**
 * An upgrade to anything but WebSocket (h2c above all) would leave the rules behind. A WebSocket
 * begins with a GET without a body (RFC 6455 section 4.1), and is sent as one.
 */
function checkUpgrade({ rawHeaders, method, httpVersion }: IncomingMessage): string | null {
  const upgrades = headerValues(rawHeaders, 'upgrade');
  if (upgrades.length === 0) return null;
  if (upgrades.length > 1 || upgrades[0]?.toLowerCase() !== 'websocket') {
    return 'the only upgrade that is taken is websocket';
  }
  if (method !== 'GET' || httpVersion !== '1.1') return 'a WebSocket begins with a GET of HTTP/1.1';
  const framed = ['content-length', 'transfer-encoding'];
  if (framed.some((name) => headerValues(rawHeaders, name).length > 0)) {
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

function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return (
    request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
  );
}

function wantsWebsocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}
