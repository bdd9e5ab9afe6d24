import { responseHeadersToDrop } from '../credentials/response-headers.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import { isForwarded } from './rewrite.ts';

/** The head of an answer, ready for the box. */
export interface AnswerHead {
  readonly status: number;
  readonly message: string;
  /** Flat list of names and values. */
  readonly headers: string[];
  /** Coding that has to be undone before the body can be read; null when there is none. */
  readonly coding: Coding | null;
  readonly scrubbed: number;
}

const UNREADABLE = 'The answer came in a coding that cannot be read for echoes.';

/** A reason phrase that can be sent on; another is left out (RFC 9112 section 4). */
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Codings of the messages within a body, each by itself (gRPC, Connect). */
const MESSAGE_CODINGS: ReadonlySet<string> = new Set(['grpc-encoding', 'connect-content-encoding']);

export type Coding = 'gzip' | 'deflate' | 'br';

export type AnswerHeadResult =
  | { readonly ok: true; readonly head: AnswerHead }
  | { readonly ok: false; readonly reason: string };

/** `scrubber` is null where no secret is bound to the origin: then the answer passes untouched. */
export function answerHead(
  status: number,
  message: string,
  raw: readonly Buffer[],
  scrubber: Scrubber | null,
): AnswerHeadResult {
  const headers: string[] = [];
  const codings: string[] = [];
  let scrubbed = 0;
  const dropped = responseHeadersToDrop(scrubber !== null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = latin1(raw[i]);
    const lower = name.toLowerCase();
    // What is coded on the hop comes out of the parser as it is; it was not asked for (RFC 9112
    // section 6.1), and an echo could hide in it.
    if (scrubber !== null && lower === 'transfer-encoding') {
      codings.push(...listed(latin1(raw[i + 1])).filter((coding) => coding !== 'chunked'));
    }
    if (!isForwarded(lower) || dropped.has(lower)) continue;
    const value = latin1(raw[i + 1]);
    if (scrubber === null) {
      headers.push(name, value);
      continue;
    }
    if (lower === 'content-encoding') {
      codings.push(...listed(value));
      continue;
    }
    if (MESSAGE_CODINGS.has(lower) && listed(value).some((coding) => coding !== 'identity')) {
      return { ok: false, reason: UNREADABLE };
    }
    const clean = scrubber.text(value);
    const inName = scrubber.text(name).count;
    scrubbed += clean.count + inName;
    if (inName === 0) headers.push(name, clean.text);
  }
  const coding = readable(codings);
  if (coding === undefined) {
    return { ok: false, reason: UNREADABLE };
  }
  const cleanMessage = scrubber === null ? { text: message, count: 0 } : scrubber.text(message);
  return {
    ok: true,
    head: {
      status,
      message: REASON.test(cleanMessage.text) ? cleanMessage.text : '',
      headers: coding === null ? headers : withoutLength(headers),
      coding,
      scrubbed: scrubbed + cleanMessage.count,
    },
  };
}

function listed(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
}

/** undefined: cannot be read. Stacked codings are what attacks use and servers do not. */
function readable(codings: readonly string[]): Coding | null | undefined {
  const named = codings.filter((coding) => coding !== '' && coding !== 'identity');
  if (named.length === 0) return null;
  if (named.length > 1) return undefined;
  if (named[0] === 'gzip' || named[0] === 'x-gzip') return 'gzip';
  if (named[0] === 'deflate' || named[0] === 'br') return named[0];
  return undefined;
}

function withoutLength(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] as string).toLowerCase() === 'content-length') continue;
    kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

function latin1(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : bytes.toString('latin1');
}
