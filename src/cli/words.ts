import { type Command, InvalidArgumentError, Option } from 'commander';
import type { GrantWords, GuestDoor, HostDoor } from '../wire/doors.ts';
import type { CliContext } from './context.ts';

/** Flags that more than one verb takes, and what they mean. */

/** For a flag that may be given again. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** For a flag that may be given again, and takes several words with commas between them. */
function collectList(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((part) => part.trim())];
}

export interface GrantFlags {
  readonly only?: readonly string[];
  readonly budget?: readonly string[];
  readonly for?: string;
  readonly from?: string;
  readonly approve?: 'none' | 'writes' | 'always';
  readonly delegate?: boolean;
  readonly as?: string;
  readonly because?: string;
}

/** Everything that can be said of a grant but what is granted and to whom. */
export function withGrantFlags(command: Command): Command {
  return command
    .option('--only <rule>', 'no more than this; repeatable: what any of them allows', collect)
    .option(
      '--budget <list>',
      'uses=N, bytes=N, tokens=N, usd=N, rate=N/second|minute|day',
      collectList,
    )
    .option('--for <time>', 'how long, such as 2h, or until when, such as 2026-05-01T12:00:00Z')
    .option('--from <time>', 'not before this time')
    .addOption(
      new Option(
        '--approve <what>',
        'wait for a person: before what changes something, or always',
      ).choices(['none', 'writes', 'always']),
    )
    .option('--no-delegate', 'the holder may not grant it on')
    .option('--as <name>', 'the name that the holder finds it under')
    .option('--because <text>', 'why; kept in the journal');
}

/** Leaves out what was not said, so that the daemon's own defaults hold. */
export function grantWords(flags: GrantFlags): Partial<Omit<GrantWords, 'to' | 'power'>> {
  return {
    ...(flags.only === undefined ? {} : { only: flags.only }),
    ...(flags.budget === undefined ? {} : { budget: flags.budget }),
    ...(flags.for === undefined ? {} : { expires: flags.for }),
    ...(flags.from === undefined ? {} : { begins: flags.from }),
    ...(flags.approve === undefined ? {} : { approval: flags.approve }),
    ...(flags.delegate === false ? { delegable: false } : {}),
    ...(flags.as === undefined ? {} : { as: flags.as }),
    ...(flags.because === undefined ? {} : { reason: flags.because }),
  };
}

export function withBy(command: Command): Command {
  return command.option('--by <guest>', 'as this guest, with what it holds');
}

/** The door of the guest that was named, else the host's own. */
export async function doorBy(
  context: CliContext,
  by: string | undefined,
): Promise<GuestDoor | HostDoor> {
  const host = await context.daemon();
  return by === undefined ? host : host.guest(by);
}

export function parseDays(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw new InvalidArgumentError('It is a number of days.');
  return Number(text);
}
