import { AGENT_LIMITS } from '../../gateway/limits.ts';
import { parseDuration } from '../../host/quantities.ts';
import type { AgentLimits, AgentWords } from '../../wire/agent.ts';
import type { GiveWords } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { absolutePower } from '../power-words.ts';

export interface AgentFlags {
  readonly model?: string;
  readonly modelPower?: string;
  readonly give?: readonly string[];
  readonly only?: readonly string[];
  readonly approve?: readonly string[];
  readonly mode?: 'code' | 'tools';
  readonly steps?: string;
  readonly budget?: string;
  readonly timeout?: string;
  readonly yes?: true;
  readonly no?: true;
  readonly json?: true;
}

/** What was asked for, but for the task. */
export type AskedAgent = Omit<AgentWords, 'task'>;

/** A path in `--give` is meant from `cwd`. */
export function readAgentWords(name: string, flags: AgentFlags, cwd: string): AskedAgent {
  const { model = null, modelPower, mode, yes, no } = flags;
  if (yes && no) throw usage('--yes', '--no says the opposite');
  const give = readGives(flags, cwd);
  const limits = readLimits(flags);
  return {
    name,
    model,
    ...(modelPower === undefined ? {} : { modelPower }),
    ...(mode === undefined ? {} : { mode }),
    ...(Object.keys(give).length === 0 ? {} : { give }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

function readGives(
  { give = [], only = [], approve = [] }: AgentFlags,
  cwd: string,
): Record<string, GiveWords> {
  const gives: Record<string, GiveWords> = {};
  for (const text of give) {
    const [name, power] = pairOf(text, '--give');
    if (Object.hasOwn(gives, name)) throw usage(`--give ${name}`, 'it is given twice');
    gives[name] = { power: absolutePower(power, cwd) };
  }
  for (const text of only) {
    const [name, rule] = pairOf(text, '--only');
    const given = givenAs(gives, name, '--only');
    gives[name] = { ...given, only: [...(given.only ?? []), rule] };
  }
  for (const text of approve) {
    const [name, what] = pairOf(text, '--approve');
    if (what !== 'writes' && what !== 'always') {
      throw usage(`--approve ${text}`, 'it is neither writes nor always');
    }
    gives[name] = { ...givenAs(gives, name, '--approve'), approval: what };
  }
  return gives;
}

function givenAs(gives: Record<string, GiveWords>, name: string, flag: string): GiveWords {
  const given = Object.hasOwn(gives, name) ? gives[name] : undefined;
  if (given !== undefined) return given;
  throw usage(`${flag} ${name}=…`, 'nothing is given by this name');
}

function pairOf(text: string, flag: string): readonly [string, string] {
  const at = text.indexOf('=');
  const [name, rest] = [text.slice(0, at), text.slice(at + 1)];
  if (at > 0 && rest !== '') return [name, rest];
  throw usage(`${flag} ${text}`, 'it is not NAME=WORDS');
}

function readLimits({ steps, budget, timeout }: AgentFlags): AgentLimits {
  const limits: { -readonly [Key in keyof AgentLimits]: AgentLimits[Key] } = {};
  if (steps !== undefined) limits.steps = count(steps, '--steps', AGENT_LIMITS.steps);
  if (timeout !== undefined) limits.timeMs = duration(timeout);
  for (const text of budget?.split(',') ?? []) {
    const [name, amount] = pairOf(text.trim(), '--budget');
    if (name === 'tokens') limits.tokens = count(amount, '--budget', AGENT_LIMITS.tokens);
    else if (name === 'usd') limits.microdollars = dollars(amount);
    else throw usage(`--budget ${text}`, 'a budget of an agent is tokens=N or usd=N');
  }
  return limits;
}

function count(text: string, flag: string, most: number): number {
  const amount = /^\d{1,13}(?:e\d)?$/.test(text) ? Number(text) : 0;
  if (amount >= 1 && amount <= most) return amount;
  throw usage(`${flag} ${text}`, `it is not a whole number from 1 to ${most}`);
}

function duration(text: string): number {
  const time = parseDuration(text, '--timeout');
  if (time <= AGENT_LIMITS.timeMs) return time;
  throw usage(`--timeout ${text}`, `a run takes ${AGENT_LIMITS.timeMs / 3_600_000}h at most`);
}

function dollars(text: string): number {
  const [, whole, rest = ''] = /^(\d{1,6})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  const amount = whole === undefined ? 0 : Number(whole) * 1e6 + Number(rest.padEnd(6, '0'));
  if (amount >= 1) return amount;
  throw usage(`--budget usd=${text}`, 'it is no sum of dollars from 0.000001 to 999999');
}

function usage(what: string, why: string): PowerboxError {
  return new PowerboxError('usage', `Cannot use ${what}: ${why}.`, {
    hint: 'See `powerbox agent --help`.',
  });
}
