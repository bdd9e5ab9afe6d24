import { Command } from 'commander';
import { type BoxRecord, isRunning, listRecords } from '../../host/box-record.ts';
import { sweepHome } from '../../host/sweep.ts';
import type { CliContext } from '../context.ts';
import { table } from '../render/table.ts';
import { jsonLine, shorten, visible } from '../render/text.ts';
import { duration } from '../render/time.ts';

export function lsCommand(context: CliContext): Command {
  return new Command()
    .description('List the boxes that run; with --all also those that ended and left something.')
    .option('--all', 'also boxes that ended')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  powerbox ls --all')
    .action((flags: { all?: true; json?: true }) => {
      sweepHome(context.home());
      const records = listRecords(context.home()).filter(
        (record) => flags.all || isRunning(record),
      );
      if (flags.json) {
        for (const record of records) context.out(jsonLine(summaryOf(record)));
        return;
      }
      if (records.length === 0) {
        context.err('powerbox: no boxes.');
        return;
      }
      for (const line of table([HEADINGS, ...records.map(rowOf)])) context.out(line);
    });
}

const HEADINGS = ['BOX', 'STATE', 'AGE', 'GUEST', 'WORKSPACE', 'PROGRAM'];

function rowOf(record: BoxRecord): string[] {
  return [
    record.id,
    stateOf(record),
    duration(Date.now() - record.started),
    guestOf(record),
    visible(record.workspace.path),
    shorten(visible(record.program.join(' ')), 60),
  ];
}

/** A box that makes its own guest has given it its name. */
function guestOf({ id, guest }: BoxRecord): string {
  return guest === null || guest.name === id ? '' : visible(guest.name);
}

export function stateOf(record: BoxRecord): string {
  if (isRunning(record)) return 'running';
  return record.ended === null ? 'abandoned' : `ended ${record.ended.status ?? ''}`.trim();
}

function summaryOf(record: BoxRecord): Record<string, unknown> {
  const { id, program, cwd, workspace, started, rules, secrets, kit, guest, detached, ended } =
    record;
  return {
    id,
    state: stateOf(record),
    program,
    cwd,
    workspace,
    started,
    rules,
    secrets,
    kit,
    guest,
    detached,
    ended,
  };
}
