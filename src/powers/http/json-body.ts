import { parseStrictJson } from '../../policy/strict-json.ts';
import type { HttpBody, HttpCall, HttpHeader, HttpMessage } from './call.ts';
import { exactNumber } from './exact-number.ts';
import { BODY_DEPTH_MAX, JUDGED_BODY_BYTES_MAX } from './limits.ts';
import { type Objection, object } from './refusal.ts';

export type JsonBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly objection: Objection };

const JSON_TYPE =
  /^application\/(?:[a-z0-9!#$&^_.-]+\+)?json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;

/** Every grant and every narrowing of a chain judges the same body, which is parsed once. */
const parsed = new WeakMap<HttpBody | HttpMessage, JsonBody>();

/**
 * The body as the JSON that every server reads it as, or why there is none: a content coding, a
 * type that is not JSON, bytes that are no UTF-8, a byte order mark, a key that is there twice,
 * half a surrogate pair, anything behind the value.
 */
export function readJsonBody(call: HttpCall): JsonBody {
  const { body, headers } = call;
  if (body === null)
    return refused('body-refused', 'it has no body, and the grant has rules for one');
  if (body === undefined || headers === undefined) {
    return refused('body-refused', 'its body is not known, and the grant has rules for it');
  }
  const fault = faultOfHeaders(headers);
  if (fault !== null) return refused('body-unreadable', fault);
  return parseOnce(body, 'its body');
}

/** The same of a message that is sent over a WebSocket, where only text is JSON. */
export function readJsonMessage(message: HttpMessage): JsonBody {
  if (!message.text)
    return refused('body-unreadable', 'it is binary, and the grant has rules for it');
  return parseOnce(message, 'it');
}

function parseOnce(source: HttpBody | HttpMessage, what: string): JsonBody {
  let json = parsed.get(source);
  if (json === undefined) {
    json = parse(source.bytes, what);
    parsed.set(source, json);
  }
  return json;
}

/** What the headers say against reading the body as plain JSON. */
function faultOfHeaders(headers: readonly HttpHeader[]): string | null {
  let type: string | null = null;
  for (const [written, value] of headers) {
    const name = written.replaceAll('_', '-');
    if (name === 'content-encoding' && value.toLowerCase() !== 'identity') {
      return 'its body has a content coding';
    }
    if (name !== 'content-type') continue;
    if (written !== name || type !== null) return 'it names its content type more than once';
    type = value;
  }
  if (type === null) return 'it does not say that its body is application/json';
  return JSON_TYPE.test(type) ? null : 'its body is not application/json in UTF-8';
}

function parse(bytes: Uint8Array, what: string): JsonBody {
  if (bytes.length > JUDGED_BODY_BYTES_MAX) {
    return refused('body-unreadable', `${what} is longer than ${JUDGED_BODY_BYTES_MAX} bytes`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refused('body-unreadable', `${what} is not UTF-8`);
  }
  const json = parseStrictJson(text, {
    depthMax: BODY_DEPTH_MAX,
    number: exactNumber,
    wellFormed: true,
  });
  if (json.ok) return json;
  const { line, column, reason } = json;
  return refused(
    'body-unreadable',
    `${what} is not strict JSON: ${reason} (line ${line}, column ${column})`,
  );
}

function refused(code: Objection['code'], reason: string): JsonBody {
  return { ok: false, objection: object(code, reason) };
}
