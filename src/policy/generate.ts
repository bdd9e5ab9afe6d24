import type { CompartmentDraft, PolicyDraft, PowerDraft } from './draft.ts';
import { generalisePaths } from './generalise.ts';
import { ONLY_TEXTS_MAX, POLICY_ENTRIES_MAX } from './limits.ts';
import { CODE_NAME, MADE_RULE, PACKAGE_NAME, VARIABLE_NAME } from './names.ts';
import type { Found, HttpNeed, Need, Needs, Note, UseNeed } from './needs.ts';
import { quote } from './quote.ts';

export interface Generated<Draft> {
  readonly draft: Draft;
  readonly notes: readonly Note[];
}

/** Globals that a compartment can be given. */
const GLOBALS: ReadonlySet<string> = new Set(['clock', 'random']);

/**
 * The narrowest policy of a compartment that covers the needs. What cannot be given, or cannot be
 * said in a policy, is noted and left out.
 */
export function generateCompartment(given: Needs): Generated<CompartmentDraft> {
  const needs = sayable(given);
  const notes: Note[] = [...needs.notes];
  const named = (kind: string): readonly string[] => namesOf(needs.found, kind);
  tellMissing(needs.found, notes);
  const requests = httpPowers(needs.found, notes);
  const uses = usePowers(needs.found, notes);
  for (const name of Object.keys(uses).filter((one) => Object.hasOwn(requests, one))) {
    notes.push({ text: `uses ${name} both for requests and otherwise`, at: null });
    delete uses[name];
  }
  const powers = { ...requests, ...uses };
  const globals = named('global').filter((name) => GLOBALS.has(name));
  return {
    draft: {
      ...(globals.length === 0 ? {} : { globals }),
      ...(Object.keys(powers).length === 0 ? {} : { powers: sorted(powers) }),
      ...(named('package').length === 0 ? {} : { packages: named('package') }),
    },
    notes: uniqueNotes(notes),
  };
}

/** The narrowest powers and secrets of a process box that cover the needs. */
export function generateBox(given: Needs): Generated<Pick<PolicyDraft, 'powers' | 'secrets'>> {
  const needs = sayable(given);
  const notes: Note[] = [...needs.notes];
  const requests: HttpNeed[] = [];
  const secrets = new Set<string>();
  for (const { need, at } of needs.found) {
    if (need.kind === 'http' && need.origin !== null) requests.push(need);
    else if (need.kind === 'http')
      notes.push({ text: `asks ${need.as} for a path of its own`, at });
    else if (need.kind === 'secret') secrets.add(need.name);
    else if (need.kind === 'env' && isSecretName(need.name)) secrets.add(need.name);
    else if (need.kind === 'env') {
      notes.push({ text: `reads the variable ${need.name}, which "env" can give`, at });
    } else if (need.kind === 'use') {
      notes.push({ text: `uses ${need.as} (${need.of}), which is granted to a guest`, at });
    }
  }
  const powers = byOrigin(requests).flatMap(([origin, list]) =>
    rulesOf(list).map((rule) => joinRule(origin, rule)),
  );
  if (powers.length > POLICY_ENTRIES_MAX) {
    notes.push({ text: `needs ${powers.length} rules, and a policy has fewer`, at: null });
  }
  return {
    draft: {
      ...(powers.length === 0 ? {} : { powers: powers.slice(0, POLICY_ENTRIES_MAX) }),
      ...(secrets.size === 0 ? {} : { secrets: [...secrets].sort() }),
    },
    notes: uniqueNotes(notes),
  };
}

/** Names and rules that a policy file cannot have become notes. */
function sayable({ found, notes }: Needs): Needs {
  const odd = found.filter(({ need }) => !isSayable(need));
  return {
    found: found.filter(({ need }) => isSayable(need)),
    notes: [
      ...notes,
      ...odd.map(({ need, at }) => {
        const name = 'name' in need ? need.name : (need.as ?? need.kind);
        return { text: `needs ${quote(name)} (${need.kind}), which no policy can say`, at };
      }),
    ],
  };
}

