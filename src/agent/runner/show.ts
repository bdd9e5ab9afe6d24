import { SHOWN_DEPTH_MAX } from '../limits.ts';

/** A value as a model reads it: a text as it is, other data as JSON, and a word for the rest. */
export function showValue(value: unknown, charsMax: number): string {
  const room = { left: charsMax };
  const text = typeof value === 'string' ? value : write(value, 0, room);
  return bounded(wellFormed(text), charsMax);
}

/** At most so many characters; what is gone is counted. */
export function bounded(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  return `${wellFormed(text.slice(0, charsMax))}\n(and ${text.length - charsMax} more characters)`;
}

/** Half of a pair is no text, and a power refuses a request that holds one. */
export function wellFormed(text: string): string {
  return text.replace(LONE, '\ufffd');
}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

interface Room {
  left: number;
}

/** Stops where there is no room left, so that a large value costs no more than what is shown. */
function write(value: unknown, depth: number, room: Room): string {
  if (room.left <= 0) return '…';
  const text = leaf(value);
  if (text !== undefined) {
    room.left -= text.length;
    return text;
  }
  if (depth >= SHOWN_DEPTH_MAX) return '…';
  if (Array.isArray(value))
    return writeAll(value, room, '[]', (item) => write(item, depth + 1, room));
  return writeAll(Object.entries(value as object), room, '{}', ([key, item]) => {
    room.left -= key.length;
    return `${JSON.stringify(key)}: ${write(item, depth + 1, room)}`;
  });
}

function writeAll<T>(
  items: readonly T[],
  room: Room,
  [open, close]: string,
  one: (item: T) => string,
): string {
  const parts: string[] = [];
  for (const item of items) {
    if (room.left <= 0) {
      parts.push('…');
      break;
    }
    parts.push(one(item));
  }
  return `${open}${parts.join(', ')}${close}`;
}

function leaf(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return '<object>';
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (value instanceof Date) return String(value.valueOf());
  if (value instanceof Error) return JSON.stringify(value.message);
  return undefined;
}
