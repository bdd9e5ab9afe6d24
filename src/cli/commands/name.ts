import { Command } from 'commander';
import type { NameInfo } from '../../wire/doors.ts';
import type { CliContext } from '../context.ts';
import { table } from '../render/table.ts';
import { jsonLine, visible } from '../render/text.ts';
import { doorBy, withBy } from '../words.ts';
import { powerLines } from './power.ts';

export function nameCommand(context: CliContext): Command {
  return new Command()
    .description('Names for what you hold, in directories; each holder has its own.')
    .addCommand(lsCommand(context))
    .addCommand(mvCommand(context))
    .addCommand(cpCommand(context))
    .addCommand(rmCommand(context))
    .addCommand(mkdirCommand(context))
    .addCommand(showCommand(context))
    .addHelpText('after', '\nExample:\n  $ powerbox name ls --by alice');
}

interface Flags {
  readonly by?: string;
  readonly json?: true;
}

function lsCommand(context: CliContext): Command {
  return withBy(new Command('ls'))
    .description('List the names in a directory.')
    .argument('[path]', 'the directory; the topmost when left out', '')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox name ls work/github')
    .action(async (path: string, flags: Flags) => {
      const names = await (await doorBy(context, flags.by)).list(path);
      if (flags.json) for (const name of names) context.out(jsonLine(name));
      else if (names.length === 0) context.err('powerbox: no names.');
      else for (const line of table(names.map(rowOf))) context.out(line);
    });
}

function rowOf({ name, type, id, kind, text }: NameInfo): readonly string[] {
  const shown = type === 'directory' ? `${name}/` : name;
  return [visible(shown), id, kind ?? '', visible(text ?? '')];
}

function mvCommand(context: CliContext): Command {
  return withBy(new Command('mv'))
    .description('Move a name or a directory.')
    .argument('<from>', 'what it is called')
    .argument('<to>', 'what it is to be called')
    .addHelpText('after', '\nExample:\n  $ powerbox name mv github work/github')
    .action(async (from: string, to: string, flags: Flags) => {
      await (await doorBy(context, flags.by)).move(from, to);
    });
}

function cpCommand(context: CliContext): Command {
  return withBy(new Command('cp'))
    .description('Give what a name leads to another name as well.')
    .argument('<from>', 'a name of it')
    .argument('<to>', 'a further name for it')
    .addHelpText('after', '\nExample:\n  $ powerbox name cp github work/github')
    .action(async (from: string, to: string, flags: Flags) => {
      await (await doorBy(context, flags.by)).copy(from, to);
    });
}

function rmCommand(context: CliContext): Command {
  return withBy(new Command('rm'))
    .description('Forget a name. What it leads to is still held; `revoke` ends a grant.')
    .argument('<path>', 'a name or an empty directory')
    .option('-r, --recursive', 'a directory with all names in it')
    .addHelpText('after', '\nExample:\n  $ powerbox name rm work -r')
    .action(async (path: string, flags: Flags & { recursive?: true }) => {
      await (await doorBy(context, flags.by)).remove(path, flags.recursive === true);
    });
}

function mkdirCommand(context: CliContext): Command {
  return withBy(new Command('mkdir'))
    .description('Make a directory for names.')
    .argument('<path>', 'its path')
    .addHelpText('after', '\nExample:\n  $ powerbox name mkdir work')
    .action(async (path: string, flags: Flags) => {
      await (await doorBy(context, flags.by)).makeDirectory(path);
    });
}

function showCommand(context: CliContext): Command {
  return withBy(new Command('show'))
    .description('Show what a name leads to: the power, its grant and its methods.')
    .argument('<path>', 'a name')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox name show github --by alice')
    .action(async (path: string, flags: Flags) => {
      const power = await (await doorBy(context, flags.by)).describe(path);
      if (flags.json) context.out(jsonLine(power));
      else for (const line of powerLines(power)) context.out(line);
    });
}
