import { quote } from '../../policy/quote.ts';
import { VALUE_BYTES_MAX, VALUE_DEPTH_MAX } from './limits.ts';

export type WrittenValue =
  | { readonly ok: true; readonly text: string; readonly bytes: number }
  /** A clause: lower-case, no full stop. */
  | { readonly ok: false; readonly reason: string };

/**
 * The JSON text of plain data, which reads back to the same data: null, booleans, finite numbers,
 * texts, lists, and objects of these. A property that is undefined is left out, as JSON does.
 * Anything else is refused, never changed.
 */
export function writeValue(value: unknown): WrittenValue {
  const fault = faultOf(value, 0);
  if (fault !== null) return { ok: false, reason: fault };
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes <= VALUE_BYTES_MAX) return { ok: true, text, bytes };
  return { ok: false, reason: `the value is longer than ${VALUE_BYTES_MAX} bytes` };
}

function faultOf(value: unknown, depth: number): string | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return null;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? null : 'the value holds a number that is not finite';
  }
  if (typeof value !== 'object') return 'the value is not plain data';
  if (depth >= VALUE_DEPTH_MAX) return `the value nests deeper than ${VALUE_DEPTH_MAX}`;
  if (Array.isArray(value)) return faultOfList(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return 'the value is not plain data';
  for (const [name, item] of Object.entries(value)) {
    // A property of this name would not come back over a session, or would be taken for a method.
    if (name in Object.prototype || name === 'toJSON') {
      return `the value has a property named ${quote(name)}`;
    }
    const fault = item === undefined ? null : faultOf(item, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOfList(list: readonly unknown[], depth: number): string | null {
  // A hole takes no room in a message and five bytes in the text.
  if (list.length > VALUE_BYTES_MAX) return `the value is longer than ${VALUE_BYTES_MAX} bytes`;
  for (let at = 0; at < list.length; at += 1) {
    const fault = faultOf(list[at], depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** Are these texts of `writeValue` of the same data, whatever the order of properties? */
export function isSameValue(a: string, b: string): boolean {
  return a === b || sorted(JSON.parse(a)) === sorted(JSON.parse(b));
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    const entries = Object.entries(item);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
