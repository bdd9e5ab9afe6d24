import { Command } from 'commander';
import { enterBox } from '../../boxes/process/enter.ts';
import { findRecord, isRunning } from '../../host/box-record.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';

export function execCommand(context: CliContext): Command {
  return new Command()
    .description('Run a command in a box that is running, behind the same walls.')
    .argument('<box>', 'id of the box, or its beginning')
    .argument('<program...>', 'the program and its arguments, after --')
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  powerbox exec bx-7k2m9qpa -- sh')
    .action(async (box: string, program: string[]) => {
      const record = findRecord(context.home(), box);
      if (record.running === null || !isRunning(record)) {
        throw new PowerboxError('box-ended', `Cannot run a command in ${record.id}: it has ended.`);
      }
      const { pid, start } = record.running.inside;
      const nothing = () => {};
      process.on('SIGINT', nothing).on('SIGQUIT', nothing);
      const { status } = await enterBox(
        { childPid: pid, startTime: start },
        { program, env: record.env, cwd: record.cwd, stdio: ['inherit', 'inherit', 'inherit'] },
      );
      process.off('SIGINT', nothing).off('SIGQUIT', nothing);
      context.exit(status);
    });
}
