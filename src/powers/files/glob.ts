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
  const names = segmentsOf(path);
  const first = runs[0] ?? [];
  if (!matchRun(first, names, 0)) return false;
  if (runs.length === 1) return names.length === first.length;
  const last = runs.at(-1) ?? [];
  const end = names.length - last.length;
  let from = first.length;
  // Each run takes the first place that it fits: what is skipped only grows the `**` before it.
  for (const run of runs.slice(1, -1)) {
    while (from + run.length <= end && !matchRun(run, names, from)) from += 1;
    from += run.length;
    if (from > end) return false;
  }
  return from <= end && matchRun(last, names, end);
}

/** Could something below this path match? */
export function leadsToMatch({ runs }: Glob, path: string): boolean {
  const names = segmentsOf(path);
  const first = runs[0] ?? [];
  if (names.length < first.length) return matchRun(first.slice(0, names.length), names, 0);
  // Whatever follows the first `**` can be appended to the path.
  return runs.length > 1 && matchRun(first, names, 0);
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

function matchRun(run: readonly Segment[], names: readonly string[], from: number): boolean {
  return run.every((segment, index) => matchSegment(segment, names[from + index]));
}

function matchSegment(pieces: Segment, name: string | undefined): boolean {
  if (name === undefined) return false;
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return name === first;
  const last = pieces.at(-1) ?? '';
  const end = name.length - last.length;
  if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let from = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, from);
    if (found === -1) return false;
    from = found + piece.length;
  }
  return from <= end;
}
