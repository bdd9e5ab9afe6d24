import type { CompartmentPolicy, PolicyPower } from './compartment.ts';
import { kindOfWords, readHttpWords } from './http-words.ts';
import type { Found, HttpNeed, Needs, Note, UseNeed } from './needs.ts';
import { samplesOf } from './path-relation.ts';
import type { Policy } from './policy.ts';
import type { RecordedCall } from './recorded-call.ts';
import { originText } from './rule.ts';
import { callOfUrl } from './url.ts';

/** What a power says of a call: `unknown` where the call alone does not tell. */
export type Answer = 'allow' | 'refuse' | 'unknown';

/** Judges by the very definitions of the kinds that judge a grant; handed in. */
export type PowerJudge = (power: PolicyPower, call: RecordedCall) => Answer;

export interface Lacks {
  /** What the code needs and is not given. */
  readonly lacks: readonly Found[];
  /** What cannot be told without running it. */
  readonly notes: readonly Note[];
}

/** What a compartment's code needs beyond what its policy gives. */
export function lacksOfCompartment(
  needs: Needs,
  policy: CompartmentPolicy,
  judge: PowerJudge,
): Lacks {
  const notes: Note[] = [...needs.notes];
  const lacks = needs.found.filter((found) => {
    const answer = answerOf(found, policy, judge);
    if (answer === 'unknown') {
      notes.push({ text: `needs ${sayNeed(found)}, of which only the run can tell`, at: found.at });
    }
    return answer === 'refuse';
  });
  return { lacks, notes };
}

function answerOf({ need }: Found, policy: CompartmentPolicy, judge: PowerJudge): Answer {
  switch (need.kind) {
    case 'http':
      return best(powersNamed(policy, need.as).map((power) => httpAnswer(need, power, judge)));
    case 'use':
      return best(powersNamed(policy, need.as).map((power) => useAnswer(need, power, judge)));
    case 'package':
      return policy.packages.includes(need.name) ? 'allow' : 'refuse';
    case 'builtin':
      return 'refuse';
    case 'global':
      if (need.name !== 'clock' && need.name !== 'random') return 'unknown';
      return policy.globals.includes(need.name) ? 'allow' : 'refuse';
    default:
      return 'unknown';
  }
}

/** Code that asks the network itself would have to ask one of its powers. */
function powersNamed({ powers }: CompartmentPolicy, name: string | null): readonly PolicyPower[] {
  if (name === null) return Object.values(powers);
  const power = Object.hasOwn(powers, name) ? powers[name] : undefined;
  return power === undefined ? [] : [power];
}

function httpAnswer(need: HttpNeed, power: PolicyPower, judge: PowerJudge): Answer {
  // Code that names only a path means whatever the petname stands for.
  const asked = need.origin === null ? standIn(power, PETNAME_ORIGIN) : power;
  const origin = need.origin ?? originOf(asked) ?? PETNAME_ORIGIN;
  return worst(httpCalls(need.method, origin, need.path).map((call) => judge(asked, call)));
}

const PETNAME_ORIGIN = 'https://petname.invalid';

/** In the place of a petname, a power that it may stand for: what it is narrowed to is the same. */
function standIn(power: PolicyPower, words: string): PolicyPower {
  return kindOfWords(power.power) === null ? { ...power, power: words } : power;
}

const STAND_INS: Readonly<Partial<Record<UseNeed['of'], string>>> = {
  files: 'files:/petname',
  model: 'model:openai',
};

function originOf({ power }: PolicyPower): string | null {
  const rule = readHttpWords(power, [], () => false)?.rules[0];
  return rule?.config.host.type === 'exact' ? originText(rule.config) : null;
}

/** Calls that stand for all that the pattern of a need stands for. */
function httpCalls(method: string, origin: string, pattern: string): readonly RecordedCall[] {
  return (samplesOf(pattern) ?? []).flatMap((path) => {
    const read = callOfUrl(method, `${origin}${path}`);
    return read.ok ? [{ kind: 'http' as const, call: read.call }] : [];
  });
}

function useAnswer(need: UseNeed, power: PolicyPower, judge: PowerJudge): Answer {
  const kind = kindOfWords(power.power);
  if (kind !== null && kind !== need.of) return 'refuse';
  const asked = standIn(power, STAND_INS[need.of] ?? power.power);
  const calls = need.only === null ? [] : useCalls(need.of, need.only);
  if (calls.length > 0) return worst(calls.map((call) => judge(asked, call)));
  // Of other kinds a rule is compared by its text.
  const texts = power.only;
  return texts.length === 0 || need.only === null || texts.includes(need.only) ? 'allow' : 'refuse';
}

function useCalls(of: UseNeed['of'], only: string): readonly RecordedCall[] {
  if (of === 'files') {
    const [access = '', ...rest] = only.split(' ');
    return (samplesOf(rest.join(' ')) ?? []).map((path) =>
      access === 'write'
        ? { kind: 'files', call: { method: 'write', targets: [{ access: 'write', path }] } }
        : { kind: 'files', call: { method: 'readText', targets: [{ access: 'read', path }] } },
    );
  }
  if (of !== 'model') return [];
  const name = only.slice('model='.length);
  const model = name.startsWith('"') ? (JSON.parse(name) as string) : name;
  // What else a rule says of a request, this one keeps.
  const call = { method: 'chat', model, origin: null, messages: 0, maxTokens: 0 } as const;
  return [{ kind: 'model', call }];
}

/** What a program's box needs beyond what the policy gives to a box. */
export function lacksOfBox(needs: Needs, policy: Policy, judge: RuleJudge): Lacks {
  const notes: Note[] = [...needs.notes];
  const lacks = needs.found.filter((found) => {
    const { need, at } = found;
    if (need.kind === 'http' && need.origin !== null) {
      const calls = httpCalls(need.method, need.origin, need.path);
      return calls.length === 0 || !calls.every((call) => judge(policy, call));
    }
    if (need.kind === 'http' || need.kind === 'use') {
      notes.push({ text: `needs ${sayNeed(found)}, which is granted to a guest`, at });
    } else if (need.kind === 'env') {
      const known = policy.secrets.includes(need.name) || Object.hasOwn(policy.env, need.name);
      if (!known) notes.push({ text: `reads the variable ${need.name}`, at });
    }
    return false;
  });
  return { lacks, notes };
}

/** Would the rules of a box allow it? */
export type RuleJudge = (policy: Policy, call: RecordedCall) => boolean;

/** The need as a noun phrase. */
export function sayNeed({ need }: Found): string {
  switch (need.kind) {
    case 'http': {
      const as = need.as === null ? '' : ` as ${need.as}`;
      return `${need.method} ${need.origin ?? ''}${need.path}${as}`;
    }
    case 'use':
      return need.only === null ? need.as : `${need.as}, ${need.only}`;
    case 'package':
      return `the package ${need.name}`;
    case 'builtin':
      return `the module ${need.name}`;
    case 'env':
      return `the variable ${need.name}`;
    case 'secret':
      return `the secret ${need.name}`;
    default:
      return need.name === 'clock' || need.name === 'random' ? GLOBALS[need.name] : need.name;
  }
}

const GLOBALS = { clock: 'the clock', random: 'randomness' } as const;

function best(answers: readonly Answer[]): Answer {
  if (answers.includes('allow')) return 'allow';
  return answers.includes('unknown') ? 'unknown' : 'refuse';
}

function worst(answers: readonly Answer[]): Answer {
  if (answers.length === 0 || answers.includes('refuse')) return 'refuse';
  return answers.includes('unknown') ? 'unknown' : 'allow';
}
