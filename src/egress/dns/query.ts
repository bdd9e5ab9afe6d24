import { QUERY_BYTES_MAX } from './limits.ts';

/** One question, as a stub resolver asks it (RFC 1035 §4.1). */
export interface DnsQuery {
  readonly id: number;
  /** Recursion desired; it is repeated in the answer. */
  readonly recursion: boolean;
  /** The labels as they were asked, joined by dots, without the last dot; the root is empty. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question's own bytes, repeated in the answer as they came (case included). */
  readonly question: Buffer;
}

/** RFC 1035 §4.1.1 and RFC 6895 §2.3. */
export const RCODE = {
  noError: 0,
  formErr: 1,
  servFail: 2,
  nxDomain: 3,
  notImp: 4,
  refused: 5,
} as const;

export type ParsedQuery =
  | { readonly state: 'query'; readonly query: DnsQuery }
  /** Wrong, but it can be told so. */
  | { readonly state: 'wrong'; readonly id: number; readonly rcode: number }
  /** No query at all: an answer to it could only do harm. */
  | { readonly state: 'drop' };

const HEADER_BYTES = 12;

/** Reads a query strictly; what follows the question (EDNS, RFC 6891) is not looked at. */
export function parseQuery(bytes: Buffer): ParsedQuery {
  if (bytes.length < HEADER_BYTES || bytes.length > QUERY_BYTES_MAX) return { state: 'drop' };
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return { state: 'drop' };
  if ((flags & 0x7800) !== 0) return { state: 'wrong', id, rcode: RCODE.notImp };
  const wrong: ParsedQuery = { state: 'wrong', id, rcode: RCODE.formErr };
  const truncated = (flags & 0x0200) !== 0;
  if (truncated || bytes.readUInt16BE(4) !== 1 || bytes.readUInt16BE(6) !== 0) return wrong;
  const read = readName(bytes);
  if (read === null || read.end + 4 > bytes.length) return wrong;
  return {
    state: 'query',
    query: {
      id,
      recursion: (flags & 0x0100) !== 0,
      name: read.name,
      type: bytes.readUInt16BE(read.end),
      class: bytes.readUInt16BE(read.end + 2),
      question: bytes.subarray(HEADER_BYTES, read.end + 4),
    },
  };
}

/** RFC 1035 §3.1. A question is the first name of its message, so it cannot be compressed. */
function readName(bytes: Buffer): { name: string; end: number } | null {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63) return null;
    if (length === 0) return { name: labels.join('.'), end: at + 1 };
    if (at + 1 + length + 1 - HEADER_BYTES > 255 || at + 1 + length > bytes.length) return null;
    const label = bytes.toString('latin1', at + 1, at + 1 + length);
    // A dot inside a label would make two names out of one.
    if (label.includes('.')) return null;
    labels.push(label);
    at += 1 + length;
  }
}
