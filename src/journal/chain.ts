import { createHmac, type KeyObject } from 'node:crypto';

export const MAC_BYTES = 32;

/** What row 1 follows on. */
export const NO_MAC: Buffer = Buffer.alloc(MAC_BYTES);

const ROW = 1;
const HEAD = 2;

/**
 * HMAC-SHA-256 (RFC 2104) over the mac before, the number, the time and the entry's text. Every
 * part but the last has a fixed length, so no two rows have the same bytes, and no row's bytes are
 * a head's.
 */
export function rowMac(
  key: KeyObject,
  previous: Uint8Array,
  row: { readonly seq: number; readonly time: number; readonly entry: string },
): Buffer {
  const lead = leadOf(ROW, row.seq, previous);
  lead.writeDoubleBE(row.time, 9);
  return createHmac('sha256', key).update(lead).update(row.entry).digest();
}

/**
 * What only a holder of the key can write into the head file about the rows after `from` up to
 * `seq`, whose mac is `mac`: the first half says that they are about to be written, the second
 * that they have been.
 */
export function headMac(key: KeyObject, from: number, seq: number, mac: Uint8Array): Buffer {
  const lead = leadOf(HEAD, seq, mac);
  lead.writeDoubleBE(from, 9);
  return createHmac('sha256', key).update(lead).digest();
}

/** Tag (1 byte), `seq` (8), a number of the caller's (8), a mac (32). */
function leadOf(tag: number, seq: number, mac: Uint8Array): Buffer {
  const lead = Buffer.alloc(17 + MAC_BYTES);
  lead.writeUInt8(tag, 0);
  lead.writeDoubleBE(seq, 1);
  lead.set(mac.subarray(0, MAC_BYTES), 17);
  return lead;
}
