/**
 * HTTP/1.1 messages read strictly by the grammar of RFC 9112, and by nothing of what is tried: what
 * the egress lets out must be what stands here. Three freedoms that Node's parser takes are kept, as
 * they have one reading: more than one space between the parts of a request line (section 3), any
 * line ends before it (section 2.2), and any text on its line as the extension of a chunk, which is
 * not passed on.
 */

export interface OwnRequest {
  readonly method: string;
  readonly target: string;
  /** Names as they are written, values without the space around them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface OwnReading {
  /** Whole ones, in order. */
  readonly requests: readonly OwnRequest[];
  /** What follows the last whole one: nothing, a beginning, or what no request begins with. */
  readonly rest: 'nothing' | 'beginning' | 'malformed' | 'closed' | 'another protocol';
}

interface Framed {
  readonly body: string;
  readonly end: number;
}

type Part = Framed | 'beginning' | 'malformed';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(
  `(${TOKEN}) +([\\x21-\\x7e\\x80-\\xff]+) +HTTP/1\\.([01])\\r\\n`,
  'y',
);
const FIELD = new RegExp(`(${TOKEN}):[ \\t]*((?:[\\t\\x20-\\x7e\\x80-\\xff])*)\\r\\n`, 'y');
const CHUNK = /([0-9A-Fa-f]+)(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n/y;
const STATUS_LINE = /HTTP\/1\.1 ([1-5][0-9]{2}) [\t\x20-\x7e\x80-\xff]*\r\n/y;

/** Every request of a connection's bytes (Latin-1), as far as they can be read in one way. */
export function readRequests(text: string): OwnReading {
  const requests: OwnRequest[] = [];
  for (let at = 0; ; ) {
    while (text[at] === '\r' || text[at] === '\n') at += 1;
    if (at === text.length) return { requests, rest: 'nothing' };
    const line = matchAt(REQUEST_LINE, text, at);
    if (line === null) return { requests, rest: beginsOr(text, at) };
    const head = readFields(text, at + line[0].length);
    if (typeof head === 'string') return { requests, rest: head };
    const [, method = '', target = '', minor = ''] = line;
    const framed = readBody(text, head.end, head.fields, minor);
    if (typeof framed === 'string') return { requests, rest: framed };
    requests.push({ method, target, fields: head.fields, body: framed.body });
    if (method === 'CONNECT' || isUpgrade(head.fields)) {
      return { requests, rest: 'another protocol' };
    }
    if (closes(head.fields, minor)) return { requests, rest: 'closed' };
    at = framed.end;
  }
}

/** The final answers of a connection's bytes, each whole; null for anything else in between. */
export function readAnswers(text: string, methods: readonly string[]): readonly number[] | null {
  const statuses: number[] = [];
  for (let at = 0; at < text.length; ) {
    const line = matchAt(STATUS_LINE, text, at);
    const head = line === null ? null : readFields(text, at + line[0].length);
    if (line === null || head === null || typeof head === 'string') return null;
    const status = Number(line[1]);
    at = head.end;
    if (status < 200) continue;
    const none = methods[statuses.length] === 'HEAD' || status === 204 || status === 304;
    // What follows a request and is none is refused in place of the answer, with a body.
    const bodiless = none && (status < 400 || !text.startsWith('{', at));
    const framed = bodiless ? { end: at } : readBody(text, at, head.fields, '1');
    // To what began like HEAD, and was no request, the answer has no body.
    if (framed === 'beginning' && status >= 400) return [...statuses, status];
    if (typeof framed === 'string') return null;
    statuses.push(status);
    at = framed.end;
  }
  return statuses;
}

export function valuesOf(fields: OwnRequest['fields'], name: string): string[] {
  return fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

/** The tokens of a list field, lower-case. */
export function listOf(fields: OwnRequest['fields'], name: string): string[] {
  const items = valuesOf(fields, name).flatMap((value) => value.split(','));
  return items.map((item) => item.trim().toLowerCase());
}

function readFields(
  text: string,
  from: number,
): { fields: (readonly [string, string])[]; end: number } | 'beginning' | 'malformed' {
  const fields: (readonly [string, string])[] = [];
  for (let at = from; ; ) {
    if (text.startsWith('\r\n', at)) return { fields, end: at + 2 };
    const field = matchAt(FIELD, text, at);
    if (field === null) return beginsOr(text, at);
    const [whole, name = '', value = ''] = field;
    fields.push([name, value.replace(/[ \t]+$/, '')]);
    at += whole.length;
  }
}

function readBody(text: string, at: number, fields: OwnRequest['fields'], minor: string): Part {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return 'malformed';
  if (codings.length === 1) {
    if (minor === '0' || codings[0]?.toLowerCase() !== 'chunked') return 'malformed';
    return readChunks(text, at);
  }
  if (lengths[0] === undefined) return { body: '', end: at };
  if (!/^[0-9]{1,16}$/.test(lengths[0])) return 'malformed';
  const end = at + Number(lengths[0]);
  return end > text.length ? 'beginning' : { body: text.slice(at, end), end };
}

function readChunks(text: string, from: number): Part {
  let body = '';
  for (let at = from; ; ) {
    const chunk = matchAt(CHUNK, text, at);
    if (chunk === null) return beginsOr(text, at);
    const size = Number.parseInt(chunk[1] as string, 16);
    at += chunk[0].length;
    if (size === 0) {
      const trailers = readFields(text, at);
      return typeof trailers === 'string' ? trailers : { body, end: trailers.end };
    }
    if (at + size + 2 > text.length) return 'beginning';
    body += text.slice(at, at + size);
    at += size;
    if (!text.startsWith('\r\n', at)) return 'malformed';
    at += 2;
  }
}

function isUpgrade(fields: OwnRequest['fields']): boolean {
  return valuesOf(fields, 'upgrade').length > 0 && listOf(fields, 'connection').includes('upgrade');
}

/** RFC 9112 section 9.3. */
function closes(fields: OwnRequest['fields'], minor: string): boolean {
  const options = listOf(fields, 'connection');
  return options.includes('close') || (minor === '0' && !options.includes('keep-alive'));
}

/** A line that does not end yet may still become a good one. */
function beginsOr(text: string, at: number): 'beginning' | 'malformed' {
  return text.indexOf('\n', at) === -1 ? 'beginning' : 'malformed';
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
