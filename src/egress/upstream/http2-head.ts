import type { OutgoingHttpHeaders } from 'node:http2';
import { PowerboxError } from '../../wire/errors.ts';
import { TOKEN } from '../exchange/request-head.ts';
import type { OutgoingRequest } from './send.ts';

/** RFC 9113 section 8.2.2: what belongs to a connection never goes into a stream. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'http2-settings',
  'content-length',
]);

/** RFC 9110 section 5.5, and bytes above 0x7f: what HTTP/1.1 could send as well. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The head of a request in HTTP/2 (RFC 9113 section 8.3.1). Trailers of the answer are always taken:
 * gRPC servers answer no one who does not say so. Throws a PowerboxError `request-malformed`.
 */
export function http2Head({ method, path, headers, body }: OutgoingRequest): OutgoingHttpHeaders {
  // A header may be named as what every object has, for example `constructor`.
  const head: Head = Object.create(null) as Head;
  head[':method'] = method;
  head[':scheme'] = 'https';
  head[':path'] = path;
  let declared: string | null = null;
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const value = headers[i + 1] as string;
    if (!VALUE.test(value) || !TOKEN.test(name)) throw malformed();
    if (name === 'host') head[':authority'] = value;
    else if (name === 'content-length') declared = value;
    else if (!LEFT_OUT.has(name)) add(head, name, value);
  }
  const length = lengthOf(body, declared);
  if (length !== null) head['content-length'] = length;
  head.te = 'trailers';
  return head;
}

interface Head {
  [name: string]: string | string[];
  te?: string;
}

function add(head: Head, name: string, value: string): void {
  const before = head[name];
  if (before === undefined) head[name] = value;
  else if (typeof before === 'string') head[name] = [before, value];
  else before.push(value);
}

/** A body that was read has the length that it has, whatever the program said. */
function lengthOf(body: OutgoingRequest['body'], declared: string | null): string | null {
  if (body === null) return declared === '0' ? '0' : null;
  return body instanceof Uint8Array ? String(body.length) : declared;
}

function malformed(): PowerboxError {
  return new PowerboxError(
    'request-malformed',
    'The request cannot be sent as HTTP/2: a header has characters that none may have.',
  );
}
