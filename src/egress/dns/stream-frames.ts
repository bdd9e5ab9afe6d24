import { QUERY_BYTES_MAX } from './limits.ts';

/** DNS over TCP puts the length before each message (RFC 1035 §4.2.2). */
export function frameMessage(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

export interface FrameReader {
  /**
   * The messages that a chunk completes. A length that no query has gives an empty message, which
   * nothing answers, and after that nothing more: the stream is to be closed.
   */
  push(chunk: Buffer): Buffer[];
}

export function makeFrameReader(): FrameReader {
  let gathered: Buffer = Buffer.alloc(0);
  let broken = false;
  return {
    push(chunk) {
      const messages: Buffer[] = [];
      if (broken) return messages;
      gathered = gathered.length === 0 ? chunk : Buffer.concat([gathered, chunk]);
      while (gathered.length >= 2) {
        const length = gathered.readUInt16BE(0);
        if (length === 0 || length > QUERY_BYTES_MAX) {
          broken = true;
          gathered = Buffer.alloc(0);
          messages.push(gathered);
          return messages;
        }
        if (gathered.length < 2 + length) break;
        messages.push(gathered.subarray(2, 2 + length));
        gathered = gathered.subarray(2 + length);
      }
      return messages;
    },
  };
}