function isSayable(need: Need): boolean {
  switch (need.kind) {
    case 'http':
      return need.as === null || CODE_NAME.test(need.as);
    case 'use':
      return CODE_NAME.test(need.as) && (need.only === null || MADE_RULE.test(need.only));
    case 'package':
      return PACKAGE_NAME.test(need.name);
    case 'env':
    case 'secret':
      return VARIABLE_NAME.test(need.name);
    default:
      return true;
  }
}

/** What a variable of such a name holds is better in the vault. */
function isSecretName(name: string): boolean {
  return /(?:^|_)(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|PASS|CREDENTIALS?|AUTH)$/i.test(name);
}

function namesOf(found: readonly Found[], kind: string): readonly string[] {
  const names = found.flatMap(({ need }) =>
    need.kind === kind && 'name' in need ? [need.name] : [],
  );
  return [...new Set(names)].sort();
}

/** What no policy can give to a compartment. */
function tellMissing(found: readonly Found[], notes: Note[]): void {
  for (const { need, at } of found) {
    if (need.kind === 'builtin') {
      notes.push({ text: `imports ${need.name}, which no compartment has`, at });
    } else if (need.kind === 'env') {
      notes.push({ text: `reads the variable ${need.name}, which no compartment has`, at });
    } else if (need.kind === 'global' && !GLOBALS.has(need.name)) {
      notes.push({ text: `uses ${need.name}, which no compartment has`, at });
    }
  }
}

type Drafts = Record<string, PowerDraft>;

function httpPowers(found: readonly Found[], notes: Note[]): Drafts {
  const powers: Drafts = {};
  const named = namesByOrigin(found);
  const secrets = secretsByOrigin(found);
  const groups = new Map<string, HttpNeed[]>();
  const origins = new Map<string, string>();
  for (const { need, at } of found) {
    if (need.kind !== 'http') continue;
    const origin = need.origin ?? '';
    // What was sent with one secret is not given with another.
    const number = secrets.get(origin)?.indexOf(need.secret ?? null) ?? 0;
    const plain = named.get(origin) ?? nameOfOrigin(origin);
    const name = need.as ?? (number > 0 ? `${plain.slice(0, 60)}_${number + 1}` : plain);
    const other = origins.get(name);
    // One grant is of one origin; a path alone goes to whichever that is.
    if (other !== undefined && need.origin !== null && need.origin !== other) {
      notes.push({ text: `asks ${name} for ${need.origin}, but it is for ${other}`, at });
      continue;
    }
    if (need.origin !== null) origins.set(name, need.origin);
    push(groups, name, need);
  }
  for (const [name, group] of groups) {
    const secret = group.find((need) => need.secret)?.secret ?? null;
    const origin = origins.get(name) ?? null;
    const only = rulesOf(group);
    if (only.length > ONLY_TEXTS_MAX) notes.push(tooMany(name));
    else
      powers[name] = {
        power: secret === null ? (origin ?? name) : `${origin} with ${secret}`,
        only,
      };
  }
  return powers;
}

function tooMany(name: string): Note {
  return { text: `needs ${name} in more ways than a grant has rules for`, at: null };
}

function push<T>(groups: Map<string, T[]>, name: string, item: T): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [item]);
  else group.push(item);
}

/** The secrets that each origin was sent with, null for none, in order. */
function secretsByOrigin(found: readonly Found[]): ReadonlyMap<string, readonly (string | null)[]> {
  const secrets = new Map<string, Set<string | null>>();
  for (const { need } of found) {
    if (need.kind !== 'http' || need.secret === undefined) continue;
    const origin = need.origin ?? '';
    secrets.set(origin, (secrets.get(origin) ?? new Set()).add(need.secret));
  }
  const inOrder = (a: string | null, b: string | null): number => ((a ?? '') < (b ?? '') ? -1 : 1);
  return new Map([...secrets].map(([origin, names]) => [origin, [...names].sort(inOrder)]));
}

/** By what name code asks an origin, where it is one name. */
function namesByOrigin(found: readonly Found[]): ReadonlyMap<string, string> {
  const names = new Map<string, Set<string>>();
  for (const { need } of found) {
    if (need.kind !== 'http' || need.as === null || need.origin === null) continue;
    names.set(need.origin, (names.get(need.origin) ?? new Set()).add(need.as));
  }
  const alone = new Map<string, string>();
  for (const [origin, [name, ...others]] of names) {
    if (name !== undefined && others.length === 0) alone.set(origin, name);
  }
  return alone;
}

