import type { KeyObject } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../store/home.ts';
import { headMac, MAC_BYTES, NO_MAC } from './chain.ts';

/**
 * The head file says how far the journal goes, so that cutting its tail is seen. It is written
 * twice for a row: `announced` under the write lock before the row is committed, `settled` after.
 * A process killed between the two leaves an announced row that may or may not be there; nobody
 * without the key can make a settled row look like that.
 */
export interface Head {
  readonly announced: { readonly seq: number; readonly mac: Buffer; readonly proof: Buffer };
  readonly settled: { readonly seq: number; readonly proof: Buffer };
}

export interface HeadFile {
  /** Undefined when the file holds no whole head. */
  read(): Head | undefined;
  announce(seq: number, mac: Uint8Array, proof: Uint8Array): void;
  settle(seq: number, proof: Uint8Array): void;
  close(): void;
}

const PROOF_BYTES = MAC_BYTES / 2;
const ANNOUNCED_BYTES = 8 + MAC_BYTES + PROOF_BYTES;
const HEAD_BYTES = ANNOUNCED_BYTES + 8 + PROOF_BYTES;

export function headPath(home: Home): string {
  return join(home.root, 'journal.head');
}

export function openHead(path: string): HeadFile {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const announced = Buffer.alloc(ANNOUNCED_BYTES);
  const settled = Buffer.alloc(HEAD_BYTES - ANNOUNCED_BYTES);
  return {
    read() {
      const bytes = Buffer.alloc(HEAD_BYTES + 1);
      return readSync(file, bytes, 0, HEAD_BYTES + 1, 0) === HEAD_BYTES ? parse(bytes) : undefined;
    },
    announce(seq, mac, proof) {
      announced.writeDoubleBE(seq, 0);
      announced.set(mac, 8);
      announced.set(proof.subarray(0, PROOF_BYTES), 8 + MAC_BYTES);
      writeSync(file, announced, 0, announced.length, 0);
    },
    settle(seq, proof) {
      settled.writeDoubleBE(seq, 0);
      settled.set(proof.subarray(PROOF_BYTES), 8);
      writeSync(file, settled, 0, settled.length, ANNOUNCED_BYTES);
    },
    close: () => closeSync(file),
  };
}

/** Writes the head of a journal without rows. */
export function beginHead(file: HeadFile, key: KeyObject): void {
  const proof = headMac(key, 0, NO_MAC);
  file.announce(0, NO_MAC, proof);
  file.settle(0, proof);
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
  if (announced.seq === rows + 1 && settled.seq !== announced.seq) return undefined;
  return `it holds ${rows} rows and the head file says ${announced.seq}`;
}

/** Undefined when a holder of the key wrote `head`; `macOf` gives the mac of a row, 0 excluded. */
export function proofFault(
  head: Head,
  key: KeyObject,
  macOf: (seq: number) => Uint8Array | undefined,
): string | undefined {
  const { announced, settled } = head;
  const announcedProof = headMac(key, announced.seq, announced.mac).subarray(0, PROOF_BYTES);
  if (!announcedProof.equals(announced.proof)) return 'the head file was not written with its key';
  const mac = settled.seq === 0 ? NO_MAC : macOf(settled.seq);
  if (mac === undefined) return `the head file says that row ${settled.seq} was written`;
  const settledProof = headMac(key, settled.seq, mac).subarray(PROOF_BYTES);
  return settledProof.equals(settled.proof) ? undefined : 'the head file does not fit the rows';
}

function parse(bytes: Buffer): Head {
  return {
    announced: {
      seq: bytes.readDoubleBE(0),
      mac: bytes.subarray(8, 8 + MAC_BYTES),
      proof: bytes.subarray(8 + MAC_BYTES, ANNOUNCED_BYTES),
    },
    settled: {
      seq: bytes.readDoubleBE(ANNOUNCED_BYTES),
      proof: bytes.subarray(ANNOUNCED_BYTES + 8, HEAD_BYTES),
    },
  };
}
