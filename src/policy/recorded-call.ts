import type { HttpCall } from '../powers/http/call.ts';
import { callOfUrl } from './url.ts';

/**
 * A call as the record tells it. The record has no values of a query, no headers and no body, so
 * neither has this: what a rule says of those cannot be judged from it.
 */
export type RecordedCall =
  | { readonly kind: 'http'; readonly call: HttpCall }
  | { readonly kind: 'files'; readonly call: RecordedFiles }
  | { readonly kind: 'model'; readonly call: RecordedModel };

export interface RecordedFiles {
  readonly method: string;
  readonly targets: readonly {
    readonly access: 'read' | 'list' | 'enter' | 'write' | 'take';
    readonly path: string;
  }[];
}

export interface RecordedModel {
  /** `next` reads on in an answer. */
  readonly method: 'chat' | 'next';
  readonly model: string;
  /** Null where nobody said. */
  readonly origin: string | null;
  readonly messages: number;
  readonly maxTokens: number | null;
}

/** The call of a request's row, whose URL has the keys of its query without their values. */
export function callOfRequestRow(method: string, url: string): RecordedCall | null {
  const read = callOfUrl(method, url.replace(/\?.*$/s, ''));
  return read.ok ? { kind: 'http', call: { ...read.call, query: '' } } : null;
}

/**
 * The call that a description of a kind tells of; null when the description does not tell enough:
 * it was shortened, or such calls are not told in full.
 */
export function callOfDescription(text: string): RecordedCall | null {
  if (text.includes('…')) return null;
  return httpCall(text) ?? modelCall(text) ?? filesCall(text);
}

/** `GET https://api.example.com/v1`, `the answer of GET …`. */
function httpCall(text: string): RecordedCall | null {
  const match = /^(the answer of )?([A-Z][A-Z0-9_-]{0,31}) (https?:\/\/\S+)( \(WebSocket\))?$/.exec(
    text,
  );
  if (match === null) return null;
  const [, answer, method = '', url = '', socket] = match;
  const read = callOfUrl(method, url);
  if (!read.ok) return null;
  const reads = answer === undefined ? {} : { reads: true };
  const websocket = socket === undefined ? {} : { websocket: true };
  return { kind: 'http', call: { ...read.call, query: '', ...reads, ...websocket } };
}

/** What each method of a directory does at its paths. */
const FILES: Readonly<Record<string, readonly RecordedFiles['targets'][number]['access'][]>> = {
  read: ['read'],
  readText: ['read'],
  list: ['list'],
  stat: ['list'],
  watch: ['list'],
  subdirectory: ['enter'],
  readOnly: ['enter'],
  write: ['write'],
  makeDirectory: ['write'],
  remove: ['write'],
  rename: ['take', 'write'],
};

/** `write /out/a.txt`, `rename /a to "/b c"`. */
function filesCall(text: string): RecordedCall | null {
  const path = '(/[\\x21-\\x7e]*|"/(?:[^"\\\\]|\\\\.)*")';
  const match = new RegExp(`^([A-Za-z]+) ${path}(?: to ${path})?$`).exec(text);
  const [, method = '', ...written] = match ?? [];
  const accesses = Object.hasOwn(FILES, method) ? FILES[method] : undefined;
  const paths = written.filter((one) => one !== undefined).map(pathOf);
  if (accesses === undefined || paths.length !== accesses.length || paths.includes(null))
    return null;
  const targets = accesses.map((access, at) => ({ access, path: paths[at] as string }));
  return { kind: 'files', call: { method, targets } };
}

function pathOf(written: string): string | null {
  if (!written.startsWith('"')) return written;
  try {
    return JSON.parse(written) as string;
  } catch {
    return null;
  }
}

/** `chat with "gpt-4o" at https://api.openai.com (3 messages, at most 100 tokens)`. */
function modelCall(text: string): RecordedCall | null {
  const match =
    /^(chat with|read on from) ("(?:[^"\\]|\\.)*") at (\S+) \((\d+) messages?, (?:at most (\d+)|any number of) tokens\)$/.exec(
      text,
    );
  if (match === null) return null;
  const [, what, name = '""', origin = '', messages, tokens] = match;
  const model = pathOf(name);
  if (model === null) return null;
  return {
    kind: 'model',
    call: {
      method: what === 'chat with' ? 'chat' : 'next',
      model,
      origin,
      messages: Number(messages),
      maxTokens: tokens === undefined ? null : Number(tokens),
    },
  };
}
