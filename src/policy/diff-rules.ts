import { listWords } from './quote.ts';
import { originText, type Rule } from './rule.ts';

/** Each the end of a sentence that begins with who it is about. */
export interface Changes {
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** Null stands for all methods. */
type Methods = ReadonlySet<string> | null;

/** `place` names where, given its text: an origin and perhaps a path. */
export function diffRules(
  before: readonly Rule[],
  after: readonly Rule[],
  say: (place: string) => string = (place) => place,
): Changes {
  const old = methodsByPlace(before);
  const now = methodsByPlace(after);
  const gained: string[] = [];
  const lost: string[] = [];
  for (const [place, methods] of now) {
    const had = old.has(place) ? (old.get(place) ?? null) : NONE;
    const more = without(methods, had);
    if (more !== NONE) gained.push(`may now ${sayMethods(more)} ${say(place)}`);
    if (methods !== null && had === null) {
      lost.push(`may now only ${sayMethods(methods)} ${say(place)}`);
    }
  }
  for (const [place, methods] of old) {
    const has = now.has(place) ? (now.get(place) ?? null) : NONE;
    // From all methods to some is said above.
    const less = methods === null && has !== NONE ? NONE : without(methods, has);
    if (less !== NONE) lost.push(`may no longer ${sayMethods(less)} ${say(place)}`);
  }
  return { gained, lost };
}

const NONE: ReadonlySet<string> = new Set();

function methodsByPlace(rules: readonly Rule[]): ReadonlyMap<string, Methods> {
  const places = new Map<string, Methods>();
  for (const { config, narrowing } of rules) {
    const place = `${originText(config)}${narrowing.path ?? ''}`;
    const known = places.has(place) ? (places.get(place) ?? null) : NONE;
    const both =
      known === null || narrowing.methods === null
        ? null
        : new Set([...known, ...narrowing.methods]);
    places.set(place, both);
  }
  return places;
}

/** The methods of `some` that are not in `others`; NONE itself when there are none. */
function without(some: Methods, others: Methods): Methods {
  if (others === null) return NONE;
  if (some === null) return null;
  const rest = [...some].filter((method) => !others.has(method));
  return rest.length === 0 ? NONE : new Set(rest);
}

function sayMethods(methods: Methods): string {
  return methods === null ? 'send any request to' : `${listWords([...methods].sort())} to`;
}
