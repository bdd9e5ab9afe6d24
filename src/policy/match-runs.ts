/** What patterns of paths share: segments of literal pieces around `*`, runs of them around `**`. */

export type Fits<Segment> = (segment: Segment, name: string | undefined) => boolean;

/**
 * The first run begins the path and the last one ends it; each run between takes the first place
 * that it fits. Taking the first never loses a match, as what is skipped only grows `**`, so
 * nothing is tried twice.
 */
export function matchRuns<Segment>(
  runs: readonly (readonly Segment[])[],
  names: readonly string[],
  fits: Fits<Segment>,
): boolean {
  const first = runs[0] ?? [];
  if (!matchRunAt(first, names, 0, fits)) return false;
  if (runs.length === 1) return names.length === first.length;
  const last = runs.at(-1) ?? [];
  const end = names.length - last.length;
  let from = first.length;
  for (const run of runs.slice(1, -1)) {
    while (from + run.length <= end && !matchRunAt(run, names, from, fits)) from += 1;
    from += run.length;
    if (from > end) return false;
  }
  return from <= end && matchRunAt(last, names, end, fits);
}

export function matchRunAt<Segment>(
  run: readonly Segment[],
  names: readonly string[],
  from: number,
  fits: Fits<Segment>,
): boolean {
  return run.every((segment, index) => fits(segment, names[from + index]));
}

/** The literal text around each `*`; a single piece has none. */
export function matchPieces(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return text === first;
  const last = pieces.at(-1) ?? '';
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, from);
    if (found === -1) return false;
    from = found + piece.length;
  }
  return from <= end;
}
