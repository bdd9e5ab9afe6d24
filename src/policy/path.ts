import { TARGET_CHARS_MAX } from './limits.ts';

/** What a server might read in more than one way; path patterns look at these. */
export interface PathFlags {
  /** Has `%2F`, which is kept as it is: some servers need it, others take it for a slash. */
  readonly encodedSlash: boolean;
  /** Has a segment without a name: `//`, or one of `;` parameters only. */
  readonly emptySegment: boolean;
  /** Has a percent sign that is itself encoded before two hexadecimal digits, as in `%252e`. */
  readonly doubleEncoded: boolean;
}

export interface CanonicalPath {
  readonly ok: true;
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
  readonly flags: PathFlags;
}

export interface PathFault {
  readonly ok: false;
  readonly code: 'path-ambiguous' | 'request-malformed';
  /** A clause: lower-case, no full stop. */
  readonly reason: string;
  /** Offset of the fault in the text that was given. */
  readonly at: number;
}

/** A separator of segments or of their parameters, in each spelling. */
const EDGE = '(?:/|%2F|;|%3B)';
/** Encoded control characters and spaces, which some servers trim off a segment. */
const PADDING = '(?:%[01][0-9A-F]|%20|%7F)*';
const DOT_SEGMENT = new RegExp(
  `(?<=${EDGE})${PADDING}(?:\\.|%2E){1,2}${PADDING}(?=${EDGE}|$)`,
  'i',
);

/** What no path may hold, each with the reason. The order is that of the checks. */
const AMBIGUOUS: readonly (readonly [RegExp, string])[] = [
  [/\\|%5C/i, 'the path has a backslash'],
  [/%00/, 'the path has an encoded NUL'],
  [DOT_SEGMENT, 'the path has a dot segment'],
  // RFC 3629 §3 forbids these longer spellings of one character; lax decoders read `.` and `/`.
  [/%C[01]%[89AB][0-9A-F]|%E0%[89][0-9A-F]|%F0%8[0-9A-F]/i, 'the path has an overlong UTF-8 form'],
];

/**
 * The one spelling of an origin-form request target (RFC 9112 §3.2.1): what the rules judge is
 * what is sent. The canonical target is `path`, then `?` and `query` when the query is not empty.
 * Canonicalising it again changes nothing.
 *
 * Encoded unreserved characters are decoded and other triples upper-cased (RFC 3986 §6.2.2);
 * nothing else is rewritten, and what would need rewriting is refused. Never throws.
 */
export function canonicalPath(rawTarget: string): CanonicalPath | PathFault {
  if (!rawTarget.startsWith('/')) return malformed('the path does not begin with /', 0);
  if (rawTarget.length > TARGET_CHARS_MAX) {
    return malformed(`the path is longer than ${TARGET_CHARS_MAX} characters`, TARGET_CHARS_MAX);
  }
  const odd = /[^\x21-\x7e]|#/.exec(rawTarget);
  if (odd !== null) return malformed(explainCharacter(odd[0]), odd.index);
  const broken = /%(?![0-9A-Fa-f]{2})/.exec(rawTarget);
  if (broken !== null) {
    return malformed('a percent sign is not followed by two hexadecimal digits', broken.index);
  }
  const mark = rawTarget.indexOf('?');
  const rawPath = mark === -1 ? rawTarget : rawTarget.slice(0, mark);
  for (const [pattern, reason] of AMBIGUOUS) {
    const found = pattern.exec(rawPath);
    if (found !== null) return { ok: false, code: 'path-ambiguous', reason, at: found.index };
  }
  const path = rawPath.replace(/%[0-9A-Fa-f]{2}/g, canonicalTriple);
  const query = mark === -1 ? '' : rawTarget.slice(mark + 1).replace(/%../g, upperCase);
  return { ok: true, path, query, flags: pathFlags(path) };
}

/** The flags of a canonical path. */
export function pathFlags(path: string): PathFlags {
  return {
    encodedSlash: path.includes('%2F'),
    emptySegment: /\/(?:\/|;|%3B)/.test(path),
    doubleEncoded: /%25[0-9A-Fa-f]{2}/.test(path),
  };
}

function canonicalTriple(triple: string): string {
  const char = String.fromCharCode(Number.parseInt(triple.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(char) ? char : triple.toUpperCase();
}

function upperCase(text: string): string {
  return text.toUpperCase();
}

function explainCharacter(char: string): string {
  if (char === '#') return 'a request has no fragment';
  if (char === ' ') return 'the path has a space; write %20';
  if (char > '\x7f') return 'the path is not ASCII; write it percent-encoded';
  return 'the path has a control character';
}

function malformed(reason: string, at: number): PathFault {
  return { ok: false, code: 'request-malformed', reason, at };
}
