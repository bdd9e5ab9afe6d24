import { Command } from 'commander';
import type { MailInfo } from '../../wire/doors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { absolutePower } from '../power-words.ts';
import { mailLines } from '../render/mail-lines.ts';
import { jsonLine } from '../render/text.ts';
import { collect, doorBy, type GrantFlags, grantWords, withBy, withGrantFlags } from '../words.ts';

/** Asking for powers, and letters with grants in them. Answers to requests: mail-answer.ts. */

export interface MailFlags {
  readonly by?: string;
  readonly json?: true;
}

export function requestCommand(context: CliContext): Command {
  const command = new Command()
    .description('Ask somebody for a power. The host answers with resolve or reject.')
    .argument('<kind>', 'the kind of power that is needed')
    .argument('<text>', 'what for')
    .option('--power <words>', 'the very power, such as https://api.github.com')
    .option('--only <rule>', 'as much of it as is needed; repeatable', collect)
    .option('--to <guest>', 'whom to ask; the host when left out')
    .option('--wait', 'wait for the answer; exits with 77 when it is no');
  return withBy(command)
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      "\nExample:\n  $ powerbox request http 'to read the issues' --power https://api.github.com --only 'GET https://api.github.com/repos/acme/**' --by alice",
    )
    .action(async (kind: string, text: string, flags: RequestFlags) => {
      const door = await doorBy(context, flags.by);
      const mail = await door.request({
        kind,
        text,
        ...(flags.power === undefined ? {} : { power: absolutePower(flags.power, context.cwd) }),
        ...(flags.only === undefined ? {} : { only: flags.only }),
        ...(flags.to === undefined ? {} : { to: flags.to }),
      });
      if (!flags.wait) {
        showMail(context, mail, flags);
        return;
      }
      context.err(`powerbox: ${mail.id} waits for its answer.`);
      const answered = await door.answered(mail.id);
      if (answered.state !== 'resolved') context.exit(77);
      showMail(context, answered, flags);
    });
}

interface RequestFlags extends MailFlags {
  readonly power?: string;
  readonly only?: readonly string[];
  readonly to?: string;
  readonly wait?: true;
}

export function inboxCommand(context: CliContext): Command {
  return withBy(new Command())
    .description('List letters and requests that are open, newest first.')
    .option('--all', 'also those that were answered or dismissed')
    .option('--sent', 'those that were sent instead, whatever became of them')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox inbox')
    .action(async (flags: MailFlags & { all?: true; sent?: true }) => {
      const door = await doorBy(context, flags.by);
      const mails = flags.sent ? await door.sent() : await door.inbox();
      const shown = mails.filter(({ state }) => flags.all || flags.sent || state === 'open');
      if (shown.length === 0 && !flags.json) context.err('powerbox: no mail.');
      for (const mail of shown) showMail(context, mail, flags);
    });
}

interface LetterFlags extends MailFlags, GrantFlags {
  readonly enclose?: readonly string[];
}

function withLetterFlags(command: Command): Command {
  return withBy(
    withGrantFlags(
      command.option('--enclose <name=power>', 'a grant to go with it; repeatable', collect),
    ),
  ).option('--json', 'one JSON object');
}

export function sendCommand(context: CliContext): Command {
  const command = new Command()
    .description('Send somebody words, and grants that they may adopt.')
    .argument('<guest>', 'name or id of the receiver, or host')
    .argument('<text>', 'the words');
  return withLetterFlags(command)
    .addHelpText(
      'after',
      "\nThe flags of a grant hold for each that is enclosed.\n\nExample:\n  $ powerbox send alice 'the data for today' --enclose data=files:/srv/data --only ro --for 8h",
    )
    .action(async (to: string, text: string, flags: LetterFlags) => {
      const door = await doorBy(context, flags.by);
      showMail(context, await door.send(to, text, enclosedOf(context, flags), null), flags);
    });
}

export function replyCommand(context: CliContext): Command {
  const command = new Command()
    .description('Answer a letter or a request with words, and grants that may be adopted.')
    .argument('<id>', 'id of the mail')
    .argument('<text>', 'the words');
  return withLetterFlags(command)
    .addHelpText('after', "\nExample:\n  $ powerbox reply ml-7k2m9qpa 'which repository?'")
    .action(async (id: string, text: string, flags: LetterFlags) => {
      const door = await doorBy(context, flags.by);
      const mail = (await door.inbox()).find((each) => each.id === id);
      if (mail === undefined) {
        throw new PowerboxError(
          'mail-unknown',
          `Cannot reply to ${id.slice(0, 40)}: it is not in the inbox.`,
        );
      }
      showMail(context, await door.send(mail.from, text, enclosedOf(context, flags), id), flags);
    });
}

type Enclosed = Parameters<Awaited<ReturnType<typeof doorBy>>['send']>[2];

function enclosedOf(context: CliContext, flags: LetterFlags): Enclosed {
  const words = grantWords(flags);
  if (flags.enclose === undefined && Object.keys(words).length > 0) {
    throw new PowerboxError('usage', 'Cannot narrow what is not there: nothing is enclosed.', {
      hint: 'Say what with --enclose NAME=POWER.',
    });
  }
  return (flags.enclose ?? []).map((text) => {
    const cut = text.indexOf('=');
    if (cut < 1) {
      throw new PowerboxError('usage', 'Cannot read --enclose: it is NAME=POWER.', {
        hint: 'Write for example --enclose data=files:/srv/data.',
      });
    }
    const power = absolutePower(text.slice(cut + 1), context.cwd);
    return { name: text.slice(0, cut), words: { ...words, power } };
  });
}

export function showMail(context: CliContext, mail: MailInfo, { json }: MailFlags): void {
  if (json) context.out(jsonLine(mail));
  else for (const line of mailLines(mail, context.colour)) context.out(line);
}
