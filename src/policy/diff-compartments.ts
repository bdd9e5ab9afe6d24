import {
  type CompartmentGlobal,
  type CompartmentPolicy,
  type Compartments,
  compartmentOf,
  EMPTY_COMPARTMENT,
  type PolicyPower,
} from './compartment.ts';
import { type Changes, diffRules } from './diff-rules.ts';
import { type HttpWords, readHttpWords } from './http-words.ts';
import { legibleWhole, listWords, quoteWhole } from './quote.ts';

/**
 * What changes for compartments, each line with the name of its compartment before it. Whatever
 * could be more than before is among the gains.
 */
export function diffCompartments(before: Compartments, after: Compartments): Changes {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const gained: string[] = [];
  const lost: string[] = [];
  for (const name of names) {
    const old = compartmentOf(before, name);
    const now = compartmentOf(after, name);
    const say = (line: string): string => `${name}: ${line}`;
    if (now === null) {
      lost.push(say('is gone, with all that it held'));
      continue;
    }
    const changes = diffCompartment(old ?? EMPTY_COMPARTMENT, now);
    if (old === null && changes.gained.length === 0) gained.push(say('is new, and holds nothing'));
    gained.push(...changes.gained.map(say));
    lost.push(...changes.lost.map(say));
  }
  return { gained, lost };
}

const GLOBALS: Readonly<Record<CompartmentGlobal, readonly [gained: string, lost: string]>> = {
  clock: ['now sees the clock', 'no longer sees the clock'],
  random: ['now has randomness', 'no longer has randomness'],
};

function diffCompartment(before: CompartmentPolicy, after: CompartmentPolicy): Changes {
  const powers = diffPowers(before.powers, after.powers);
  return {
    gained: [
      ...powers.gained,
      ...added(before.globals, after.globals).map((name) => GLOBALS[name][0]),
      ...added(before.packages, after.packages).map((name) => `may now import ${name}`),
      ...(before.isolation === after.isolation ? [] : [ISOLATION[after.isolation]]),
      ...diffLimits(before.limits, after.limits),
    ],
    lost: [
      ...added(after.packages, before.packages).map((name) => `may no longer import ${name}`),
      ...added(after.globals, before.globals).map((name) => GLOBALS[name][1]),
      ...powers.lost,
    ],
  };
}

const ISOLATION: Readonly<Record<CompartmentPolicy['isolation'], string>> = {
  own: 'has a process of its own',
  shared: 'shares the process of its maker',
};

type Powers = CompartmentPolicy['powers'];

function diffPowers(before: Powers, after: Powers): Changes {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const all = names.map((name) => diffPower(name, powerOf(before, name), powerOf(after, name)));
  return {
    gained: all.flatMap(({ gained }) => gained),
    lost: all.flatMap(({ lost }) => lost),
  };
}

function powerOf(powers: Powers, name: string): PolicyPower | null {
  return Object.hasOwn(powers, name) ? (powers[name] ?? null) : null;
}

function diffPower(name: string, old: PolicyPower | null, now: PolicyPower | null): Changes {
  const had = old === null ? null : httpOf(old);
  const has = now === null ? null : httpOf(now);
  const terms = now === null ? [] : diffTerms(name, old, now);
  // Rules are compared one by one where both sides are rules, or there is only one side.
  if ((had !== null || old === null) && (has !== null || now === null)) {
    const say = (place: string): string => `${place} as ${name}`;
    const { gained, lost } = diffRules(had?.rules ?? [], has?.rules ?? [], say);
    const secret =
      now !== null && has !== null && has.secret !== (had?.secret ?? null)
        ? [`has ${name} with ${has.secret === null ? 'no secret' : `secret ${has.secret}`}`]
        : [];
    return { gained: [...gained, ...secret, ...terms], lost };
  }
  if (old === null) return { gained: [`may now use ${sayPower(name, now)}`, ...terms], lost: [] };
  if (now === null) return { gained: [], lost: [`may no longer use ${sayPower(name, old)}`] };
  if (old.power !== now.power) {
    const lost = [`may no longer use ${sayPower(name, old)}`];
    return { gained: [`may now use ${sayPower(name, now)}`, ...terms], lost };
  }
  if (sameTexts(old.only, now.only)) return { gained: terms, lost: [] };
  // What a text allows is its kind's to say: one that is left out may have been a bound.
  const narrowed = `has ${name} narrowed to ${sayOnly(now)} (before: ${sayOnly(old)})`;
  return { gained: [narrowed, ...terms], lost: [] };
}

/** What two policies say the same of in other words is the same. */
function httpOf({ power, only }: PolicyPower): HttpWords | null {
  return readHttpWords(power, only, () => false);
}

function diffTerms(name: string, old: PolicyPower | null, now: PolicyPower): readonly string[] {
  const budget = old?.budget ?? [];
  const approval = old?.approval ?? 'none';
  return [
    ...(sameTexts(budget, now.budget)
      ? []
      : [`has the budget of ${name} as ${sayBudget(now.budget)} (before: ${sayBudget(budget)})`]),
    ...(approval === now.approval
      ? []
      : [`waits for approval of ${name}: ${now.approval} (before: ${approval})`]),
  ];
}

/** `repo (files:/srv/repo), only read /docs/**`. */
export function sayPower(name: string, power: PolicyPower | null): string {
  if (power === null) return name;
  const only = power.only.length === 0 ? '' : `, only ${sayOnly(power)}`;
  return `${name} (${legibleWhole(power.power)})${only}`;
}

function sayOnly({ only }: PolicyPower): string {
  return only.length === 0 ? 'nothing less' : listWords([...only].sort().map(legibleWhole));
}

function sayBudget(budget: readonly string[]): string {
  return budget.length === 0 ? 'none' : [...budget].sort().map(legibleWhole).join(' ');
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify([...new Set(one)].sort()) === JSON.stringify([...new Set(other)].sort());
}

function diffLimits(
  before: CompartmentPolicy['limits'],
  after: CompartmentPolicy['limits'],
): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      const say = (text: string | undefined): string => (text === undefined ? 'the default' : text);
      return `has ${quoteWhole(name).slice(1, -1)} limited to ${say(after[name])} (before: ${say(before[name])})`;
    });
}

/** What is in `after` and not in `before`, once each. */
function added<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return [...new Set(after)].filter((item) => !before.includes(item));
}
