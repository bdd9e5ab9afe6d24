import { Command } from 'commander';
import type { PendingInfo } from '../../wire/doors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { table } from '../render/table.ts';
import { jsonLine, visible } from '../render/text.ts';
import { duration } from '../render/time.ts';

interface JsonFlag {
  readonly json?: true;
}

export function pendingCommand(context: CliContext): Command {
  return new Command()
    .description('List the calls of guests that wait for your word.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox pending')
    .action(async (flags: JsonFlag) => {
      const waiting = await (await context.daemon()).pending();
      if (waiting.length === 0 && !flags.json) context.err('powerbox: nothing waits.');
      show(context, waiting, flags);
    });
}

export function approveCommand(context: CliContext): Command {
  return decideCommand(context, 'approved')
    .description('Let calls that wait go on, each exactly as it is listed and once.')
    .addHelpText(
      'after',
      '\nExamples:\n  $ powerbox approve ap-7k2m9qpa\n  $ powerbox approve --all',
    );
}

export function denyCommand(context: CliContext): Command {
  return decideCommand(context, 'denied')
    .description('Refuse calls that wait.')
    .addHelpText('after', '\nExample:\n  $ powerbox deny ap-7k2m9qpa --because "not on main"');
}

function decideCommand(context: CliContext, verdict: 'approved' | 'denied'): Command {
  return new Command()
    .argument('[id...]', 'ids that `powerbox pending` lists')
    .option('--all', 'everything that waits now')
    .option('--because <text>', 'why; the guest is told')
    .option('--json', 'one JSON object a line')
    .action(async (given: string[], flags: JsonFlag & { all?: true; because?: string }) => {
      if ((given.length === 0) !== (flags.all === true)) {
        throw new PowerboxError('usage', 'Cannot decide: give either ids or --all.', {
          hint: 'Run `powerbox pending`.',
        });
      }
      const host = await context.daemon();
      const ids = flags.all ? (await host.pending()).map(({ id }) => id) : given;
      if (ids.length === 0) context.err('powerbox: nothing waits.');
      else show(context, await host.decide(ids, verdict, flags.because ?? ''), flags);
    });
}

function show(context: CliContext, calls: readonly PendingInfo[], { json }: JsonFlag): void {
  if (json) for (const call of calls) context.out(jsonLine(call));
  else if (calls.length > 0)
    for (const line of table([HEADINGS, ...calls.map(rowOf)])) context.out(line);
}

const HEADINGS = ['ID', 'GUEST', 'STATE', 'WAITS', 'EFFECT', 'CALL'];

function rowOf(call: PendingInfo): readonly string[] {
  return [
    call.id,
    visible(call.guest),
    call.state,
    duration(Math.max(0, Date.now() - call.created)),
    call.effect,
    visible(call.call),
  ];
}
