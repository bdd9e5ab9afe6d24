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

/** Pseudo-header fields that a request may have (RFC 9113 section 8.3.1, RFC 8441 section 4). */
const PSEUDO: ReadonlySet<string> = new Set([
  ':method',
  ':scheme',
  ':path',
  ':authority',
  ':protocol',
]);

/** They belong to a connection of HTTP/1.1 and make a request malformed (RFC 9113 section 8.2.2). */
const OF_A_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9113 section 8.2.1 and RFC 9110 section 5.5: no control characters, no space around it. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/** `fields` are names and values in turn. `ended`: the request has no body. */
export interface Http2Head {
  readonly fields: readonly string[];
  readonly tooLong: boolean;
  readonly ended: boolean;
}

/** A request's head after every check; nothing of it is mended, what is odd is refused. */
export function readHttp2Head({ fields, tooLong, ended }: Http2Head): HeadResult {
  if (tooLong) return malformed('its head is too long');
  const parts = partsOf(fields);
  if (typeof parts === 'string') return malformed(parts);
  const { pseudo, headers } = parts;
  const fault =
    faultOfPseudo(pseudo) ?? faultOfHeaders(headers) ?? faultOfBody(pseudo, headers, ended);
  if (fault !== null) return malformed(fault);

  const asked = pseudo.get(':method') as string;
  const websocket = pseudo.has(':protocol');
  // What RFC 8441 asks for with CONNECT is what RFC 6455 asks for with GET.
  const method = websocket ? 'GET' : asked;
  const odd = refusalOfMethod(method);
  if (odd !== null) return { ok: false, ...odd };
  const scheme = pseudo.get(':scheme');
  if (scheme !== 'https' && scheme !== 'http') return malformed('the scheme is not https');
  const path = canonicalPath(pseudo.get(':path') as string);
  if (!path.ok) {
    return { ok: false, code: path.code, reason: `The request was refused: ${path.reason}.` };
  }
  const host = parseAuthority(pseudo.get(':authority') as string);
  if (host === null) return malformed('the host is not a plain host name');
  const [hostHeader] = headerValues(headers, 'host');
  if (hostHeader !== undefined) {
    const named = parseAuthority(hostHeader);
    if (named === null || named.host.host !== host.host.host || named.port !== host.port) {
      const reason = 'The :authority and the Host header name different hosts.';
      return { ok: false, code: 'target-mismatch', reason };
    }
  }
  return {
    ok: true,
    head: {
      method,
      path,
      host,
      scheme,
      headers: endToEnd(joinCookies(headers)),
      hasBody: !ended && !websocket && declaredBytes(headers) !== 0,
      websocket,
    },
  };
}

/** What the head says of the length of its body; null for nothing. */
export function declaredBytes(fields: readonly string[]): number | null {
  const [length] = headerValues(fields, 'content-length');
  return length === undefined ? null : Number(length);
}

interface Parts {
  readonly pseudo: ReadonlyMap<string, string>;
  readonly headers: string[];
}

/** Names are lower-case tokens, pseudo-header fields come first and once each. */
function partsOf(fields: readonly string[]): Parts | string {
  const pseudo = new Map<string, string>();
  const headers: string[] = [];
  if (fields.length > 2 * (REQUEST_HEADERS_MAX + PSEUDO.size)) {
    return `there are more than ${REQUEST_HEADERS_MAX} headers`;
  }
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (!VALUE.test(value)) return 'a header has a control character, or a space around its value';
    if (name.startsWith(':')) {
      if (!PSEUDO.has(name)) return 'there is an unknown pseudo-header';
      if (headers.length > 0) return 'a pseudo-header comes after a header';
      if (pseudo.has(name)) return `there is more than one ${name}`;
      pseudo.set(name, value);
      continue;
    }
    if (!TOKEN.test(name) || name !== name.toLowerCase()) {
      return 'a header name is not a lower-case token';
    }
    headers.push(name, value);
  }
  return { pseudo, headers };
}

function faultOfPseudo(pseudo: ReadonlyMap<string, string>): string | null {
  const method = pseudo.get(':method');
  const protocol = pseudo.get(':protocol');
  if (method === 'CONNECT' && protocol === undefined) {
    return 'CONNECT works at the proxy address only';
  }
  if (protocol !== undefined && (protocol !== 'websocket' || method !== 'CONNECT')) {
    return 'the only protocol that is taken, with CONNECT, is websocket';
  }
  for (const name of [':method', ':scheme', ':path', ':authority']) {
    if (!pseudo.has(name)) return `there is no ${name}`;
  }
  return null;
}

function faultOfHeaders(headers: readonly string[]): string | null {
  if (headers.length > 2 * REQUEST_HEADERS_MAX) {
    return `there are more than ${REQUEST_HEADERS_MAX} headers`;
  }
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (OF_A_CONNECTION.has(name)) return `the header ${name} belongs to HTTP/1.1`;
    if (name === 'te' && headers[i + 1] !== 'trailers') return 'te is not trailers';
  }
  if (headerValues(headers, 'host').length > 1) return 'there is more than one Host header';
  const lengths = headerValues(headers, 'content-length');
  if (lengths.length > 1) return 'there is more than one Content-Length';
  if (lengths[0] !== undefined && !/^\d{1,16}$/.test(lengths[0])) {
    return 'Content-Length is not a plain number';
  }
  const expect = headerValues(headers, 'expect');
  if (expect.length > 0 && expect.join().toLowerCase() !== '100-continue') {
    return 'the only expectation that is taken is 100-continue';
  }
  return null;
}

function faultOfBody(
  pseudo: ReadonlyMap<string, string>,
  headers: readonly string[],
  ended: boolean,
): string | null {
  const length = declaredBytes(headers);
  if (pseudo.has(':protocol') && (ended || length !== null)) {
    return 'the request for a WebSocket has a body, or ends before it begins';
  }
  return ended && (length ?? 0) !== 0 ? 'its body is shorter than its head says' : null;
}

/**
 * RFC 9113 section 8.2.3: cookies may come in crumbs, and are one header elsewhere. An empty crumb
 * would leave a space at the end, which is no part of a value there.
 */
function joinCookies(headers: readonly string[]): readonly string[] {
  const crumbs = headerValues(headers, 'cookie');
  if (crumbs.length < 2) return headers;
  const joined: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie') joined.push(headers[i] as string, headers[i + 1] as string);
  }
  return [...joined, 'cookie', crumbs.filter((crumb) => crumb !== '').join('; ')];
}
