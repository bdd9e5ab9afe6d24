import { Command } from 'commander';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { absolutePower } from '../power-words.ts';
import { grantLines } from '../render/grant-lines.ts';
import { jsonLine } from '../render/text.ts';
import { doorBy, type GrantFlags, grantWords, withBy, withGrantFlags } from '../words.ts';

export function grantCommand(context: CliContext): Command {
  const command = new Command()
    .description('Give a guest a power: all of it, or what the flags leave of it.')
    .usage('[options] POWER to GUEST')
    .argument('<power>', 'a name of yours, the id of a grant, or a power such as files:/srv/data')
    .argument('<to>', 'the word to')
    .argument('<guest>', 'name or id of the guest');
  return withBy(withGrantFlags(command))
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (power: string, to: string, guest: string, flags: Flags) => {
      if (to !== 'to') {
        throw new PowerboxError('usage', 'Cannot read the command line: it is POWER to GUEST.', {
          hint: 'Run `powerbox grant --help`.',
        });
      }
      const door = await doorBy(context, flags.by);
      const words = { ...grantWords(flags), power: absolutePower(power, context.cwd), to: guest };
      const grant = await door.grant(words);
      if (flags.json) context.out(jsonLine(grant));
      else for (const line of grantLines(grant, context.colour)) context.out(line);
    });
}

interface Flags extends GrantFlags {
  readonly by?: string;
  readonly json?: true;
}

const HELP = `
What --only takes depends on the kind of the power; see docs/powers.md.

Examples:
  $ powerbox grant github to alice --only 'GET https://api.github.com/repos/acme/**' --for 2h
  $ powerbox grant files:/srv/data to bob --only ro --budget uses=100,bytes=1M --approve writes
  $ powerbox grant github to carol --by alice --budget uses=10 --because "reviews this week"`;
