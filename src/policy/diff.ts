import { EMPTY_POLICY, type Policy } from './policy.ts';
import { listWords, quote } from './quote.ts';
import { originText, type Rule } from './rule.ts';

/**
 * What changes for the box when `after` takes the place of `before`, in words: a line for each
 * change, each the end of a sentence that begins with "the box". Null is the absence of a policy.
 * Empty when both say the same. What the box gains comes before what it loses.
 */
export function diffPolicy(before: Policy | null, after: Policy): readonly string[] {
  const old = before ?? EMPTY_POLICY;
  const rules = diffRules(old.rules, after.rules);
  return [
    ...rules.gained,
    ...added(old.secrets, after.secrets).map((name) => `may now use secret ${name}`),
    ...(old.workspace === after.workspace
      ? []
      : [`has the workspace as ${after.workspace} (before: ${old.workspace})`]),
    ...added(old.mounts, after.mounts).map((mount) => `now has the mount ${quote(mount)}`),
    ...added(after.mask, old.mask).map((file) => `now sees the values in ${quote(file)}`),
    ...diffEnv(old.env, after.env),
    ...diffLimits(old, after),
    ...added(old.mask, after.mask).map(
      (file) => `sees placeholders for the values in ${quote(file)}`,
    ),
    ...added(after.mounts, old.mounts).map((mount) => `no longer has the mount ${quote(mount)}`),
    ...added(after.secrets, old.secrets).map((name) => `no longer sees secret ${name}`),
    ...rules.lost,
  ];
}

interface RuleChanges {
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** Null stands for all methods. */
type Methods = ReadonlySet<string> | null;

function diffRules(before: readonly Rule[], after: readonly Rule[]): RuleChanges {
  const old = methodsByPlace(before);
  const now = methodsByPlace(after);
  const gained: string[] = [];
  const lost: string[] = [];
  for (const [place, methods] of now) {
    const had = old.has(place) ? (old.get(place) ?? null) : NONE;
    const more = without(methods, had);
    if (more !== NONE) gained.push(`may now ${sayMethods(more)} ${place}`);
    if (methods !== null && had === null) lost.push(`may now only ${sayMethods(methods)} ${place}`);
  }
  for (const [place, methods] of old) {
    const has = now.has(place) ? (now.get(place) ?? null) : NONE;
    // From all methods to some is said above.
    const less = methods === null && has !== NONE ? NONE : without(methods, has);
    if (less !== NONE) lost.push(`may no longer ${sayMethods(less)} ${place}`);
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

function diffEnv(before: Policy['env'], after: Policy['env']): readonly string[] {
  const set = Object.entries(after)
    .filter(([name, value]) => !Object.hasOwn(before, name) || before[name] !== value)
    .map(([name, value]) => `has the variable ${name}=${quote(value)}`);
  const unset = added(Object.keys(after), Object.keys(before));
  return [...set, ...unset.map((name) => `no longer has the variable ${name}`)];
}

const LIMITS = ['memory', 'cpus', 'pids', 'disk', 'timeout'] as const;

function diffLimits(before: Policy, after: Policy): readonly string[] {
  return LIMITS.filter((name) => before.limits[name] !== after.limits[name]).map((name) => {
    const old = before.limits[name] ?? 'the default';
    return `has ${name} limited to ${after.limits[name] ?? 'the default'} (before: ${old})`;
  });
}

/** What is in `after` and not in `before`, once each. */
function added(before: readonly string[], after: readonly string[]): readonly string[] {
  return [...new Set(after)].filter((item) => !before.includes(item));
}
