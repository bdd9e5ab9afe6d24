import { splitAuthority } from '../policy/authority.ts';
import { compilePathPattern, matchPath } from '../policy/path-pattern.ts';
import { LEARNED_PATHS_MAX, LEARNED_SIBLINGS_MIN } from './limits.ts';

/** A request that a box made, as the record has it: canonical URL, no values of the query. */
export interface LearnedRequest {
  readonly method: string;
  readonly url: string;
}

/** Where requests went, and how they are alike. */
interface Group {
  readonly origin: string;
  /** Paths of templates; null is every path. */
  readonly templates: Map<string | null, Set<string>>;
}

/**
 * The narrowest rules, as a person would write them, that cover every one of these requests:
 * grouped by host, by what their paths have in common, and by method. Numbers and other names of
 * single things in a path become `*`, as do names that differ among many requests. No rule speaks
 * of a host that was not asked for, or gives a host a method that it was not asked with.
 */
export function proposeRules(requests: readonly LearnedRequest[]): readonly string[] {
  const groups = new Map<string, Group>();
  for (const { method, url } of requests) {
    const place = splitUrl(url);
    if (place === null) continue;
    const group = groups.get(place.origin) ?? { origin: place.origin, templates: new Map() };
    groups.set(place.origin, group);
    add(group.templates, templateOf(place.path), method);
  }
  return [...groups.values()]
    .sort((a, b) => (a.origin < b.origin ? -1 : 1))
    .flatMap(({ origin, templates }) => rulesOf(origin, fewer(mergeSiblings(templates))));
}

type Templates = Map<string | null, Set<string>>;

function rulesOf(origin: string, templates: Templates): string[] {
  const texts = [...templates].map(([path, methods]) => {
    // GET gives HEAD too.
    const needed = [...methods].filter((method) => method !== 'HEAD' || !methods.has('GET'));
    return `${needed.sort().join(',')} ${origin}${path ?? ''}`;
  });
  return texts.sort();
}

function add(templates: Templates, path: string | null, ...methods: readonly string[]): void {
  const known = templates.get(path) ?? new Set();
  for (const method of methods) known.add(method);
  templates.set(path, known);
}

function splitUrl(url: string): { readonly origin: string; readonly path: string } | null {
  const authority = splitAuthority(url, 0);
  if (!authority.ok) return null;
  const path = url.slice(authority.pathAt).split('?')[0] ?? '';
  const origin = url.slice(0, authority.pathAt).replace(/^https:\/\//, '');
  return { origin, path: path === '' ? '/' : path };
}

/** Null for a path that no pattern matches, as servers read it in different ways. */
function templateOf(path: string): string | null {
  const template = path.split('/').map(templateSegment).join('/');
  return covers(template, path) ? template : covers(path, path) ? path : null;
}

function covers(pattern: string, path: string): boolean {
  const compiled = compilePathPattern(pattern);
  return compiled.ok && matchPath(compiled.pattern, path) === 'match';
}

const NUMBER = /^[0-9]+$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A digest or an id in hexadecimal: a word of a, b … f alone has no digit. */
const HEX = /^(?=[a-f]*[0-9])[0-9a-f]{7,}$/i;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
/** Letters and digits mixed, longer than any word. */
const MIXED = /^(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_-]{16,}$/;

function templateSegment(segment: string): string {
  const names = [NUMBER, UUID, HEX, DATE, MIXED];
  return names.some((pattern) => pattern.test(segment)) ? '*' : segment;
}

/** Paths that differ in one segment only, and in many values of it, differ in a name. */
function mergeSiblings(templates: Templates): Templates {
  let merged = templates;
  for (;;) {
    const next = mergeOnce(merged);
    if (next === null) return merged;
    merged = next;
  }
}

function mergeOnce(templates: Templates): Templates | null {
  const alike = new Map<string, (readonly [path: string, template: string])[]>();
  for (const path of templates.keys()) {
    if (path === null) continue;
    const segments = path.split('/');
    for (const [at, segment] of segments.entries()) {
      if (at === 0 || segment === '' || segment === '*' || segment.includes('%2F')) continue;
      const template = segments.with(at, '*').join('/');
      const list = alike.get(template) ?? [];
      list.push([path, template]);
      alike.set(template, list);
    }
  }
  const largest = [...alike.values()].sort((a, b) => b.length - a.length)[0];
  if (largest === undefined || largest.length < LEARNED_SIBLINGS_MIN) return null;
  const gone = new Set<string | null>(largest.map(([path]) => path));
  const result: Templates = new Map();
  for (const [path, methods] of templates) {
    add(result, gone.has(path) ? (largest[0]?.[1] ?? null) : path, ...methods);
  }
  return result;
}

/** More rules than a person reads are joined by their first segments. */
function fewer(templates: Templates): Templates {
  let result = templates;
  for (let depth = 3; depth >= 0 && result.size > LEARNED_PATHS_MAX; depth--) {
    const shorter: Templates = new Map();
    for (const [path, methods] of templates) {
      const segments = path?.split('/') ?? [];
      const whole = path === null || segments.length <= depth + 1 || path.includes('%2F');
      add(shorter, whole ? path : [...segments.slice(0, depth + 1), '**'].join('/'), ...methods);
    }
    result = shorter;
  }
  return result;
}
