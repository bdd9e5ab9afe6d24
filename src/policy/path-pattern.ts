import { PATTERN_CHARS_MAX } from './limits.ts';
import { matchPieces, matchRuns } from './match-runs.ts';
import { canonicalPath, pathFlags } from './path.ts';

/**
 * Path patterns. A segment is literal text; `*` stands for one whole segment that is not empty, or
 * for any characters within a segment (`v*` matches `v` and `v12`); `**`, alone in its segment,
 * stands for any number of segments, none included, so `/repos/acme/**` matches `/repos/acme`
 * itself and everything below. Without a wildcard a pattern matches exactly one path, and letters,
 * trailing slashes and all else count.
 *
 * `{owner}` stands for one whole segment that is not empty, or with text around it (`{id}.json`)
 * for the part between, and has a name; `{owner=acme|other}` stands for nothing but these values.
 *
 * A pattern speaks of segments, so a path that a server may cut into other segments does not
 * match: empty segments and double encoding never, `%2F` only below `**` or where the pattern
 * itself has it.
 */
export interface PathPattern {
  /** Canonical text; compiles to the same pattern. */
  readonly text: string;
  /** The segments between one `**` and the next; one run when there is no `**`. */
  readonly runs: readonly (readonly Segment[])[];
}

interface Segment {
  /** The literal text around each `*` or variable; a single piece when the segment is literal. */
  readonly pieces: readonly string[];
  readonly encodedSlashes: number;
  /** What the variable may be, null for anything; left out when the segment has none. */
  readonly values?: ReadonlySet<string> | null;
  /** Name of the variable. */
  readonly name?: string;
}

/** Offsets in a path; `end` is behind the last character. */
export interface PathSpan {
  readonly start: number;
  readonly end: number;
}

/** Further limits on variables, by name: canonical values. */
export type PinnedVariables = Readonly<Record<string, readonly string[]>>;

export type CompiledPattern =
  | { readonly ok: true; readonly pattern: PathPattern }
  | { readonly ok: false; readonly reason: string; readonly at: number };

const EMPTY_SEGMENT = /\/(?:\/|;|%3B)/i;

/** Text, a variable and text. */
const TEMPLATE = /^([^{}*]*)\{([A-Za-z_][A-Za-z0-9_-]{0,63})(?:=([^{}*]*))?\}([^{}*]*)$/;

/** True for a name that a variable of a pattern may have. */
export function isPathVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name);
}

export function compilePathPattern(text: string, pins: PinnedVariables = {}): CompiledPattern {
  if (text.length > PATTERN_CHARS_MAX) {
    const reason = `the path pattern is longer than ${PATTERN_CHARS_MAX} characters`;
    return { ok: false, reason, at: PATTERN_CHARS_MAX };
  }
  const mark = text.indexOf('?');
  if (mark !== -1) return { ok: false, reason: 'a path pattern has no query', at: mark };
  const canonical = canonicalPath(text);
  if (!canonical.ok) return canonical;
  const { path, flags } = canonical;
  if (flags.emptySegment) {
    return { ok: false, reason: 'the path has an empty segment', at: text.search(EMPTY_SEGMENT) };
  }
  if (flags.doubleEncoded) {
    return { ok: false, reason: 'the path is encoded twice', at: text.indexOf('%25') };
  }
  const stars = /[^/]\*\*|\*\*[^/]/.exec(text);
  if (stars !== null)
    return { ok: false, reason: '** stands alone in its segment', at: stars.index };
  return path.includes('{') || path.includes('}') || Object.keys(pins).length > 0
    ? compileTemplate(path, text, pins)
    : { ok: true, pattern: buildPattern(path, NO_VARIABLES) };
}

type Variables = ReadonlyMap<string, ReadonlySet<string> | null>;

const NO_VARIABLES: Variables = new Map();

/** A pattern with variables; each name is there once, and each pin is one of a variable. */
function compileTemplate(path: string, text: string, pins: PinnedVariables): CompiledPattern {
  const fault = (reason: string, part: string): CompiledPattern => {
    return { ok: false, reason, at: Math.max(0, text.indexOf(part)) };
  };
  const variables = new Map<string, ReadonlySet<string> | null>();
  for (const segment of segmentsOf(path)) {
    if (!/[{}]/.test(segment)) continue;
    const [, , name, list] = TEMPLATE.exec(segment) ?? [];
    if (name === undefined) {
      return fault('a segment has at most one variable, as {owner} or {owner=acme|other}', segment);
    }
    if (variables.has(name)) return fault(`the variable ${name} is there twice`, segment);
    const values = list?.split('|') ?? null;
    if (values?.includes('') === true) return fault('a value of a variable is empty', segment);
    variables.set(name, values === null ? null : new Set(values));
  }
  for (const [name, list] of Object.entries(pins)) {
    const values = variables.get(name);
    if (values === undefined) return fault(`the path has no variable ${name}`, path);
    variables.set(name, new Set(list.filter((value) => values === null || values.has(value))));
  }
  return { ok: true, pattern: buildPattern(path, variables) };
}

