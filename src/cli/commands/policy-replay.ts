import { Command } from 'commander';
import type { Replay, ReplayLine } from '../../policy/replay.ts';
import type { CliContext } from '../context.ts';
import { jsonLine, visible } from '../render/text.ts';
import { localTime, parseSince } from '../render/time.ts';
import { readPolicyFile } from './policy-files.ts';

interface ReplayFlags {
  readonly guest?: string;
  readonly box?: string;
  readonly since?: string;
  readonly name?: string;
  readonly json?: true;
}

const EXIT_DIFFERENT = 1;

const NOT_REPLAYED =
  'Not replayed: values of queries, headers and bodies, which the journal does not keep; budgets, approvals and times.';

export function replayCommand(context: CliContext): Command {
  return new Command('replay')
    .description('say what a policy would change of what the journal recorded')
    .argument('<candidate>', 'a policy file')
    .option('--guest <guest>', 'only what this guest did')
    .option('--box <id>', 'only what this box did')
    .option('--since <when>', 'only from this time on: a span (1h, 7d) or a date')
    .option('--name <name>', 'judge all of it by the compartment of this name')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nA request of a box is judged by the rules of the file, and a use of a guest by the compartment\nof its name, or of --name. Exits with 0 when nothing would change and with 1 when something would.\n\nExample:\n  $ powerbox policy replay candidate.json --guest search-tool --since 7d',
    )
    .action((file: string, flags: ReplayFlags) => replay(context, file, flags));
}

async function replay(context: CliContext, file: string, flags: ReplayFlags): Promise<void> {
  const { guest, box, since } = flags;
  const policy = await readPolicyFile(context, file);
  const { readRecord } = await import('../../host/policy-record.ts');
  const { judgePower, judgeRules } = await import('../../host/judge-policy.ts');
  const { replayRecord } = await import('../../policy/replay.ts');
  const record = readRecord(context.home(), {
    ...(guest === undefined ? {} : { guest }),
    ...(box === undefined ? {} : { box }),
    ...(since === undefined ? {} : { since: parseSince(since, Date.now()) }),
  });
  if (record.isCut) context.err('Only the newest rows of the journal were read.');
  const nameOf = record.nameOf;
  const compartmentOf = flags.name === undefined ? nameOf : () => flags.name ?? '';
  const parts = { power: judgePower, rules: judgeRules, nameOf, compartmentOf };
  const result = replayRecord(record.rows, policy, parts);
  if (result.refused.length + result.allowed.length > 0) context.exit(EXIT_DIFFERENT);
  if (flags.json === true) context.out(jsonLine(withTimes(result)));
  else for (const line of linesOf(result)) context.out(line);
}

function linesOf({ refused, allowed, undecided, same, others }: Replay): readonly string[] {
  const say = (what: string) => (line: ReplayLine) => `${what}: ${sayLine(line)}`;
  return [
    ...refused.map(say('would be refused')),
    ...allowed.map(say('would now be allowed')),
    ...undecided.map(say('cannot be told')),
    `${sum(refused)} would be refused, ${sum(allowed)} would now be allowed, ${sum(undecided)} cannot be told, ${same} stay as they were.`,
    ...(others === 0 ? [] : [`${others} are of guests that the policy has no compartment for.`]),
    NOT_REPLAYED,
  ];
}

function sayLine({ who, call, count, last }: ReplayLine): string {
  const times = count === 1 ? 'once' : `${count} times`;
  return visible(`${call} (${who}, ${times}, last ${localTime(last)})`);
}

function sum(lines: readonly ReplayLine[]): number {
  return lines.reduce((total, { count }) => total + count, 0);
}

function withTimes({ refused, allowed, undecided, same, others }: Replay): unknown {
  const told = (lines: readonly ReplayLine[]): unknown =>
    lines.map((line) => ({ ...line, last: new Date(line.last).toISOString() }));
  return {
    refused: told(refused),
    allowed: told(allowed),
    undecided: told(undecided),
    same,
    others,
    notReplayed: ['query values', 'headers', 'bodies', 'budgets', 'approvals', 'times'],
  };
}
