import type { Verdict } from '../../ocap/verdict.ts';
import { quote, shorten } from '../../policy/quote.ts';
import { judgeRules, type RuleFault } from '../words/judge-rules.ts';
import { matchWildcard } from '../words/wildcard.ts';
import { SHOWN_CHARS_MAX } from './limits.ts';
import { writeRule } from './pattern-text.ts';
import { writeToken } from './tokens.ts';

/** What stands for one argument: this text, or any that the pattern with `*` matches. */
export type Alternative = { readonly is: string } | { readonly like: string };

/** Arguments in their order; one of the alternatives stands for each. */
export interface CommandRule {
  readonly args: readonly (readonly Alternative[])[];
  /** Any number of values may follow. A value never begins with `-`. */
  readonly rest: boolean;
  /** Whether the program may be given input. */
  readonly input: boolean;
}

/** A call is allowed that one of the rules allows. */
export type CommandNarrowing = readonly CommandRule[];

export const COMMAND_METHODS = ['run', 'start'] as const;
export const PROCESS_METHODS = ['write', 'closeInput', 'read', 'signal', 'wait'] as const;

/** One use: a program that is run, or something that is done with one that was started. */
export interface CommandCall {
  readonly method: (typeof COMMAND_METHODS)[number] | (typeof PROCESS_METHODS)[number];
  readonly program: string;
  /** Without those that the power itself puts first. */
  readonly args: readonly string[];
  /** Whether it is given input. */
  readonly input: boolean;
}

export function permitsCommand(narrowing: CommandNarrowing, call: CommandCall): Verdict {
  return judgeRules(narrowing, call, faultOf, {
    code: 'command-refused',
    describe: describeCommand,
  });
}

function faultOf(rule: CommandRule, call: CommandCall): RuleFault | null {
  const { args } = call;
  const at = rule.args.findIndex((alternatives, index) => {
    const value = args[index];
    return value === undefined || !alternatives.some((one) => standsFor(one, value));
  });
  const shown = () => `only ${quote(writeRule(rule))} may follow the program`;
  if (at !== -1) return { distance: nearness(at), reason: shown() };
  const more = args.slice(rule.args.length);
  if (more.length > 0 && !(rule.rest && more.every(isValue))) {
    return { distance: nearness(rule.args.length), reason: shown() };
  }
  if (call.input && !rule.input) {
    return { distance: INPUT_DISTANCE, reason: 'it may not be given input' };
  }
  return null;
}

/** More arguments that are right are nearer, and never as near as when all are. */
function nearness(right: number): number {
  return 1 + right / (right + 1);
}

const INPUT_DISTANCE = 3;

/**
 * A pattern that does not itself begin with `-` stands for no option: what one names a place for a
 * value in must not become a place for an order.
 */
function standsFor(alternative: Alternative, value: string): boolean {
  if ('is' in alternative) return alternative.is === value;
  const forOption = alternative.like.startsWith('-');
  return (forOption || isValue(value)) && matchWildcard(alternative.like, value);
}

function isValue(value: string): boolean {
  return !value.startsWith('-');
}

const VERBS: Readonly<Record<CommandCall['method'], string>> = {
  run: 'run',
  start: 'start',
  write: 'write to',
  closeInput: 'end the input of',
  read: 'read from',
  signal: 'signal',
  wait: 'wait for',
};

export function describeCommand({ method, program, args }: CommandCall): string {
  const words = [program, ...args].map(writeToken).join(' ').slice(0, SHOWN_CHARS_MAX);
  return `${VERBS[method]} ${shorten(words).replace(/[^\x20-\x7e…]/g, '?')}`;
}
