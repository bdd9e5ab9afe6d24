import { PowerboxError } from '../../../wire/errors.ts';
import { MESSAGE_BYTES_BESIDES, MESSAGE_BYTES_MAX } from './limits.ts';

const VALUE_BYTES = 24;
/** A control character is written as six. */
const BYTES_PER_CHAR_MAX = 6;

/**
 * Refuses what makes a message that the gateway does not take: it would end the whole session, and
 * code that gives too much should be told so. Throws `not-passable`.
 */
export function checkSize(values: unknown, what: string): void {
  const most = MESSAGE_BYTES_MAX - MESSAGE_BYTES_BESIDES;
  // At their worst first: what is small, as nearly everything is, need not be looked at closely.
  if (sizeOf(values, ({ length }) => length * BYTES_PER_CHAR_MAX) <= most) return;
  if (sizeOf(values, (text) => Buffer.byteLength(JSON.stringify(text))) <= most) return;
  throw new PowerboxError(
    'not-passable',
    `Cannot pass ${what}: it takes more than ${MESSAGE_BYTES_MAX / 1024 ** 2} MiB. Give it in pieces.`,
  );
}

/** Bytes in a message, at most; of data that was copied, and so is a tree. */
function sizeOf(value: unknown, textSize: (text: string) => number): number {
  if (typeof value === 'string') return textSize(value) + VALUE_BYTES;
  if (typeof value === 'bigint') return value.toString().length + VALUE_BYTES;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  if (value instanceof Uint8Array) return Math.ceil(value.length / 3) * 4 + VALUE_BYTES;
  let size = VALUE_BYTES;
  if (Array.isArray(value)) for (const item of value) size += sizeOf(item, textSize);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const [key, item] of Object.entries(value)) size += textSize(key) + sizeOf(item, textSize);
  } else if (value instanceof Error) size += textSize(value.message) + textSize(value.name);
  return size;
}
