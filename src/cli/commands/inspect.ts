import { Command } from 'commander';
import { type BoxRecord, findRecord } from '../../host/box-record.ts';
import type { CliContext } from '../context.ts';
import { jsonLine, visible } from '../render/text.ts';
import { localTime } from '../render/time.ts';
import { stateOf } from './ls.ts';

export function inspectCommand(context: CliContext): Command {
  return new Command()
    .description('Show what a box is, what it holds, and how each of its limits is kept.')
    .argument('<box>', 'id of the box, or its beginning')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  powerbox inspect bx-7k2m9qpa')
    .action((box: string, flags: { json?: true }) => {
      const record = findRecord(context.home(), box);
      if (flags.json) context.out(jsonLine({ state: stateOf(record), ...record }));
      else for (const line of describe(record)) context.out(visible(line));
    });
}

function describe(record: BoxRecord): string[] {
  const { running } = record;
  const list = (name: string, values: readonly string[]) =>
    values.length === 0 ? [`${name}: none`] : [`${name}:`, ...values.map((value) => `  ${value}`)];
  return [
    `box: ${record.id} (${stateOf(record)})`,
    `program: ${record.program.join(' ')}`,
    `started: ${localTime(record.started)}`,
    ...(record.kit === null ? [] : [`kit: ${record.kit}`]),
    `workspace: ${record.workspace.path} (${record.workspace.access})`,
    ...list(
      'mounts',
      record.mounts.map((mount) => `${mount.source} at ${mount.target} (${mount.access})`),
    ),
    ...list('may reach', record.rules),
    ...list('secrets', record.secrets),
    ...(running === null
      ? []
      : [
          `network: ${running.network} to the egress`,
          ...list(
            'limits',
            Object.entries(running.limits).map(([name, how]) => `${name}: ${how}`),
          ),
          `process: ${running.inside.pid}, held by ${record.starter.pid}`,
        ]),
  ];
}
