import { z } from 'zod';
import { canonicalPath } from '../../policy/path.ts';
import { quote } from '../../policy/quote.ts';
import { callOfUrl } from '../../policy/url.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { HttpCall, HttpHeader } from './call.ts';
import type { HttpConfig } from './config.ts';

/** A request as a holder of the power writes it. */
export const requestSchema = z.strictObject({
  /** GET when it is left out. */
  method: z.exactOptional(z.string()),
  /** A whole URL, or a path on the power's own host. */
  url: z.string(),
  headers: z.exactOptional(z.record(z.string(), z.string())),
  body: z.exactOptional(z.union([z.string(), z.instanceof(Uint8Array)])),
  /** Sent as the body, with its content type. */
  json: z.exactOptional(z.unknown()),
});

export type HttpRequest = z.infer<typeof requestSchema>;

/** What frames a request, belongs to one hop, or names another target: the sender's own business. */
const REFUSED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5, without what is not ASCII, which servers read in different ways. */
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$|^$/;

/** The canonical form of a request. Throws `call-invalid`. */
export function callOfRequest(config: HttpConfig, request: HttpRequest): HttpCall {
  const { method = 'GET', url } = request;
  if (!/^[A-Z][A-Z-]{0,31}$/.test(method)) {
    throw invalid(`the method ${quote(method)} is not a plain upper-case word`);
  }
  const body = bodyOf(request);
  return {
    ...placeOf(config, url),
    method,
    headers: headersOf(request, body),
    body: body === null ? null : Object.freeze({ bytes: body }),
    websocket: false,
  };
}

type Place = Pick<HttpCall, 'scheme' | 'host' | 'port' | 'path' | 'query'>;

function placeOf({ scheme, host, port }: HttpConfig, url: string): Place {
  if (!url.startsWith('/')) {
    const read = callOfUrl('GET', url);
    if (!read.ok) throw invalid(`the URL ${quote(url)} is malformed, as ${read.reason}`);
    const { method: _, ...place } = read.call;
    return place;
  }
  if (host.type !== 'exact') {
    throw invalid('the URL is only a path, and the power is for more than one host');
  }
  const path = canonicalPath(url);
  if (!path.ok) throw invalid(`the path ${quote(url)} is malformed, as ${path.reason}`);
  return { scheme, host: host.name, port, path: path.path, query: path.query };
}

function bodyOf({ body, json }: HttpRequest): Uint8Array | null {
  if (body !== undefined && json !== undefined) throw invalid('it has both a body and a json');
  if (json !== undefined) return new TextEncoder().encode(jsonOf(json));
  if (body === undefined) return null;
  return typeof body === 'string' ? new TextEncoder().encode(body) : body;
}

function jsonOf(value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value);
    if (typeof text === 'string') return text;
  } catch {
    // What JSON has no word for is refused below.
  }
  throw invalid('its json is nothing that JSON can say');
}

function headersOf(request: HttpRequest, body: Uint8Array | null): readonly HttpHeader[] {
  const headers: HttpHeader[] = [];
  const seen = new Set<string>();
  for (const [written, value] of Object.entries(request.headers ?? {})) {
    const name = written.toLowerCase();
    if (!TOKEN.test(written)) throw invalid(`${quote(written)} is no name of a header`);
    if (REFUSED.has(name) || name.startsWith('proxy-')) {
      throw invalid(`the header ${name} is not for a caller to write`);
    }
    if (!VALUE.test(value)) throw invalid(`the header ${name} has characters that cannot be sent`);
    if (seen.has(name)) throw invalid(`the header ${name} is there twice`);
    seen.add(name);
    headers.push([name, value]);
  }
  if (request.json !== undefined && !seen.has('content-type')) {
    headers.push(['content-type', 'application/json']);
  }
  if (body !== null) headers.push(['content-length', String(body.length)]);
  return headers;
}

function invalid(reason: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot make an http request of it: ${reason}.`);
}