export type PathMatch = 'match' | 'miss' | 'ambiguous';

/** `path` is canonical. Takes time in proportion to its length. */
export function matchPath(pattern: PathPattern, path: string): PathMatch {
  const flags = pathFlags(path);
  if (flags.emptySegment || flags.doubleEncoded) return 'ambiguous';
  return matchRuns(pattern.runs, segmentsOf(path), matchSegment) ? 'match' : 'miss';
}

/**
 * Where the variables of the pattern are in a path that it matches. Left out are those between two
 * `**`, whose place is not one for every reader of the pattern.
 */
export function variableSpans(pattern: PathPattern, path: string): ReadonlyMap<string, PathSpan> {
  const spans = new Map<string, PathSpan>();
  const texts = segmentsOf(path);
  const starts = texts.map(() => 0);
  for (let index = 0, at = 1; index < texts.length; index++) {
    starts[index] = at;
    at += (texts[index] as string).length + 1;
  }
  const take = (run: readonly Segment[], from: number): void => {
    for (const [index, { name, pieces }] of run.entries()) {
      if (name === undefined) continue;
      const start = starts[from + index] as number;
      const { length } = texts[from + index] as string;
      const [before = '', after = ''] = pieces;
      spans.set(name, { start: start + before.length, end: start + length - after.length });
    }
  };
  const [first = [], ...rest] = pattern.runs;
  take(first, 0);
  const last = rest.at(-1);
  if (last !== undefined) take(last, texts.length - last.length);
  return spans;
}

/** Leading segments of the pattern that the path shares: how near a miss was. */
export function sharedSegments(pattern: PathPattern, path: string): number {
  const segments = segmentsOf(path);
  const first = pattern.runs[0] ?? [];
  const differs = first.findIndex((segment, index) => !matchSegment(segment, segments[index]));
  return differs === -1 ? first.length : differs;
}

function buildPattern(path: string, variables: Variables): PathPattern {
  const runs: Segment[][] = [[]];
  const kept: string[] = [];
  for (const segment of segmentsOf(path)) {
    // Two `**` in a row say no more than one.
    if (segment === '**' && kept.at(-1) === '**') continue;
    kept.push(segment);
    if (segment === '**') runs.push([]);
    else runs.at(-1)?.push(buildSegment(segment, variables));
  }
  return { text: `/${kept.join('/')}`, runs };
}

function buildSegment(text: string, variables: Variables): Segment {
  const template = variables.size === 0 ? null : TEMPLATE.exec(text);
  if (template === null) return { pieces: text.split('*'), encodedSlashes: countSlashes(text) };
  const [, before = '', name = '', , after = ''] = template;
  const pieces = [before, after];
  const encodedSlashes = countSlashes(before) + countSlashes(after);
  return { pieces, encodedSlashes, values: variables.get(name) ?? null, name };
}

function segmentsOf(path: string): readonly string[] {
  return path.slice(1).split('/');
}

function matchSegment(segment: Segment, text: string | undefined): boolean {
  if (text === undefined) return false;
  const { pieces, encodedSlashes } = segment;
  const first = pieces[0] ?? '';
  if (segment.values !== undefined) return matchVariable(segment, segment.values, text);
  if (pieces.length === 1) return text === first;
  // The literal pieces account for that many `%2F`; any further one was under a `*`.
  if (text === '' || countSlashes(text) !== encodedSlashes) return false;
  return matchPieces(pieces, text);
}

/** A value that is pinned may have `%2F` in it, as the pattern itself then has it. */
function matchVariable(
  { pieces, encodedSlashes }: Segment,
  values: ReadonlySet<string> | null,
  text: string,
): boolean {
  const [before = '', after = ''] = pieces;
  const end = text.length - after.length;
  if (end <= before.length || !text.startsWith(before) || !text.endsWith(after)) return false;
  if (values === null) return countSlashes(text) === encodedSlashes;
  return values.has(text.slice(before.length, end));
}

function countSlashes(text: string): number {
  return text.includes('%2F') ? text.split('%2F').length - 1 : 0;
}
