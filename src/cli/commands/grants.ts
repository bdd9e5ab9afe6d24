import { Command } from 'commander';
import type { GrantFilter, GrantInfo } from '../../wire/doors.ts';
import type { CliContext } from '../context.ts';
import { painter } from '../render/colour.ts';
import { grantSummary, stateOf } from '../render/grant-lines.ts';
import { grantTree } from '../render/grant-tree.ts';
import { table } from '../render/table.ts';
import { jsonLine, shorten, visible } from '../render/text.ts';
import { doorBy, parseDays, withBy } from '../words.ts';

export function grantsCommand(context: CliContext): Command {
  const command = new Command()
    .description('List who was given what: valid grants, or with --all also those that ended.')
    .option('--of <guest>', 'only those that this guest gave')
    .option('--to <guest>', 'only those that this guest holds')
    .option('--tree', 'each below the one that it narrows')
    .option('--all', 'also those that ended')
    .option('--unused <days>', 'only those that were not used for so many days', parseDays);
  return withBy(command)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox grants --to alice --tree')
    .action(async (flags: Flags) => {
      const door = await doorBy(context, flags.by);
      const grants = await door.grants(filterOf(flags));
      if (flags.json) for (const grant of grants) context.out(jsonLine(grant));
      else if (grants.length === 0) context.err('powerbox: no grants.');
      else if (flags.tree) for (const line of grantTree(grants, context.colour)) context.out(line);
      else for (const line of listLines(grants, context.colour)) context.out(line);
    });
}

interface Flags {
  readonly of?: string;
  readonly to?: string;
  readonly tree?: true;
  readonly all?: true;
  readonly unused?: number;
  readonly by?: string;
  readonly json?: true;
}

function filterOf({ of, to, all, unused }: Flags): GrantFilter {
  return {
    ...(of === undefined ? {} : { of }),
    ...(to === undefined ? {} : { to }),
    ...(all ? { all } : {}),
    ...(unused === undefined ? {} : { unusedDays: unused }),
  };
}

const HEADINGS = ['GRANT', 'FROM', 'TO', 'NAME', 'POWER', 'NARROWED', 'STATE'];
const STATE_COLUMN = HEADINGS.length - 1;
const CELL_CHARS_MAX = 60;

function listLines(grants: readonly GrantInfo[], colour: boolean): readonly string[] {
  const paint = painter(colour);
  const cell = (text: string): string => shorten(visible(text), CELL_CHARS_MAX);
  const rows = grants.map((grant) => [
    grant.id,
    cell(grant.from),
    cell(grant.to),
    cell(grant.names.join(' ')),
    cell(grant.text),
    cell(grantSummary(grant)),
    '',
  ]);
  return table([HEADINGS, ...rows], (text, column, row) => {
    const grant = grants[row - 1];
    return column === STATE_COLUMN && grant !== undefined ? stateOf(grant.valid, paint) : text;
  });
}
