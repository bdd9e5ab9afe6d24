import { createHash } from 'node:crypto';

/**
 * SHA-256 (hex) of a value's one text: keys in order, bytes in base64, and each kind of value told
 * apart. Two calls with the same digest are the same call.
 */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalText(value)).digest('hex');
}

function canonicalText(value: unknown): string {
  if (value instanceof Uint8Array) return `b"${Buffer.from(value).toString('base64')}"`;
  if (value instanceof Date) return `d${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalText(field)}`).join(',')}}`;
  }
  if (typeof value === 'bigint') return `n${value}`;
  // A function has no text: whatever is called back is not part of what was approved.
  return JSON.stringify(value) ?? 'u';
}
