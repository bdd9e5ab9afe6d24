import { POLICY_DEPTH_MAX } from './limits.ts';
import { quote } from './quote.ts';

/** A fault in JSON text; `line` and `column` count from 1. */
interface JsonFault {
  readonly ok: false;
  readonly reason: string;
  readonly line: number;
  readonly column: number;
}

export type StrictJson = { readonly ok: true; readonly value: unknown } | JsonFault;

/** What a reader of JSON that is not a policy file may ask for. */
export interface StrictJsonOptions {
  readonly depthMax?: number;
  /** What a number becomes, of its text; without it the nearest double. */
  readonly number?: (token: string) => unknown;
  /** Refuses half a surrogate pair, of which readers make different things. */
  readonly wellFormed?: boolean;
  /**
   * Told of each string that is a value: the keys and indexes that lead to it, which it may not
   * keep, and the offsets of its text with its quotes.
   */
  readonly onString?: (path: readonly (string | number)[], start: number, end: number) => void;
}

interface Cursor extends StrictJsonOptions {
  readonly text: string;
  readonly depthMax: number;
  /** Keys and indexes that lead to where it is. */
  readonly path: (string | number)[];
  at: number;
}

/** Thrown and caught in this file only. */
interface Stop {
  readonly stop: true;
  readonly reason: string;
  readonly at: number;
}

/**
 * Reads JSON (RFC 8259) that means one thing to every reader: a key that is there twice, of which
 * readers keep different ones, is refused, and so is `__proto__`. Nesting is bounded. Never throws.
 */
export function parseStrictJson(text: string, options: StrictJsonOptions = {}): StrictJson {
  const cursor: Cursor = { depthMax: POLICY_DEPTH_MAX, ...options, text, path: [], at: 0 };
  try {
    const value = readValue(cursor, 0);
    skipSpace(cursor);
    if (cursor.at < text.length) stop(cursor.at, 'there is more after the end');
    return { ok: true, value };
  } catch (error) {
    if (!isStop(error)) throw error;
    const before = text.slice(0, error.at).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    return { ok: false, reason: error.reason, line: before.length, column };
  }
}

function readValue(cursor: Cursor, depth: number): unknown {
  if (depth > cursor.depthMax) {
    stop(cursor.at, `it is nested deeper than ${cursor.depthMax} levels`);
  }
  skipSpace(cursor);
  const char = cursor.text[cursor.at];
  if (char === '{') return readObject(cursor, depth);
  if (char === '[') return readArray(cursor, depth);
  if (char === '"') {
    const start = cursor.at;
    const value = readString(cursor);
    cursor.onString?.(cursor.path, start, cursor.at);
    return value;
  }
  return readScalar(cursor);
}

function readObject(cursor: Cursor, depth: number): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  readItems(cursor, '}', () => {
    const at = cursor.at;
    if (cursor.text[at] !== '"') stop(at, 'a key in double quotes is expected');
    const key = readString(cursor);
    if (Object.hasOwn(value, key)) stop(at, `the key ${quote(key)} is there twice`);
    if (key === '__proto__') stop(at, 'the key "__proto__" is not allowed');
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== ':') stop(cursor.at, 'a colon is expected');
    cursor.at += 1;
    cursor.path.push(key);
    value[key] = readValue(cursor, depth + 1);
    cursor.path.pop();
  });
  return value;
}

function readArray(cursor: Cursor, depth: number): unknown[] {
  const value: unknown[] = [];
  readItems(cursor, ']', () => {
    cursor.path.push(value.length);
    value.push(readValue(cursor, depth + 1));
    cursor.path.pop();
  });
  return value;
}

/** The part that objects and arrays share: items between commas, up to the closing bracket. */
function readItems(cursor: Cursor, close: string, readItem: () => void): void {
  cursor.at += 1;
  skipSpace(cursor);
  if (cursor.text[cursor.at] === close) {
    cursor.at += 1;
    return;
  }
  for (;;) {
    skipSpace(cursor);
    readItem();
    skipSpace(cursor);
    const char = cursor.text[cursor.at];
    if (char !== ',' && char !== close) stop(cursor.at, `a comma or ${close} is expected`);
    cursor.at += 1;
    if (char === close) return;
  }
}

// Runs of plain characters are taken whole, so that a long string needs no long memory of tries.
const STRING = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*"/y;
const SCALAR =
  /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.+-])/y;

function readString(cursor: Cursor): string {
  const at = cursor.at;
  const token = tokenAt(cursor, STRING);
  if (token === null) return stop(at, 'the string has no end, or a character in it is wrong');
  const value = JSON.parse(token) as string;
  if (cursor.wellFormed === true && /\p{Cs}/u.test(value)) {
    stop(at, 'the string has half of a surrogate pair');
  }
  return value;
}

function readScalar(cursor: Cursor): unknown {
  const token = tokenAt(cursor, SCALAR);
  if (token === null) return stop(cursor.at, 'a value is expected');
  if (cursor.number !== undefined && /^[-0-9]/.test(token)) return cursor.number(token);
  return JSON.parse(token);
}

function tokenAt(cursor: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = cursor.at;
  const token = pattern.exec(cursor.text)?.[0] ?? null;
  cursor.at += token?.length ?? 0;
  return token;
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const char = cursor.text[cursor.at];
    if (char !== ' ' && char !== '\n' && char !== '\t' && char !== '\r') return;
    cursor.at += 1;
  }
}

function stop(at: number, reason: string): never {
  const fault: Stop = { stop: true, reason, at };
  throw fault;
}

function isStop(value: unknown): value is Stop {
  return typeof value === 'object' && value !== null && 'stop' in value;
}
