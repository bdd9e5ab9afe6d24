import { PowerboxError } from '../../wire/errors.ts';
import { TOKEN } from '../exchange/request-head.ts';
import { writeFields } from '../http2/write-fields.ts';
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
]);

/** RFC 9110 section 5.5, and bytes above 0x7f: what HTTP/1.1 could send as well. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The head of a request as a header block (RFC 9113 section 8.3.1). Trailers of the answer are always
 * taken: gRPC servers answer no one who does not say so. Throws a PowerboxError `request-malformed`.
 */
export function http2Head({ method, path, headers, body }: OutgoingRequest): Buffer {
  const fields = regularFields(headers, body);
  fields.push('te', 'trailers');
  const authority = headers[1] ?? '';
  const pseudo = [':method', method, ':scheme', 'https', ':authority', authority, ':path', path];
  return writeFields(null, [...pseudo, ...fields]);
}

/** The head of the request that begins a WebSocket (RFC 8441 section 5). */
export function websocketHead(path: string, headers: readonly string[]): Buffer {
  const fields = regularFields(headers, null, 'sec-websocket-key');
  const pseudo = [':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'https'];
  return writeFields(null, [...pseudo, ':authority', headers[1] ?? '', ':path', path, ...fields]);
}

/** `headers` begin with Host, which is left out here. */
function regularFields(
  headers: readonly string[],
  body: OutgoingRequest['body'],
  replaced = '',
): string[] {
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const value = headers[i + 1] as string;
    if (!VALUE.test(value) || !TOKEN.test(name)) throw malformed();
    if ((i === 0) !== (name === 'host')) throw malformed();
    if (i === 0 || LEFT_OUT.has(name) || name === replaced) continue;
    if (name === 'content-length' && !keepsLength(body, value)) continue;
    fields.push(name, value);
  }
  if (body instanceof Uint8Array) fields.push('content-length', String(body.length));
  return fields;
}

/** A body that was read has the length that it has, whatever the program said. */
function keepsLength(body: OutgoingRequest['body'], declared: string): boolean {
  return body === null ? declared === '0' : !(body instanceof Uint8Array);
}

function malformed(): PowerboxError {
  return new PowerboxError(
    'request-malformed',
    'The request cannot be sent as HTTP/2: a header has a name or characters that none may have.',
  );
}
