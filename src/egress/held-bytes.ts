import type { BoxState } from './box-egress.ts';
import { BUFFERED_BYTES_MAX } from './limits.ts';

/** Bytes of bodies and messages that are held for a box. */
const held = new WeakMap<BoxState, number>();

/** Counts bytes that are held, or are no longer; false when the box would have more than it may. */
export function holdBytes(box: BoxState, bytes: number): boolean {
  const total = (held.get(box) ?? 0) + bytes;
  if (bytes > 0 && total > BUFFERED_BYTES_MAX) return false;
  held.set(box, total);
  return true;
}
