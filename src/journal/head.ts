import type { KeyObject } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../store/home.ts';
import { headMac, MAC_BYTES, NO_MAC } from './chain.ts';

/**
 * The head file says how far the journal goes, so that cutting its tail is seen. It is written
 * twice for each transaction: `announced` under the write lock before the rows are committed,
 * `settled` after. A process killed between the two leaves announced rows that are all there or
 * all not; nobody without the key can make settled rows look like that.
 */
export interface Head {
  readonly announced: Mark & { readonly mac: Buffer };
  readonly settled: Mark;
}

interface Mark {
  /** Number of the row before the transaction's first; 0 when there was none. */
  readonly from: number;
  /** Number of the transaction's last row. */
  readonly seq: number;
  /** Half of `headMac`: the first half announces, the second settles. */
  readonly proof: Buffer;
}

/** A transaction's rows, as `announce` and `settle` take them. */
export interface Span {
  readonly from: number;
  readonly seq: number;
  readonly mac: Uint8Array;
  /** `headMac` of the three. */
  readonly proof: Buffer;
}

export interface HeadFile {
  /** Undefined when the file holds no whole head. */
  read(): Head | undefined;
  announce(span: Span): void;
  settle(span: Span): void;
  close(): void;
}

const PROOF_BYTES = MAC_BYTES / 2;
const MARK_BYTES = 8 + 8 + PROOF_BYTES;
const ANNOUNCED_BYTES = MARK_BYTES + MAC_BYTES;
const HEAD_BYTES = ANNOUNCED_BYTES + MARK_BYTES;

export function spanOf(key: KeyObject, from: number, seq: number, mac: Uint8Array): Span {
  return { from, seq, mac, proof: headMac(key, from, seq, mac) };
}

export function headPath(home: Home): string {
  return join(home.root, 'journal.head');
}

export function openHead(path: string): HeadFile {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  let open = true;
  const buffer = Buffer.alloc(HEAD_BYTES);
  return {
    read() {
      const bytes = Buffer.alloc(HEAD_BYTES + 1);
      return readSync(file, bytes, 0, HEAD_BYTES + 1, 0) === HEAD_BYTES ? parse(bytes) : undefined;
    },
    announce(span) {
      writeMark(buffer, span, 0);
      buffer.set(span.mac, MARK_BYTES);
      writeSync(file, buffer, 0, ANNOUNCED_BYTES, 0);
    },
    settle(span) {
      writeMark(buffer, span, PROOF_BYTES);
      writeSync(file, buffer, 0, MARK_BYTES, ANNOUNCED_BYTES);
    },
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}

/** Writes the head of a journal without rows. */
export function beginHead(file: HeadFile, key: KeyObject): void {
  const span = spanOf(key, 0, 0, NO_MAC);
  file.announce(span);
  file.settle(span);
}

/**
 * Undefined when `head` and the table's last row belong together; else why not. `last` must have
 * been read under the write lock, together with `head`.
 */
export function headFault(
  head: Head | undefined,
  last: { readonly seq: number; readonly mac: Uint8Array } | undefined,
): string | undefined {
  if (head === undefined) return 'the head file is missing or damaged';
  const { announced, settled } = head;
  const rows = last?.seq ?? 0;
  if (announced.seq === rows) {
    return announced.mac.equals(last?.mac ?? NO_MAC)
      ? undefined
      : 'its last row is not the one that the head file names';
  }
  if (announced.from === rows && settled.seq !== announced.seq) return undefined;
  return `it holds ${rows} rows and the head file says ${announced.seq}`;
}

/** Undefined when a holder of the key wrote `head`; `macOf` gives the mac of a row, 0 excluded. */
export function proofFault(
  head: Head,
  key: KeyObject,
  macOf: (seq: number) => Uint8Array | undefined,
): string | undefined {
  const { announced, settled } = head;
  const announcedProof = proofOf(key, announced, announced.mac).subarray(0, PROOF_BYTES);
  if (!announcedProof.equals(announced.proof)) return 'the head file was not written with its key';
  const mac = settled.seq === 0 ? NO_MAC : macOf(settled.seq);
  if (mac === undefined) return `the head file says that row ${settled.seq} was written`;
  const settledProof = proofOf(key, settled, mac).subarray(PROOF_BYTES);
  return settledProof.equals(settled.proof) ? undefined : 'the head file does not fit the rows';
}

function proofOf(key: KeyObject, mark: Mark, mac: Uint8Array): Buffer {
  return headMac(key, mark.from, mark.seq, mac);
}

function writeMark(buffer: Buffer, span: Span, half: number): void {
  buffer.writeDoubleBE(span.from, 0);
  buffer.writeDoubleBE(span.seq, 8);
  buffer.set(span.proof.subarray(half, half + PROOF_BYTES), 16);
}

function readMark(bytes: Buffer): Mark {
  return {
    from: bytes.readDoubleBE(0),
    seq: bytes.readDoubleBE(8),
    proof: bytes.subarray(16, MARK_BYTES),
  };
}

function parse(bytes: Buffer): Head {
  return {
    announced: { ...readMark(bytes), mac: bytes.subarray(MARK_BYTES, ANNOUNCED_BYTES) },
    settled: readMark(bytes.subarray(ANNOUNCED_BYTES, HEAD_BYTES)),
  };
}
