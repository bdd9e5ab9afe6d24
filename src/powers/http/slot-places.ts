import { type PathSpan, variableSpans } from '../../policy/path-pattern.ts';
import type { HttpCall } from './call.ts';
import { httpKind, patternOf } from './kind.ts';
import type { HttpNarrowing } from './narrowing.ts';

/** What the grant of a permitted call says of places in it, where a value may go only then. */
export interface SlotPlaces {
  /** Methods and a path are named: what is sent there is sent for one purpose. */
  readonly named: boolean;
  /** Where the variables of its path patterns are in the path of the call. */
  readonly variables: ReadonlyMap<string, PathSpan>;
  /** JSON Pointers of the fields that it has rules for. */
  readonly pointers: ReadonlySet<string>;
}

export const NO_PLACES: SlotPlaces = Object.freeze({
  named: false,
  variables: new Map(),
  pointers: new Set<string>(),
});

interface Named {
  readonly methods: boolean;
  readonly path: boolean;
  readonly variables: ReadonlyMap<string, PathSpan | null>;
  readonly pointers: ReadonlySet<string>;
}

/**
 * `narrowings` are those that the host wrote, and each permits the call. Of alternatives that
 * permit it, what all of them name counts; a variable that two patterns put in different places
 * is nowhere.
 */
export function slotPlaces(narrowings: readonly HttpNarrowing[], call: HttpCall): SlotPlaces {
  const all = together(narrowings.map((narrowing) => namedBy(narrowing, call)));
  const variables = new Map<string, PathSpan>();
  for (const [name, span] of all.variables) if (span !== null) variables.set(name, span);
  return { named: all.methods && all.path, variables, pointers: all.pointers };
}

function namedBy(narrowing: HttpNarrowing, call: HttpCall): Named {
  const { methods, path, body, any } = narrowing;
  const own = {
    methods: methods !== null,
    // Every path is no path that somebody thought of.
    path: path !== null && path !== '/**',
    variables: path === null ? new Map<string, PathSpan>() : spansOf(narrowing, path, call),
    pointers: new Set(body?.fields.filter((field) => !field.absent).map(({ at }) => at)),
  };
  if (any === undefined) return own;
  const permitting = any.filter((one) => httpKind.permits(one, call).allow);
  return together([own, common(permitting.map((one) => namedBy(one, call)))]);
}

function spansOf(
  narrowing: HttpNarrowing,
  path: string,
  call: HttpCall,
): ReadonlyMap<string, PathSpan> {
  const compiled = patternOf(narrowing, path);
  return compiled.ok ? variableSpans(compiled.pattern, call.path) : new Map();
}

/** Everything that one of them names. */
function together(parts: readonly Named[]): Named {
  const variables = new Map<string, PathSpan | null>();
  for (const [name, span] of parts.flatMap((part) => [...part.variables])) {
    const known = variables.get(name);
    variables.set(name, known === undefined || isSame(known, span) ? span : null);
  }
  return {
    methods: parts.some(({ methods }) => methods),
    path: parts.some(({ path }) => path),
    variables,
    pointers: new Set(parts.flatMap(({ pointers }) => [...pointers])),
  };
}

/** What every one of them names alike. */
function common(parts: readonly Named[]): Named {
  const [first, ...rest] = parts;
  if (first === undefined) return together([]);
  const variables = [...first.variables].filter(([name, span]) =>
    rest.every((part) => isSame(part.variables.get(name), span)),
  );
  return {
    methods: parts.every(({ methods }) => methods),
    path: parts.every(({ path }) => path),
    variables: new Map(variables),
    pointers: new Set(
      [...first.pointers].filter((at) => rest.every(({ pointers }) => pointers.has(at))),
    ),
  };
}

function isSame(a: PathSpan | null | undefined, b: PathSpan | null): boolean {
  return a !== null && a !== undefined && b !== null && a.start === b.start && a.end === b.end;
}
