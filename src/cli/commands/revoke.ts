import { Command, Option } from 'commander';
import type { RevokeInfo, RevokeWords } from '../../wire/doors.ts';
import type { CliContext } from '../context.ts';
import { jsonLine, visible } from '../render/text.ts';
import { doorBy, withBy } from '../words.ts';

export function revokeCommand(context: CliContext): Command {
  const whole = (name: string, text: string, others: string[]): Option =>
    new Option(`--${name}`, text).conflicts(others);
  const command = new Command()
    .description('Take back a grant and all that was given on from it, at once and for good.')
    .argument('<what>', 'id or name of a grant; with a flag, of a guest, a power or a secret')
    .addOption(whole('guest', 'everything that this guest was given', ['power', 'secret']))
    .addOption(whole('power', 'every grant of this power', ['guest', 'secret']))
    .addOption(whole('secret', 'every grant of a power that uses this secret', ['guest', 'power']))
    .option('--dry-run', 'only list what would end')
    .option('--because <text>', 'why; those who lose something are told');
  return withBy(command)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (id: string, flags: Flags) => {
      const door = await doorBy(context, flags.by);
      const what = { what: whatOf(flags), id };
      const report = flags.dryRun
        ? await door.preview(what)
        : await door.revoke(what, flags.because ?? '');
      showRevoked(context, report, flags.dryRun === true, flags.json === true);
    });
}

interface Flags {
  readonly guest?: true;
  readonly power?: true;
  readonly secret?: true;
  readonly dryRun?: true;
  readonly because?: string;
  readonly by?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  $ powerbox revoke gr-7k2m9qpa --dry-run
  $ powerbox revoke alice --guest --because "the review is over"
  $ powerbox revoke GITHUB_TOKEN --secret`;

function whatOf(flags: Flags): RevokeWords['what'] {
  if (flags.guest) return 'guest';
  if (flags.power) return 'power';
  return flags.secret ? 'secret' : 'grant';
}

/** What ended, or would end, parents first. */
export function showRevoked(
  context: CliContext,
  report: RevokeInfo,
  dryRun: boolean,
  json: boolean,
): void {
  const verb = dryRun ? 'would end' : 'ended';
  for (const grant of report.grants) {
    if (json) context.out(jsonLine(grant));
    else context.out(visible(`${verb} ${grant.id}  ${grant.to}  ${grant.text}`));
  }
  if (json) return;
  const cut = dryRun ? '' : `; ${counted(report.cut, 'use')} in flight cut`;
  const grants = counted(report.grants.length, 'grant');
  context.err(`powerbox: ${grants} of ${counted(report.guests.length, 'guest')} ${verb}${cut}.`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
