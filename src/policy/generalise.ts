import { NAMES_LEARNED_MAX } from './limits.ts';

/**
 * Paths with the same number of segments that differ in one segment only, in more values of it
 * than a person would list, become one with `*` there. All others stay as they are. The result is
 * sorted, and does not depend on the order of what is given.
 */
export function generalisePaths(
  paths: readonly string[],
  isPattern: (path: string) => boolean = () => true,
): readonly string[] {
  let known = [...new Set(paths)].sort();
  for (;;) {
    const next = mergeOnce(known, isPattern);
    if (next === null) return known;
    known = next;
  }
}

/** All that can be merged now, the largest first; null when nothing can. */
function mergeOnce(
  paths: readonly string[],
  isPattern: (path: string) => boolean,
): string[] | null {
  const left = new Set(paths);
  const merged: string[] = [];
  for (const [template, list] of alikeOf(paths)) {
    const alive = list.filter((path) => left.has(path));
    if (alive.length <= NAMES_LEARNED_MAX || !isPattern(template)) continue;
    for (const path of alive) left.delete(path);
    merged.push(template);
  }
  return merged.length === 0 ? null : [...new Set([...left, ...merged])].sort();
}

/** Paths by what they are with one segment as `*`, the most alike first. */
function alikeOf(paths: readonly string[]): readonly (readonly [string, readonly string[]])[] {
  const alike = new Map<string, string[]>();
  for (const path of paths) {
    const segments = path.split('/');
    for (const [at, segment] of segments.entries()) {
      // A `*` stands for no empty segment, and for no encoded slash.
      if (at === 0 || segment === '' || segment === '*' || segment.includes('%2F')) continue;
      const template = segments.with(at, '*').join('/');
      const list = alike.get(template);
      if (list === undefined) alike.set(template, [path]);
      else list.push(path);
    }
  }
  return [...alike].sort(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1));
}
