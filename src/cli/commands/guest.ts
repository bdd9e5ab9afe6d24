import { Command } from 'commander';
import { parseDuration } from '../../host/quantities.ts';
import type { GuestInfo } from '../../wire/doors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { grantLines } from '../render/grant-lines.ts';
import { table } from '../render/table.ts';
import { jsonLine, visible } from '../render/text.ts';
import { localTime } from '../render/time.ts';
import { showRevoked } from './revoke.ts';

export function guestCommand(context: CliContext): Command {
  return new Command()
    .description('Those who can be given powers: add, look at and remove them.')
    .addCommand(addCommand(context))
    .addCommand(lsCommand(context))
    .addCommand(showCommand(context))
    .addCommand(rmCommand(context))
    .addCommand(tokenCommand(context))
    .addHelpText('after', '\nExample:\n  $ powerbox guest add alice --because "reviews"');
}

interface JsonFlag {
  readonly json?: true;
}

function addCommand(context: CliContext): Command {
  return new Command('add')
    .description('Make a guest. It holds nothing until it is given something.')
    .argument('<name>', 'letters, digits, ".", "_" and "-"')
    .option('--because <text>', 'why; kept in the journal', '')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox guest add alice')
    .action(async (name: string, flags: JsonFlag & { because: string }) => {
      const guest = await (await context.daemon()).addGuest(name, flags.because);
      context.out(flags.json ? jsonLine(guest) : `${guest.id}  ${visible(guest.name)}`);
    });
}

function lsCommand(context: CliContext): Command {
  return new Command('ls')
    .description('List guests.')
    .option('--all', 'also those that were removed')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox guest ls')
    .action(async (flags: JsonFlag & { all?: true }) => {
      const guests = await (await context.daemon()).guests(flags.all === true);
      if (flags.json) for (const guest of guests) context.out(jsonLine(guest));
      else if (guests.length === 0) context.err('powerbox: no guests.');
      else for (const line of table([HEADINGS, ...guests.map(rowOf)])) context.out(line);
    });
}

const HEADINGS = ['GUEST', 'NAME', 'GRANTS', 'BOX', 'SINCE', 'WHY'];

function rowOf(guest: GuestInfo): readonly string[] {
  return [
    guest.id,
    visible(guest.name),
    String(guest.grants),
    boxOf(guest),
    localTime(guest.created),
    visible(guest.reason),
  ];
}

function boxOf(guest: GuestInfo): string {
  if (guest.removed !== null) return 'removed';
  return guest.running ?? (guest.box === null ? '' : `${guest.box} (ended)`);
}

function showCommand(context: CliContext): Command {
  return new Command('show')
    .description('Show a guest, its names and what it was given.')
    .argument('<guest>', 'name or id')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox guest show alice')
    .action(async (name: string, flags: JsonFlag) => {
      const host = await context.daemon();
      const guest = findGuest(await host.guests(true), name);
      const grants = await host.grants({ to: guest.id, all: true });
      const names = guest.removed === null ? await (await host.guest(guest.id)).list('') : [];
      if (flags.json) {
        context.out(jsonLine({ ...guest, names, grants }));
        return;
      }
      context.out(`${guest.id}  ${visible(guest.name)}  since ${localTime(guest.created)}`);
      if (guest.reason !== '') context.out(`because: ${visible(guest.reason)}`);
      if (boxOf(guest) !== '') context.out(`box: ${boxOf(guest)}`);
      context.out(`names: ${visible(names.map((entry) => entry.name).join(' ')) || 'none'}`);
      context.out(grants.length === 0 ? 'grants: none' : 'grants:');
      for (const grant of grants)
        for (const line of grantLines(grant, context.colour)) context.out(`  ${line}`);
    });
}

/** A guest that is there goes before one of the same name that was removed. */
export function findGuest(guests: readonly GuestInfo[], wanted: string): GuestInfo {
  const fitting = guests.filter(({ id, name }) => id === wanted || name === wanted);
  const guest = fitting.find(({ removed }) => removed === null) ?? fitting.at(-1);
  if (guest !== undefined) return guest;
  throw new PowerboxError('guest-unknown', `Cannot find the guest "${wanted.slice(0, 64)}".`);
}

function rmCommand(context: CliContext): Command {
  return new Command('rm')
    .description('Remove a guest; all that it was given, and all that it gave on, ends.')
    .argument('<guest>', 'name or id')
    .option('--dry-run', 'only list what would end')
    .option('--because <text>', 'why; kept in the journal', '')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox guest rm alice --dry-run')
    .action(async (name: string, flags: JsonFlag & { dryRun?: true; because: string }) => {
      const host = await context.daemon();
      const report = flags.dryRun
        ? await host.preview({ what: 'guest', id: name })
        : await host.removeGuest(name, flags.because);
      showRevoked(context, report, flags.dryRun === true, flags.json === true);
    });
}

function tokenCommand(context: CliContext): Command {
  return new Command('token')
    .description('Make a token with which a program reaches the gateway as this guest.')
    .argument('<guest>', 'name or id')
    .option('--for <time>', 'how long it is good, such as 2h; for good when left out')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nIt is shown once. `guest rm` ends all tokens of a guest.\n\nExample:\n  $ powerbox guest token alice --for 12h',
    )
    .action(async (name: string, flags: JsonFlag & { for?: string }) => {
      const span = flags.for === undefined ? null : parseDuration(flags.for, '--for');
      const token = await (await context.daemon()).token(name, span);
      context.out(flags.json ? jsonLine({ id: name, token }) : token);
    });
}
