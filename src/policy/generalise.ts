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

function mergeOnce(
  paths: readonly string[],
  isPattern: (path: string) => boolean,
): string[] | null {
  const alike = new Map<string, string[]>();
  for (const path of paths) {
    const segments = path.split('/');
    for (const [at, segment] of segments.entries()) {
      // A `*` stands for no empty segment, and for no encoded slash.
      if (at === 0 || segment === '' || segment === '*' || segment.includes('%2F')) continue;
      const template = segments.with(at, '*').join('/');
      const list = alike.get(template) ?? [];
      list.push(path);
      alike.set(template, list);
    }
  }
  const many = [...alike].filter(
    ([template, list]) => list.length > NAMES_LEARNED_MAX && isPattern(template),
  );
  many.sort(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1));
  const [largest] = many;
  if (largest === undefined) return null;
  const [template, gone] = largest;
  const left = paths.filter((path) => !gone.includes(path));
  return [...new Set([...left, template])].sort();
}
