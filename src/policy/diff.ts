import { diffCompartments } from './diff-compartments.ts';
import { diffRules } from './diff-rules.ts';
import { EMPTY_POLICY, type Policy } from './policy.ts';
import { quoteWhole } from './quote.ts';

/**
 * What changes for the box when `after` takes the place of `before`, in words: a line for each
 * change, each the end of a sentence that begins with "the box", or with the name of a compartment.
 * Null is the absence of a policy. Empty when both say the same. Gains come before losses.
 */
export function diffPolicy(before: Policy | null, after: Policy): readonly string[] {
  const old = before ?? EMPTY_POLICY;
  const rules = diffRules(old.rules, after.rules);
  const compartments = diffCompartments(old.compartments, after.compartments);
  return [
    ...rules.gained,
    ...added(old.secrets, after.secrets).map((name) => `may now use secret ${name}`),
    ...(old.workspace === after.workspace
      ? []
      : [`has the workspace as ${after.workspace} (before: ${old.workspace})`]),
    ...compartments.gained,
    ...added(old.mounts, after.mounts).map((mount) => `now has the mount ${quoteWhole(mount)}`),
    ...added(after.mask, old.mask).map((file) => `now sees the values in ${quoteWhole(file)}`),
    ...diffEnv(old.env, after.env),
    ...diffLimits(old, after),
    ...added(old.mask, after.mask).map(
      (file) => `sees placeholders for the values in ${quoteWhole(file)}`,
    ),
    ...added(after.mounts, old.mounts).map(
      (mount) => `no longer has the mount ${quoteWhole(mount)}`,
    ),
    ...added(after.secrets, old.secrets).map((name) => `no longer sees secret ${name}`),
    ...rules.lost,
    ...compartments.lost,
  ];
}

function diffEnv(before: Policy['env'], after: Policy['env']): readonly string[] {
  const set = Object.entries(after)
    .filter(([name, value]) => !Object.hasOwn(before, name) || before[name] !== value)
    .map(([name, value]) => `has the variable ${name}=${quoteWhole(value)}`);
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
