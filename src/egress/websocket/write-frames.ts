import { Buffer, isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { type FrameHead, masked, OPCODE } from './frames.ts';
import { CONTROL_BYTES_MAX, MASK_POOL_BYTES } from './limits.ts';

const pool = Buffer.alloc(MASK_POOL_BYTES);
let used = MASK_POOL_BYTES;

/** A mask that nobody can foretell (RFC 6455 section 10.3). */
export function freshMask(): Buffer {
  if (used + 4 > MASK_POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += 4;
  return Buffer.from(pool.subarray(used - 4, used));
}

/** The bytes of a head; `mask` is null for what a server sends. */
export function encodeHead(
  { final, opcode, compressed, bytes }: FrameHead,
  mask: Buffer | null,
): Buffer {
  const lengthBytes = bytes < 126 ? 0 : bytes < 65_536 ? 2 : 8;
  const head = Buffer.allocUnsafe(2 + lengthBytes + (mask === null ? 0 : 4));
  head[0] = (final ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode;
  const masking = mask === null ? 0 : 0x80;
  if (lengthBytes === 0) {
    head[1] = masking | bytes;
  } else if (lengthBytes === 2) {
    head[1] = masking | 126;
    head.writeUInt16BE(bytes, 2);
  } else {
    head[1] = masking | 127;
    head.writeBigUInt64BE(BigInt(bytes), 2);
  }
  mask?.copy(head, 2 + lengthBytes);
  return head;
}

/** A whole frame, masked as a client's where `client` says so. */
export function encodeFrame(
  opcode: number,
  payload: Buffer,
  { client, final = true }: { readonly client: boolean; readonly final?: boolean },
): Buffer {
  const mask = client ? freshMask() : null;
  const head = encodeHead({ final, opcode, compressed: false, bytes: payload.length }, mask);
  return Buffer.concat([head, mask === null ? payload : masked(payload, mask, 0)]);
}

/** A close with a status code and as much of the reason as it holds. */
export function encodeClose(code: number, reason: string, client: boolean): Buffer {
  let text = Buffer.from(reason).subarray(0, CONTROL_BYTES_MAX - 2);
  while (!isUtf8(text)) text = text.subarray(0, -1);
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text]);
  return encodeFrame(OPCODE.close, payload, { client });
}
