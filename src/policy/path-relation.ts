import { matchPieces } from './match-runs.ts';
import { compilePathPattern, matchPath } from './path-pattern.ts';

/** How what two patterns match is related; null stands for every path. */
export type PathRelation = 'covers' | 'overlaps' | 'apart';

/** Names that no pattern has in it unless it means exactly them. */
const STAND_INS = ['x0-stands-in', '7'] as const;

/** Most `**` of a pattern that are told apart; more count as overlapping. */
const RUNS_MAX = 3;

/** Does `outer` match all that `inner` matches, perhaps some of it, or nothing of it? */
export function relatePaths(outer: string | null, inner: string | null): PathRelation {
  if (outer === null || outer === inner) return 'covers';
  if (inner === null) return 'overlaps';
  const compiled = compilePathPattern(outer);
  if (!compiled.ok) return 'overlaps';
  const samples = samplesOf(inner);
  if (samples?.every((path) => matchPath(compiled.pattern, path) === 'match')) return 'covers';
  return mayMeet(segmentsOf(outer), segmentsOf(inner)) ? 'overlaps' : 'apart';
}

/**
 * Paths that stand for all that a pattern matches: another pattern that matches each of them
 * matches every path of the first, as it can match a stand-in only by a wildcard. Null when there
 * would be too many.
 */
export function samplesOf(pattern: string): readonly string[] | null {
  const segments = segmentsOf(pattern);
  if (segments.filter((segment) => segment === '**').length > RUNS_MAX) return null;
  return STAND_INS.flatMap((standIn) => {
    let paths: readonly (readonly string[])[] = [[]];
    for (const segment of segments) {
      const choices = choicesOf(segment, standIn);
      paths = paths.flatMap((path) => choices.map((choice) => [...path, ...choice]));
    }
    return paths.map((path) => `/${path.join('/')}`);
  });
}

function choicesOf(segment: string, standIn: string): readonly (readonly string[])[] {
  if (segment === '**') return [[], [standIn], [standIn, standIn, standIn]];
  const plain = segment.replaceAll(/\{[^{}]*\}/g, '*');
  const filled = plain.replaceAll('*', standIn);
  // A `*` beside other text may stand for nothing.
  const isMixed = plain.includes('*') && plain !== '*';
  return isMixed ? [[filled], [plain.replaceAll('*', '')]] : [[filled]];
}

/** True unless there is surely no path that both match. Each pair of places is looked at once. */
function mayMeet(one: readonly string[], other: readonly string[]): boolean {
  const known = new Map<string, boolean>();
  const meet = (i: number, j: number): boolean => {
    const key = `${i} ${j}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    known.set(key, false);
    const [first, second] = [one[i], other[j]];
    let found: boolean;
    if (first === '**') found = meet(i + 1, j) || (j < other.length && meet(i, j + 1));
    else if (second === '**') found = meet(i, j + 1) || (i < one.length && meet(i + 1, j));
    else if (first === undefined || second === undefined) found = first === second;
    else found = mayBeAlike(first, second) && meet(i + 1, j + 1);
    known.set(key, found);
    return found;
  };
  return meet(0, 0);
}

function mayBeAlike(one: string, other: string): boolean {
  const wild = (text: string): boolean => /[*{]/.test(text);
  if (wild(one) && wild(other)) return true;
  if (wild(other)) return mayBeAlike(other, one);
  return matchPieces(one.replaceAll(/\{[^{}]*\}/g, '*').split('*'), other);
}

function segmentsOf(path: string): readonly string[] {
  return path.slice(1).split('/');
}
