import { type ByteQueue, makeByteQueue } from '../byte-queue.ts';

/** A header block, or bytes of a body. */
export type Outgoing = { readonly block: Buffer } | Buffer;

/**
 * What one stream has to send, in order. Bytes that came in tiny frames cost no more here than
 * their number, however long nobody takes them.
 */
export interface OutgoingQueue {
  readonly isEmpty: boolean;
  /** Bytes of bodies that wait. */
  readonly bytes: number;
  push(item: Outgoing): void;
  /** A block, or so many bytes at most; null for nothing, 'window' where only bytes are next. */
  take(most: number): Outgoing | null | 'window';
  clear(): void;
}

export function makeOutgoingQueue(): OutgoingQueue {
  let items: ({ readonly block: Buffer } | ByteQueue)[] = [];
  /** The rest of a piece that was too long. */
  let rest: Buffer | null = null;
  let bytes = 0;

  /** The next piece of the queue that is first. */
  function pieceOf(first: ByteQueue): Buffer {
    const piece = first.shift() as Buffer;
    if (first.length === 0) items.shift();
    return piece;
  }

  return {
    get isEmpty() {
      return rest === null && items.length === 0;
    },
    get bytes() {
      return bytes;
    },
    push(item) {
      if (!Buffer.isBuffer(item)) {
        items.push(item);
        return;
      }
      if (item.length === 0) return;
      bytes += item.length;
      const last = items.at(-1);
      const queue = last === undefined || 'block' in last ? makeByteQueue() : last;
      if (queue !== last) items.push(queue);
      queue.push(item);
    },
    take(most) {
      if (rest === null) {
        const first = items[0];
        if (first === undefined) return null;
        if ('block' in first) {
          items.shift();
          return first;
        }
        if (most <= 0) return 'window';
        rest = pieceOf(first);
      } else if (most <= 0) {
        return 'window';
      }
      const item = rest.length <= most ? rest : rest.subarray(0, most);
      rest = rest.length <= most ? null : rest.subarray(most);
      bytes -= item.length;
      return item;
    },
    clear() {
      items = [];
      rest = null;
      bytes = 0;
    },
  };
}
