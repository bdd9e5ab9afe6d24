/** Pieces of less are put together. */
const SMALL_BYTES = 1_024;
const JOINED_BYTES = 4_096;

/**
 * Pieces that wait to be read. A small piece never keeps the large one alive that it was cut from,
 * and many small ones cost no more than their bytes.
 */
export interface ByteQueue {
  readonly length: number;
  push(piece: Buffer): void;
  /** The next bytes; null for none. */
  shift(): Buffer | null;
  clear(): void;
}

export function makeByteQueue(): ByteQueue {
  let pieces: Buffer[] = [];
  let length = 0;
  /** The last of `pieces`, where more fits behind its first `used` bytes. */
  let open: { readonly bytes: Buffer; used: number } | null = null;
  function close(): void {
    if (open !== null && open.used > 0) pieces.push(open.bytes.subarray(0, open.used));
    open = null;
  }
  /** A copy, as whoever has it may keep it: the room of it is used again. */
  function takeOpen(): Buffer | null {
    if (open === null || open.used === 0) return null;
    const piece = Buffer.from(open.bytes.subarray(0, open.used));
    open.used = 0;
    return piece;
  }
  return {
    get length() {
      return length;
    },
    push(piece) {
      if (piece.length === 0) return;
      length += piece.length;
      if (piece.length >= SMALL_BYTES) {
        close();
        // A piece of a buffer that is much larger would keep all of that.
        const roomy = piece.buffer.byteLength > 4 * piece.length;
        pieces.push(roomy ? Buffer.from(piece) : piece);
        return;
      }
      if (open !== null && open.used + piece.length > open.bytes.length) close();
      open ??= { bytes: Buffer.allocUnsafeSlow(JOINED_BYTES), used: 0 };
      open.used += piece.copy(open.bytes, open.used);
    },
    shift() {
      const piece = pieces.shift() ?? takeOpen();
      if (piece !== null) length -= piece.length;
      return piece;
    },
    clear() {
      pieces = [];
      open = null;
      length = 0;
    },
  };
}
