import { dirname } from 'node:path';
import { acceptedPolicyAt } from '../host/policy-acceptance.ts';
import { parseBytes, parseDuration } from '../host/quantities.ts';
import { type CompartmentPolicy, compartmentOf, EMPTY_COMPARTMENT } from '../policy/compartment.ts';
import type { CompartmentLimits, CompartmentWords, GiveWords } from '../wire/compartment.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { CliContext } from './context.ts';
import { absolutePower } from './power-words.ts';
import { askPolicy } from './render/ask.ts';

/** What a person can say of a compartment. */
export interface EvalFlags {
  readonly as?: string;
  readonly name?: string;
  readonly give?: readonly string[];
  readonly only?: readonly string[];
  readonly budget?: readonly string[];
  readonly approve?: readonly string[];
  readonly policy?: string;
  readonly acceptPolicy?: true;
  readonly package?: readonly string[];
  readonly clock?: true;
  readonly random?: true;
  readonly isolation?: 'own' | 'shared';
  readonly memory?: string;
  readonly timeout?: string;
  readonly because?: string;
}

/** A compartment as flags and a policy word it together. */
export interface WordedCompartment {
  readonly words: CompartmentWords;
  readonly packages: readonly string[];
  /** Longest that the evaluation may take. */
  readonly timeMs: number | undefined;
}

const HELP = 'Run `powerbox eval --help`.';

export async function readEvalFlags(
  context: CliContext,
  flags: EvalFlags,
): Promise<WordedCompartment> {
  const { policy, folder } = await readPolicy(context, flags);
  const give = { ...givesOf(policy, folder), ...readGives(flags, context.cwd, policy) };
  const limits = readLimits(policy, flags);
  const { as, name, because: reason } = flags;
  const words: CompartmentWords = {
    ...(as === undefined ? {} : { as }),
    ...(name === undefined ? {} : { name }),
    ...(reason === undefined ? {} : { reason }),
    give,
    limits,
    isolation: flags.isolation ?? policy.isolation,
    clock: flags.clock === true || policy.globals.includes('clock'),
    random: flags.random === true || policy.globals.includes('random'),
  };
  const packages = [...new Set([...policy.packages, ...(flags.package ?? [])])];
  const timeMs =
    flags.timeout === undefined ? undefined : parseDuration(flags.timeout, '--timeout');
  return { words, packages, timeMs };
}

interface NamedPolicy {
  readonly policy: CompartmentPolicy;
  /** What paths in it are meant from. */
  readonly folder: string;
}

/** `FILE:NAME`: the part of a policy file that is about one compartment. */
async function readPolicy(context: CliContext, flags: EvalFlags): Promise<NamedPolicy> {
  if (flags.policy === undefined) return { policy: EMPTY_COMPARTMENT, folder: context.cwd };
  const [, file = '', name = ''] = /^(.+):([^:/]+)$/.exec(flags.policy) ?? [];
  if (name === '') {
    throw new PowerboxError('usage', 'Cannot read --policy: it is FILE:NAME.', {
      hint: 'For example --policy powerbox.json:search-tool.',
    });
  }
  const { resolve } = await import('node:path');
  const path = resolve(context.cwd, file);
  const accept = flags.acceptPolicy === true;
  const ask = (lines: readonly string[]): Promise<boolean> => askPolicy(context, lines);
  const all = await acceptedPolicyAt(context.home(), path, accept, ask);
  const policy = all === null ? null : compartmentOf(all.compartments, name);
  if (policy !== null) return { policy, folder: dirname(path) };
  throw new PowerboxError('policy-invalid', `Cannot find the compartment ${name} in ${file}.`);
}

function givesOf(
  { powers }: CompartmentPolicy,
  folder: string,
): Readonly<Record<string, GiveWords>> {
  const entries = Object.entries(powers).map(([name, { power, only, budget, approval }]) => [
    name,
    {
      power: absolutePower(power, folder),
      ...(only.length === 0 ? {} : { only }),
      ...(budget.length === 0 ? {} : { budget }),
      approval,
    },
  ]);
  return Object.fromEntries(entries);
}

/** A person adds to a policy; what it says of a name stays as it is. */
function readGives(
  flags: EvalFlags,
  cwd: string,
  { powers }: CompartmentPolicy,
): Readonly<Record<string, GiveWords>> {
  const give = new Map<string, GiveWords>();
  for (const text of flags.give ?? []) {
    const [name, words] = pair(text, '--give');
    if (give.has(name) || Object.hasOwn(powers, name)) {
      throw new PowerboxError('usage', `Cannot give ${name} twice.`, { hint: HELP });
    }
    // `files:./src only ro` says what `--only src=ro` says.
    const [, power = words, only] = /^(.*\S) +only +(.+)$/s.exec(words) ?? [];
    const absolute = absolutePower(power, cwd);
    give.set(name, { power: absolute, ...(only === undefined ? {} : { only: [only] }) });
  }
  const narrow = (texts: readonly string[] | undefined, flag: string, add: Add): void => {
    for (const text of texts ?? []) {
      const [name, words] = pair(text, flag);
      const before = give.get(name);
      if (before === undefined) {
        throw new PowerboxError(
          'usage',
          `Cannot narrow ${name}: ${flag} is for what --give names.`,
          { hint: HELP },
        );
      }
      give.set(name, add(before, words));
    }
  };
  narrow(flags.only, '--only', (one, rule) => ({ ...one, only: [...(one.only ?? []), rule] }));
  narrow(flags.budget, '--budget', (one, words) => ({
    ...one,
    budget: [...(one.budget ?? []), ...words.split(',').map((part) => part.trim())],
  }));
  narrow(flags.approve, '--approve', (one, what) => ({ ...one, approval: approvalOf(what) }));
  return Object.fromEntries(give);
}

type Add = (before: GiveWords, words: string) => GiveWords;

function approvalOf(text: string): 'none' | 'writes' | 'always' {
  if (text === 'none' || text === 'writes' || text === 'always') return text;
  throw new PowerboxError('usage', 'Cannot read --approve: it is NAME=none, writes or always.', {
    hint: HELP,
  });
}

function pair(text: string, flag: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new PowerboxError('usage', `Cannot read ${flag}: it is NAME=WORDS.`, {
    hint: 'For example --give repo=files:./src.',
  });
}

const FROM_POLICY = {
  memory: { limit: 'memoryBytes', read: parseBytes },
  timeout: { limit: 'lifeMs', read: parseDuration },
  cpu: { limit: 'cpuMs', read: parseDuration },
  turn: { limit: 'turnMs', read: parseDuration },
  output: { limit: 'outputChars', read: parseBytes },
} as const;

function readLimits({ limits }: CompartmentPolicy, flags: EvalFlags): CompartmentLimits {
  const read: Record<string, number> = {};
  for (const [name, { limit, read: parse }] of Object.entries(FROM_POLICY)) {
    const text = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (text !== undefined) read[limit] = parse(text, name);
  }
  if (flags.memory !== undefined) read.memoryBytes = parseBytes(flags.memory, '--memory');
  return read;
}
