import { PowerboxError } from '../wire/errors.ts';
import { denyRule } from './deny-rule.ts';
import type { CompartmentDraft, PolicyDraft, PowerDraft } from './draft.ts';
import { readHttpWords } from './http-words.ts';
import { quote } from './quote.ts';
import { originText, parseRule, type Rule } from './rule.ts';

/** What a person changes of a generated policy, in a file of its own; see override-file.ts. */
export interface Override {
  readonly powers?: readonly unknown[];
  readonly secrets?: readonly string[];
  readonly mounts?: readonly string[];
  readonly mask?: readonly string[];
  readonly workspace?: string;
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | null>>;
  readonly compartments?: Readonly<Record<string, CompartmentOverride | null>>;
  readonly deny?: Denied;
}

export interface CompartmentOverride {
  readonly globals?: readonly string[];
  readonly packages?: readonly string[];
  readonly powers?: Readonly<Record<string, PowerDraft | null>>;
  readonly isolation?: string;
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly deny?: Denied;
}

/** What goes, whoever gave it. */
export type Denied = Readonly<
  Partial<
    Record<'powers' | 'secrets' | 'mounts' | 'mask' | 'globals' | 'packages', readonly string[]>
  >
>;

const LISTS = ['mounts', 'secrets', 'mask'] as const;

/**
 * The policy with the override on top. Lists are joined, and then what is denied is taken out;
 * a key with null goes; a power of a compartment stands in the place of the generated one, as
 * joined they would be no narrower than the wider of the two. Nothing is in the result that is in
 * neither. Throws `policy-invalid` where a denial cannot be kept.
 */
export function mergeOverride(base: PolicyDraft, override: Override): PolicyDraft {
  const { deny = {} } = override;
  const merged: Record<string, unknown> = { ...base };
  for (const key of LISTS) {
    setList(merged, key, join(base[key], override[key], deny[key]));
  }
  const powers = join(base.powers, override.powers, []);
  setList(merged, 'powers', denyPowers(powers, denialsOf(deny)));
  if (override.workspace !== undefined) merged.workspace = override.workspace;
  for (const key of ['limits', 'env'] as const) setRecord(merged, key, base[key], override[key]);
  const compartments: Record<string, CompartmentDraft> = { ...base.compartments };
  for (const [name, entry] of Object.entries(override.compartments ?? {})) {
    if (entry === null) delete compartments[name];
    else compartments[name] = mergeCompartment(ownOf(base.compartments, name) ?? {}, entry);
  }
  const names = Object.keys(compartments).sort();
  if (names.length === 0) delete merged.compartments;
  else merged.compartments = Object.fromEntries(names.map((name) => [name, compartments[name]]));
  return { ...merged, version: 1 };
}

function mergeCompartment(base: CompartmentDraft, override: CompartmentOverride): CompartmentDraft {
  const { deny = {} } = override;
  const merged: Record<string, unknown> = { ...base };
  for (const key of ['globals', 'packages'] as const) {
    setList(merged, key, join(base[key], override[key], deny[key]));
  }
  setRecord(merged, 'powers', base.powers, override.powers);
  const denials = denialsOf(deny);
  const powers: Record<string, PowerDraft> = {};
  for (const [name, power] of Object.entries((merged.powers ?? {}) as Record<string, PowerDraft>)) {
    const left = denyPower(power, denials);
    if (left !== null) powers[name] = left;
  }
  setRecord(merged, 'powers', powers, {});
  setRecord(merged, 'limits', base.limits, override.limits);
  if (override.isolation !== undefined) merged.isolation = override.isolation;
  return merged;
}

function join(
  base: unknown,
  more: readonly unknown[] | undefined,
  deny: readonly string[] = [],
): readonly unknown[] {
  const all = [...(Array.isArray(base) ? base : []), ...(more ?? [])];
  const known = new Map(all.map((item) => [JSON.stringify(item), item]));
  return [...known.values()].filter((item) => !deny.includes(item as string));
}

function setList(target: Record<string, unknown>, key: string, list: readonly unknown[]): void {
  if (list.length === 0) delete target[key];
  else target[key] = list;
}

function setRecord(
  target: Record<string, unknown>,
  key: string,
  base: unknown,
  more: Readonly<Record<string, unknown>> | undefined,
): void {
  const all = { ...(base as Readonly<Record<string, unknown>> | undefined), ...more };
  const left = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  if (left.length === 0) delete target[key];
  else target[key] = Object.fromEntries(left.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function denialsOf({ powers = [] }: Denied): readonly Rule[] {
  return powers.map((text) => parseRule(text, { isPublicSuffix: () => false }));
}

function denyPowers(powers: readonly unknown[], denials: readonly Rule[]): readonly unknown[] {
  if (denials.length === 0) return powers;
  return powers.flatMap((power) => {
    if (typeof power !== 'string') return rulesOfEntry(power as HttpEntry, denials);
    const left = denyAll([parseRule(power, { isPublicSuffix: () => false })], denials);
    return left.map(({ text }) => text);
  });
}

interface HttpEntry {
  readonly http: string;
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
}

/** The same power in single rules, of which each stays or goes. */
function rulesOfEntry(
  { http, methods, paths }: HttpEntry,
  denials: readonly Rule[],
): readonly string[] {
  const before = methods === undefined ? '' : `${methods.join(',')} `;
  const rules = (paths ?? ['']).map((path) =>
    parseRule(`${before}${http}${path}`, { isPublicSuffix: () => false }),
  );
  return denyAll(rules, denials).map(({ text }) => text);
}

function denyAll(rules: readonly Rule[], denials: readonly Rule[]): readonly Rule[] {
  return rules.flatMap((rule) => {
    let left: Rule | null = rule;
    for (const denied of denials) left = left === null ? null : denyRule(left, denied);
    return left === null ? [] : [left];
  });
}

function denyPower(written: PowerDraft, denials: readonly Rule[]): PowerDraft | null {
  const { power, only = [] } = typeof written === 'string' ? { power: written } : written;
  const http = denials.length === 0 ? null : readHttpWords(power, only, () => false);
  if (http === null) {
    checkUnreadable(power, denials);
    return written;
  }
  const left = denyAll(http.rules, denials);
  if (left.length === http.rules.length && left.every((rule, at) => rule === http.rules[at])) {
    return written;
  }
  const [first] = left;
  if (first === undefined) return null;
  const origin = originText(first.config);
  const secret = http.secret === null ? '' : ` with ${http.secret}`;
  const rest = typeof written === 'string' ? {} : written;
  return {
    ...rest,
    power: `${origin}${secret}`,
    only: left.map(({ text }) => text.replace(origin, '').trim()),
  };
}

/** Rules that say more than methods and paths cannot be taken apart. */
function checkUnreadable(power: string, denials: readonly Rule[]): void {
  const text = power.replace(/^http:(?!\/\/)/, '');
  const denied = denials.find(({ config }) => text.includes(originText(config)));
  if (denied === undefined) return;
  throw new PowerboxError(
    'policy-invalid',
    `Cannot deny ${quote(denied.text)}: the power ${quote(power)} has rules that cannot be taken apart.`,
    { hint: 'Put null in the place of the power, and write what is to stay.' },
  );
}

function ownOf<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