/** `api_example_com`: one name for one origin, that code can write. */
function nameOfOrigin(origin: string): string {
  const host = origin.replace(/^https:\/\//, '').replace(/^http:\/\//, 'http_');
  const name = host.replaceAll(/[^A-Za-z0-9_$]/g, '_').slice(0, 64);
  return /^[0-9]/.test(name) ? `_${name}`.slice(0, 64) : name;
}

function byOrigin(requests: readonly HttpNeed[]): readonly (readonly [string, HttpNeed[]])[] {
  const origins = new Map<string, HttpNeed[]>();
  for (const need of requests) push(origins, need.origin ?? '', need);
  return [...origins].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `GET,POST /path`, one for each path. */
function rulesOf(requests: readonly HttpNeed[]): readonly string[] {
  const byMethod = new Map<string, string[]>();
  for (const { method, path } of requests) push(byMethod, method, path);
  const methods = new Map<string, Set<string>>();
  for (const [method, paths] of byMethod) {
    for (const path of generalisePaths(paths)) {
      methods.set(path, (methods.get(path) ?? new Set()).add(method));
    }
  }
  return [...methods]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, all]) => {
      // GET gives HEAD too.
      const needed = [...all].filter((method) => method !== 'HEAD' || !all.has('GET'));
      return `${needed.sort().join(',')} ${path}`;
    });
}

function joinRule(origin: string, rule: string): string {
  const [methods = '', path = ''] = rule.split(' ');
  return `${methods} ${origin}${path}`;
}

function usePowers(found: readonly Found[], notes: Note[]): Drafts {
  const powers: Drafts = {};
  const groups = new Map<string, UseNeed[]>();
  const powerOf = ({ need }: Found): string => (need.kind === 'use' ? (need.power ?? LAST) : '');
  // Names that are told apart by a number are so whatever came first; code means the first of them.
  const inOrder = [...found].sort((a, b) =>
    powerOf(a) < powerOf(b) ? -1 : powerOf(a) > powerOf(b) ? 1 : 0,
  );
  for (const { need, at } of inOrder) {
    if (need.kind !== 'use') continue;
    const name = freeName(groups, need);
    const [first] = groups.get(name) ?? [];
    if (first !== undefined && first.of !== need.of) {
      notes.push({ text: `uses ${need.as} as ${need.of}, but it is used as ${first.of}`, at });
      continue;
    }
    push(groups, name, need);
  }
  for (const [name, group] of groups) {
    const power = group[0]?.power ?? name;
    const texts = group.flatMap(({ only }) => (only === null ? [] : [only]));
    const only = group[0]?.of === 'files' ? filesRules(texts) : [...new Set(texts)].sort();
    if (only.length > ONLY_TEXTS_MAX) notes.push(tooMany(name));
    else if (only.length === 0) powers[name] = { power };
    else powers[name] = { power, only };
  }
  return powers;
}

/** Code has one power by a name; the record has names that were made up, and may be told apart. */
function freeName(groups: ReadonlyMap<string, readonly UseNeed[]>, need: UseNeed): string {
  if (need.power === null) return need.as;
  for (let number = 1; ; number++) {
    const name = number === 1 ? need.as : `${need.as}_${number}`;
    const [first] = groups.get(name) ?? [];
    if (first === undefined || first.power === need.power) return name;
  }
}

const LAST = '\uffff';

/** `read GLOB` and `write GLOB`, each generalised by itself. */
function filesRules(texts: readonly string[]): readonly string[] {
  const paths = (access: string): readonly string[] =>
    texts
      .filter((text) => text.startsWith(`${access} `))
      .map((text) => text.slice(access.length + 1));
  return ['read', 'write'].flatMap((access) =>
    generalisePaths(paths(access)).map((path) => `${access} ${path}`),
  );
}

function sorted<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function uniqueNotes(notes: readonly Note[]): readonly Note[] {
  const known = new Map(notes.map((note) => [JSON.stringify(note), note]));
  return [...known.values()];
}
