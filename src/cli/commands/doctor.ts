import { Command } from 'commander';
import { diagnose } from '../../boxes/process/doctor.ts';
import type { CliContext } from '../context.ts';
import { painter } from '../render/colour.ts';
import { jsonLine } from '../render/text.ts';

export function doctorCommand(context: CliContext): Command {
  return new Command()
    .description('Try what boxes need on this machine, and say how to mend what is missing.')
    .option('--json', 'one JSON object a check')
    .addHelpText('after', '\nExample:\n  powerbox doctor')
    .action(async (flags: { json?: true }) => {
      const paint = painter(context.colour);
      let missing = false;
      for (const check of await diagnose()) {
        if (flags.json) {
          context.out(jsonLine(check));
        } else {
          const mark = check.ok
            ? paint('green', 'ok  ')
            : paint(check.needed ? 'red' : 'yellow', check.needed ? 'no  ' : 'less');
          context.out(`${mark} ${check.name}: ${check.found}`);
          if (!check.ok && check.mend !== undefined) context.out(`     mend: ${check.mend}`);
        }
        missing ||= !check.ok && check.needed;
      }
      context.exit(missing ? 69 : 0);
    });
}
