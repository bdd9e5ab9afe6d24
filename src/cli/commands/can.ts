import { Command } from 'commander';
import { ERRORS, PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { jsonLine, visible } from '../render/text.ts';

export function canCommand(context: CliContext): Command {
  return new Command()
    .description('Say whether a guest could do something now, by which grant, or why not.')
    .usage(
      '[options] GUEST -- METHOD URL\n       powerbox can [options] GUEST NAME METHOD [JSON...]',
    )
    .argument('<guest>', 'name or id of the guest')
    .argument(
      '<words...>',
      "a request of http, or the guest's name for a power, a method and its arguments",
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (guest: string, words: string[], flags: { json?: true }) => {
      const answer = await ask(context, guest, words);
      if (!answer.allow) context.exit(ERRORS['not-granted'].exit);
      if (flags.json) context.out(jsonLine(answer));
      else context.out(visible(sentence(answer)));
    });
}

const HELP = `
Nothing is spent, asked or recorded. Exits with 0 when it could and 77 when not.

Examples:
  $ powerbox can alice -- GET https://api.github.com/user
  $ powerbox can bob data/inbox readText '"notes.txt"'`;

type Answer =
  | { readonly allow: true; readonly grant: string; readonly waits?: boolean }
  | { readonly allow: false; readonly code: string; readonly reason: string };

async function ask(context: CliContext, guest: string, words: readonly string[]): Promise<Answer> {
  const [first = '', second = '', ...rest] = words;
  // Arguments are read before the daemon is asked, or even started, for nothing.
  const isRequest = words.length === 2 && second.includes('://');
  const args = isRequest ? [] : rest.map(parseArgument);
  if (!isRequest && second === '') {
    throw new PowerboxError('usage', 'Cannot ask: say METHOD URL, or NAME METHOD and arguments.', {
      hint: 'Run `powerbox can --help`.',
    });
  }
  const host = await context.daemon();
  const door = await host.guest(guest);
  if (isRequest) return door.canRequest(first, second);
  const verdict = await door.can(first, second, args);
  return verdict.allow ? { allow: true, grant: (await door.describe(first)).grant } : verdict;
}

function parseArgument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PowerboxError('usage', `Cannot read the argument ${text.slice(0, 40)}: not JSON.`, {
      hint: `Write text as '"text"'.`,
    });
  }
}

function sentence(answer: Answer): string {
  if (!answer.allow) return `no: ${answer.reason} [${answer.code}]`;
  return `yes, by ${answer.grant}${answer.waits === true ? ', once you approve' : ''}`;
}
