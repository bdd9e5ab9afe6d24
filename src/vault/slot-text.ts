import { isPathVariable } from '../policy/path-pattern.ts';
import { parsePointer } from '../powers/http/json-pointer.ts';
import { PowerboxError } from '../wire/errors.ts';
import { SLOT_NAME_CHARS_MAX } from './limits.ts';
import type { HeaderSlot, Slot } from './slot.ts';

/** A `token` of RFC 9110 §5.6.2, which names of cookies are as well (RFC 6265 §4.1.1). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Unreserved characters of RFC 3986 §2.3: the only ones with one spelling in a query or a form. */
const KEY = /^[A-Za-z0-9._~-]+$/;
/** Printable ASCII around one `{}`; what servers would trim off its ends is refused. */
const TEMPLATE = /^(?! )[\x20-\x7a\x7c\x7e]*\{\}[\x20-\x7a\x7c\x7e]*(?<! )$/;

/**
 * Headers that frame, route or belong to one hop (RFC 9110 §7.6.1, RFC 9112 §6), or that the
 * egress writes itself. A value there would change what request is sent, not who sends it.
 */
const REFUSED_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'cookie2',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The slot that `text` names. Throws `secret-invalid`. Header names become lower-case. */
export function parseSlot(text: string): Slot {
  const colon = text.indexOf(':');
  const place = colon === -1 ? text : text.slice(0, colon);
  const rest = colon === -1 ? '' : text.slice(colon + 1);
  if (text.length > SLOT_NAME_CHARS_MAX + 64) throw fault(text, 'it is too long');
  switch (place) {
    case 'header':
      return headerSlot(text, rest);
    case 'query':
    case 'form':
      return { in: place, name: named(text, rest, KEY, 'a key is letters, digits and - . _ ~') };
    case 'cookie':
      return { in: 'cookie', name: named(text, rest, TOKEN, 'that is not a name of a cookie') };
    case 'path':
      return { in: 'path', variable: variableOf(text, rest) };
    case 'json':
      return { in: 'json', pointer: pointerOf(text, rest) };
    case 'websocket':
      if (!rest.startsWith('json:')) throw fault(text, 'its second part is json');
      return { in: 'websocket', pointer: pointerOf(text, rest.slice('json:'.length)) };
    default:
      throw fault(
        text,
        'its first part is none of header, query, cookie, path, form, json, websocket',
      );
  }
}

function named(text: string, name: string, shape: RegExp, reason: string): string {
  if (name === '') throw fault(text, 'it names nothing');
  if (name.length > SLOT_NAME_CHARS_MAX) throw fault(text, 'the name is too long');
  if (!shape.test(name)) throw fault(text, reason);
  return name;
}

function headerSlot(text: string, rest: string): HeaderSlot {
  const colon = rest.indexOf(':');
  const written = colon === -1 ? rest : rest.slice(0, colon);
  const form = colon === -1 ? null : rest.slice(colon + 1);
  const name = named(text, written, TOKEN, 'that is not a header name').toLowerCase();
  if (name === 'cookie') throw fault(text, 'a cookie is a slot by its own name, cookie:NAME');
  if (REFUSED_HEADERS.has(name) || name.startsWith('proxy-')) {
    throw fault(text, `the header ${name} cannot carry a secret`);
  }
  if (form === null) return { in: 'header', name, form: 'whole' };
  if (form === 'bearer' || form === 'basic-password') {
    if (name === 'authorization') return { in: 'header', name, form };
    throw fault(text, 'only the header authorization has a scheme');
  }
  if (form === '{}') throw fault(text, 'a template has text beside {}');
  if (form.length > SLOT_NAME_CHARS_MAX || !TEMPLATE.test(form)) {
    throw fault(text, 'the third part is bearer, basic-password, or printable ASCII with one {}');
  }
  return { in: 'header', name, form: 'template', template: form };
}

function variableOf(text: string, rest: string): string {
  const name = /^\{(.*)\}$/.exec(rest)?.[1] ?? '';
  if (isPathVariable(name)) return name;
  throw fault(text, 'it names a variable of a path in braces, as path:{token}');
}

function pointerOf(text: string, pointer: string): string {
  if (pointer.length > SLOT_NAME_CHARS_MAX) throw fault(text, 'the pointer is too long');
  const tokens = /^[\x20-\x7e]*$/.test(pointer) ? parsePointer(pointer) : null;
  if (tokens === null || tokens.length === 0) {
    throw fault(text, 'its last part is a JSON Pointer in printable ASCII, as /auth/token');
  }
  // In rules these stand for many places, or for one where nothing is.
  if (tokens.some((token) => token === '*' || token === '-' || token === '__proto__')) {
    throw fault(text, 'a pointer of a slot names one place');
  }
  return pointer;
}

/** The one spelling of a slot; `parseSlot(formatSlot(slot))` is the same slot. */
export function formatSlot(slot: Slot): string {
  switch (slot.in) {
    case 'header': {
      if (slot.form === 'whole') return `header:${slot.name}`;
      return `header:${slot.name}:${slot.form === 'template' ? slot.template : slot.form}`;
    }
    case 'path':
      return `path:{${slot.variable}}`;
    case 'json':
      return `json:${slot.pointer}`;
    case 'websocket':
      return `websocket:json:${slot.pointer}`;
    default:
      return `${slot.in}:${slot.name}`;
  }
}

function fault(text: string, reason: string): PowerboxError {
  const shown = /^[\x20-\x7e]{1,200}$/.test(text) ? ` "${text}"` : '';
  return new PowerboxError('secret-invalid', `Cannot parse the slot${shown}: ${reason}.`, {
    hint: 'Use header:authorization:bearer, header:authorization:basic-password, header:NAME, "header:NAME:Token {}", query:NAME, cookie:NAME, path:{variable}, form:NAME, json:/pointer or websocket:json:/pointer.',
  });
}
