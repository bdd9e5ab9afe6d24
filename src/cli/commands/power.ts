import { Command } from 'commander';
import type { PowerInfo } from '../../wire/doors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { absolutePower } from '../power-words.ts';
import { table } from '../render/table.ts';
import { jsonLine, visible } from '../render/text.ts';

export function powerCommand(context: CliContext): Command {
  return new Command()
    .description('Resources that can be granted: make them known, list and show them.')
    .addCommand(addCommand(context))
    .addCommand(lsCommand(context))
    .addCommand(showCommand(context))
    .addCommand(kindsCommand(context))
    .addHelpText('after', '\nExample:\n  $ powerbox power add files:/srv/data --as data');
}

interface JsonFlag {
  readonly json?: true;
}

function addCommand(context: CliContext): Command {
  return new Command('add')
    .description('Make a resource known, and give it a name of yours.')
    .argument('<words>', 'KIND:WORDS, or an origin of http')
    .option('--as <name>', 'your name for it')
    .option('--because <text>', 'why; kept in the journal', '')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  $ powerbox power add https://api.github.com --as github\n  $ powerbox power add files:./data --as data',
    )
    .action(async (words: string, flags: JsonFlag & { as?: string; because: string }) => {
      const text = absolutePower(words, context.cwd);
      const host = await context.daemon();
      const power = await host.makePower(text, flags.as ?? null, flags.because);
      if (flags.json) context.out(jsonLine(power));
      else for (const line of table([rowOf(power)])) context.out(line);
    });
}

function lsCommand(context: CliContext): Command {
  return new Command('ls')
    .description('List the resources that are known.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox power ls')
    .action(async (flags: JsonFlag) => {
      const powers = await (await context.daemon()).powers();
      if (flags.json) for (const power of powers) context.out(jsonLine(power));
      else if (powers.length === 0) context.err('powerbox: no powers.');
      else for (const line of table([HEADINGS, ...powers.map(rowOf)])) context.out(line);
    });
}

const HEADINGS = ['POWER', 'KIND', 'GRANT', 'WHAT', 'SECRETS'];

function rowOf(power: PowerInfo): readonly string[] {
  return [power.id, power.kind, power.grant, visible(power.text), power.secrets.join(' ')];
}

function showCommand(context: CliContext): Command {
  return new Command('show')
    .description('Show what a power is, and what its methods are.')
    .argument('<power>', 'your name for it, or its id')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox power show data')
    .action(async (wanted: string, flags: JsonFlag) => {
      const host = await context.daemon();
      const power = wanted.startsWith('pw-')
        ? (await host.powers()).find(({ id }) => id === wanted)
        : await host.describe(wanted);
      if (power === undefined) {
        throw new PowerboxError('power-unknown', `Cannot find the power "${wanted.slice(0, 64)}".`);
      }
      if (flags.json) context.out(jsonLine(power));
      else for (const line of powerLines(power)) context.out(line);
    });
}

/** What is known of a power, and the declaration of its methods. */
export function powerLines(power: PowerInfo): readonly string[] {
  return [
    `power: ${power.id}  ${power.kind}  ${visible(power.text)}`,
    `grant: ${power.grant}`,
    ...power.only.map((rule) => `only: ${visible(rule)}`),
    ...(power.secrets.length === 0 ? [] : [`secrets: ${power.secrets.join(' ')}`]),
    '',
    ...power.declaration.trimEnd().split('\n').map(visible),
  ];
}

function kindsCommand(context: CliContext): Command {
  return new Command('kinds')
    .description('List the kinds of powers.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox power kinds')
    .action(async (flags: JsonFlag) => {
      const kinds = await (await context.daemon()).kinds();
      if (flags.json) {
        for (const { kind, summary } of kinds) context.out(jsonLine({ id: kind, kind, summary }));
        return;
      }
      const rows = kinds.map(({ kind, summary }) => [kind, visible(summary)]);
      for (const line of table([['KIND', 'WHAT'], ...rows])) context.out(line);
    });
}
