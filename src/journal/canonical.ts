import type { JournalEntry } from '../wire/journal-entry.ts';
import { FIELD_CHARS_MAX, LIST_ITEMS_MAX, ROW_BYTES_MAX } from './limits.ts';

/**
 * The one text of an entry: JSON with sorted keys and without spaces. At most ROW_BYTES_MAX bytes:
 * a longer entry has its longest texts cut, and each cut says how much is gone.
 */
export function entryText(entry: JournalEntry): string {
  return shortText(entry) ?? cutText(entry);
}

/** An entry of this many characters has nothing to be cut: no text, no list, no row is too long. */
const SHORT_CHARS_MAX = Math.min(FIELD_CHARS_MAX, Math.floor(ROW_BYTES_MAX / 3));

/** The same text, by the engine's own writer; undefined where something may have to be cut. */
function shortText(entry: JournalEntry): string | undefined {
  const ordered = inOrder(entry);
  if (ordered === undefined) return undefined;
  const text = JSON.stringify(ordered);
  return text.length <= SHORT_CHARS_MAX ? text : undefined;
}

/** The value with its keys in order; undefined where that is not the order they are written in. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) {
    if (value.length > LIST_ITEMS_MAX) return undefined;
    const items = value.map(inOrder);
    return items.includes(undefined) ? undefined : items;
  }
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) {
    // Keys that are numbers come first, whatever was put in first; and one sets a prototype.
    if (!/^[A-Za-z]/.test(name)) return undefined;
    const field = (value as Record<string, unknown>)[name];
    if (field === undefined) continue;
    const inside = inOrder(field);
    if (inside === undefined) return undefined;
    ordered[name] = inside;
  }
  return ordered;
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
