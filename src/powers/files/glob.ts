import { matchPieces, matchRunAt, matchRuns } from '../../policy/match-runs.ts';
import { GLOB_CHARS_MAX } from './limits.ts';
import { readPath, segmentsOf } from './path.ts';

/**
 * Patterns of file paths. A segment is literal text; `*` stands for any characters within a
 * segment, and `**`, alone in its segment, for any number of segments, none included: `/docs/**`
 * matches `/docs` itself and everything below. All other characters stand for themselves.
 */
export interface Glob {
  /** Canonical text; compiles to the same pattern. */
  readonly text: string;
  /** The segments between one `**` and the next; one run when there is no `**`. */
  readonly runs: readonly (readonly Segment[])[];
}

/** The literal text around each `*`; a single piece when the segment is literal. */
type Segment = readonly string[];

export type CompiledGlob =
  | { readonly ok: true; readonly glob: Glob }
  | { readonly ok: false; readonly reason: string };

export function compileGlob(text: string): CompiledGlob {
  if (text.length > GLOB_CHARS_MAX) {
    return { ok: false, reason: `the pattern is longer than ${GLOB_CHARS_MAX} characters` };
  }
  if (!text.startsWith('/')) return { ok: false, reason: 'the pattern does not begin with /' };
  const path = readPath(text);
  if (!path.ok) return path;
  if (/[^/]\*\*|\*\*[^/]/.test(text)) {
    return { ok: false, reason: '** stands alone in its segment' };
  }
  return { ok: true, glob: build(path.path) };
}

/** `path` is canonical, as everywhere here. Takes time in proportion to its length. */
export function matchGlob({ runs }: Glob, path: string): boolean {
  return matchRuns(runs, segmentsOf(path), matchSegment);
}

/** Could something below this path match? */
export function leadsToMatch({ runs }: Glob, path: string): boolean {
  const names = segmentsOf(path);
  const first = runs[0] ?? [];
  if (names.length < first.length) {
    return matchRunAt(first.slice(0, names.length), names, 0, matchSegment);
  }
  // Whatever follows the first `**` can be appended to the path.
  return runs.length > 1 && matchRunAt(first, names, 0, matchSegment);
}

/** Does it match this path and certainly everything below? */
export function matchesTree(glob: Glob, path: string): boolean {
  return glob.runs.length > 1 && glob.runs.at(-1)?.length === 0 && matchGlob(glob, path);
}

function build(path: string): Glob {
  const runs: Segment[][] = [[]];
  const kept: string[] = [];
  for (const segment of segmentsOf(path)) {
    // Two `**` in a row say no more than one.
    if (segment === '**' && kept.at(-1) === '**') continue;
    kept.push(segment);
    if (segment === '**') runs.push([]);
    else runs.at(-1)?.push(segment.split('*'));
  }
  return { text: `/${kept.join('/')}`, runs };
}

function matchSegment(pieces: Segment, name: string | undefined): boolean {
  return name !== undefined && matchPieces(pieces, name);
}
