import { TOKEN } from '../exchange/request-head.ts';

/** What the head of an answer says of itself. */
export interface AnswerFields {
  readonly status: number;
  /** Names and values in turn, without the status. */
  readonly fields: readonly string[];
  /** Length of the body; null where it is not said. */
  readonly length: number | null;
}

/** RFC 9113 section 8.2.2. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110 section 5.5: what a box can be answered over HTTP/1.1 as well. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads the fields of an answer's head; null when they are malformed (RFC 9113 section 8.3.2). */
export function answerFields(all: readonly string[]): AnswerFields | null {
  const status = all[0] === ':status' && /^[1-5]\d\d$/.test(all[1] ?? '') ? Number(all[1]) : 101;
  // RFC 9113 section 8.6.
  if (status === 101) return null;
  const fields = all.slice(2);
  if (!areRegular(fields)) return null;
  let length: number | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== 'content-length') continue;
    const value = fields[i + 1] as string;
    if (length !== null || !/^\d{1,15}$/.test(value)) return null;
    length = Number(value);
  }
  return { status, fields, length };
}

/** True where each is a header of an answer or a trailer, and none a pseudo-header. */
export function areRegular(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!TOKEN.test(name) || name !== name.toLowerCase() || OF_CONNECTIONS.has(name)) return false;
    if (!VALUE.test(fields[i + 1] as string)) return false;
  }
  return true;
}
