import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { absolutePower } from '../power-words.ts';
import { jsonLine } from '../render/text.ts';
import { doorBy, type GrantFlags, grantWords, withBy, withGrantFlags } from '../words.ts';
import { type MailFlags, showMail } from './mail.ts';

/** What can be done with mail that came. */

export function resolveCommand(context: CliContext): Command {
  const command = new Command()
    .description('Answer a request with a grant: what it asks for, or what the flags say instead.')
    .argument('<id>', 'id of the request')
    .option('--with <power>', 'the power to grant, when the request names none or another');
  return withBy(withGrantFlags(command))
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  $ powerbox resolve ml-7k2m9qpa\n  $ powerbox resolve ml-7k2m9qpa --with github --budget uses=10 --for 1h',
    )
    .action(async (id: string, flags: GrantFlags & MailFlags & { with?: string }) => {
      const door = await doorBy(context, flags.by);
      const power =
        flags.with === undefined ? {} : { power: absolutePower(flags.with, context.cwd) };
      showMail(context, await door.resolve(id, { ...grantWords(flags), ...power }), flags);
    });
}

export function rejectCommand(context: CliContext): Command {
  return withBy(new Command())
    .description('Answer a request with no.')
    .argument('<id>', 'id of the request')
    .option('--because <text>', 'why; the asker is told', '')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox reject ml-7k2m9qpa --because "use the mirror"')
    .action(async (id: string, flags: MailFlags & { because: string }) => {
      const door = await doorBy(context, flags.by);
      showMail(context, await door.reject(id, flags.because), flags);
    });
}

export function dismissCommand(context: CliContext): Command {
  return withBy(new Command())
    .description('Put mail away without an answer.')
    .argument('<id...>', 'ids of mail')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox dismiss ml-7k2m9qpa')
    .action(async (ids: string[], flags: MailFlags) => {
      const door = await doorBy(context, flags.by);
      for (const id of ids) showMail(context, await door.dismiss(id), flags);
    });
}

export function adoptCommand(context: CliContext): Command {
  return withBy(new Command())
    .description('Take a grant that came with a letter under a name.')
    .argument('<id>', 'id of the letter')
    .argument('<enclosed>', 'the name that the sender gave it')
    .option('--as <name>', 'the name to find it under; the same when left out')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox adopt ml-7k2m9qpa data --by alice')
    .action(async (id: string, enclosed: string, flags: MailFlags & { as?: string }) => {
      const door = await doorBy(context, flags.by);
      const path = await door.adopt(id, enclosed, flags.as ?? enclosed);
      context.out(flags.json ? jsonLine({ id, enclosed, path }) : path);
    });
}
