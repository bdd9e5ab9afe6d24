import type { JournalEntry } from '../wire/journal-entry.ts';
import { FIELD_CHARS_MAX, LIST_ITEMS_MAX, ROW_BYTES_MAX, SHAPES_MAX } from './limits.ts';

/**
 * The one text of an entry: JSON with sorted keys and without spaces. At most ROW_BYTES_MAX bytes:
 * a longer entry has its longest texts cut, and each cut says how much is gone.
 */
export function entryText(entry: JournalEntry): string {
  return shortText(entry) ?? cutText(entry);
}

/** An entry of this many characters has nothing to be cut: no text, no list, no row is too long. */
const SHORT_CHARS_MAX = Math.min(FIELD_CHARS_MAX, Math.floor(ROW_BYTES_MAX / 3));

/** The same text, written the short way; undefined where something may have to be cut. */
function shortText(entry: JournalEntry): string | undefined {
  const text = written(entry);
  return text !== undefined && text.length <= SHORT_CHARS_MAX ? text : undefined;
}

/** Undefined where a list is too long, or a name is one that no entry has. */
function written(value: unknown): string | undefined {
  if (typeof value === 'string') return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    if (value.length > LIST_ITEMS_MAX) return undefined;
    for (const item of value) {
      const inside = written(item);
      if (inside === undefined) return undefined;
      text += text === '' ? inside : `,${inside}`;
    }
    return `[${text}]`;
  }
  const names = inOrder(Object.keys(value));
  if (names === undefined) return undefined;
  for (const name of names) {
    const field = (value as Record<string, unknown>)[name];
    if (field === undefined) continue;
    const inside = written(field);
    if (inside === undefined) return undefined;
    text += text === '' ? `"${name}":${inside}` : `,"${name}":${inside}`;
  }
  return `{${text}}`;
}

/** Text that JSON writes as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** The order of the names of each shape of entry that was written before; all of them letters. */
const orders = new Map<string, readonly string[]>();

function inOrder(names: string[]): readonly string[] | undefined {
  const shape = names.join();
  const known = orders.get(shape);
  // As many names of letters with as many commas between them are the same names.
  if (known?.length === names.length) return known;
  if (!names.every((name) => /^[A-Za-z]+$/.test(name))) return undefined;
  if (orders.size >= SHAPES_MAX) orders.clear();
  orders.set(shape, names.sort());
  return names;
}

function cutText(entry: JournalEntry): string {
  for (let chars = FIELD_CHARS_MAX; ; chars = Math.floor(chars / 2)) {
    const text = canonicalJson(entry, chars);
    if (text.length <= ROW_BYTES_MAX && Buffer.byteLength(text) <= ROW_BYTES_MAX) return text;
    if (chars === 0) throw new RangeError('An entry has more fields than a row can hold.');
  }
}

function canonicalJson(value: unknown, chars: number): string {
  if (typeof value === 'string') return JSON.stringify(cut(value, chars));
  if (Array.isArray(value)) {
    const items = value.slice(0, LIST_ITEMS_MAX).map((item) => canonicalJson(item, chars));
    const gone = value.length - items.length;
    if (gone > 0) items.push(JSON.stringify(`[${gone} more]`));
    return `[${items.join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field, chars)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function cut(text: string, chars: number): string {
  if (text.length <= chars) return text;
  return `${text.slice(0, chars)}[${text.length - chars} more]`;
}
