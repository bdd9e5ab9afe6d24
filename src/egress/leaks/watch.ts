import type { Watched } from '../../vault/fingerprint.ts';
import { BYTES_PER_COMPARISON, CARRIED_BYTES, COMPARISONS_MAX } from './limits.ts';
import { type Budget, type Found, makePrintIndex, type PrintIndex } from './print-index.ts';
import { searchText } from './search.ts';
import { isEscaped, undoEscapes } from './unescape.ts';

/**
 * Looks for values of secrets in what a box sends: as they are, in base64, base64url and hex, with
 * escapes, in UTF-16. Every method says whose value it found, or null, and throws
 * `limit-exceeded` for a text that is made to cost more than it should.
 */
export interface LeakWatch {
  /** False when there is nothing to look for. */
  readonly isActive: boolean;
  /** `text` has one character for each byte (ISO 8859-1). */
  text(text: string): Found | null;
  bytes(data: Uint8Array): Found | null;
  /** For what comes in pieces. */
  stream(): LeakStream;
  /** From now on other values are looked for, in streams that go on too. */
  replace(watched: Watched): void;
}

export interface LeakStream {
  /** Whose value ends in this piece. */
  write(piece: Uint8Array): Found | null;
  /** The same for what only the end makes plain. */
  end(): Found | null;
}

export function makeLeakWatch(watched: Watched): LeakWatch {
  let index = makePrintIndex(watched);
  return {
    get isActive() {
      return !index.isEmpty;
    },
    text(text) {
      if (index.isEmpty || text.length === 0) return null;
      const data = roomFor(text.length);
      const length = data.write(text, 'latin1');
      return searchWhole(index, data.subarray(0, length));
    },
    bytes(data) {
      if (index.isEmpty) return null;
      return searchWhole(index, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    },
    stream: () => makeStream(() => index),
    replace(next) {
      index = makePrintIndex(next);
    },
  };
}

/** Used by one search at a time, none of which waits for anything. */
let room = Buffer.allocUnsafeSlow(64 * 1024);
let unescapedRoom = Buffer.allocUnsafeSlow(64 * 1024);
const KEPT_ROOM_MAX = 1024 * 1024;

function roomFor(bytes: number): Buffer {
  if (bytes <= room.length) return room;
  const larger = Buffer.allocUnsafeSlow(bytes);
  if (bytes <= KEPT_ROOM_MAX) room = larger;
  return larger;
}

function unescapedRoomFor(bytes: number): Buffer {
  if (bytes <= unescapedRoom.length) return unescapedRoom;
  const larger = Buffer.allocUnsafeSlow(bytes);
  if (bytes <= KEPT_ROOM_MAX) unescapedRoom = larger;
  return larger;
}

function searchWhole(index: PrintIndex, data: Buffer): Found | null {
  const budget: Budget = { left: budgetFor(data.length), refuted: 0 };
  if (!isEscaped(data)) return searchText(index, data, 0, data.length, budget);
  const out = unescapedRoomFor(data.length);
  const { written } = undoEscapes(data, out, 0, true);
  const found = searchText(index, out, 0, written, budget);
  // An escape that is none may have taken the beginning of a value.
  if (found !== null || (index.isPlain && budget.refuted === 0)) return found;
  return searchText(index, data, 0, data.length, budget);
}

function budgetFor(bytes: number): number {
  return COMPARISONS_MAX + Math.floor(bytes / BYTES_PER_COMPARISON);
}

const NOTHING = Buffer.alloc(0);

function makeStream(current: () => PrintIndex): LeakStream {
  const budget: Budget = { left: COMPARISONS_MAX, refuted: 0 };
  /** The end of what was written, as it is and without its escapes. */
  let tail: Buffer = NOTHING;
  let plainTail: Buffer = NOTHING;
  /** Both tails are the same. */
  let same = true;
  /** An escape that goes on. */
  let pending: Buffer = NOTHING;

  function search(before: Buffer, piece: Buffer): Found | null {
    const data = roomFor(before.length + piece.length);
    before.copy(data);
    piece.copy(data, before.length);
    return searchText(current(), data, before.length, before.length + piece.length, budget);
  }

  function write(piece: Buffer, final: boolean): Found | null {
    const index = current();
    if (index.isEmpty && tail.length === 0) return null;
    budget.left += piece.length / BYTES_PER_COMPARISON;
    let found: Found | null = null;
    if (pending.length === 0 && !isEscaped(piece)) {
      found = search(tail, piece);
      if (!same) found ??= search(plainTail, piece.subarray(0, CARRIED_BYTES));
      plainTail = same ? plainTail : endOf(plainTail, piece);
    } else {
      const whole = pending.length === 0 ? piece : Buffer.concat([pending, piece]);
      const before = same ? tail : plainTail;
      const out = unescapedRoomFor(before.length + whole.length);
      before.copy(out);
      const { written, read } = undoEscapes(whole, out, before.length, final);
      pending = Buffer.from(whole.subarray(read));
      const refuted = budget.refuted;
      found = searchText(index, out, before.length, before.length + written, budget);
      if (!index.isPlain || budget.refuted > refuted) found ??= search(tail, piece);
      plainTail = endOf(NOTHING, out.subarray(0, before.length + written));
      same = false;
    }
    tail = endOf(tail, piece);
    if (!same && pending.length === 0 && tail.equals(plainTail)) same = true;
    return found;
  }

  return {
    write: (piece) => write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), false),
    end: () => (pending.length === 0 ? null : write(NOTHING, true)),
  };
}

/** A copy of the last bytes of both. */
function endOf(before: Buffer, piece: Buffer): Buffer {
  if (piece.length >= CARRIED_BYTES) return Buffer.from(piece.subarray(-CARRIED_BYTES));
  const both = Buffer.concat([before, piece]);
  return both.length <= CARRIED_BYTES ? both : Buffer.from(both.subarray(-CARRIED_BYTES));
}
