import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { Command, Option } from 'commander';
import type { Compartment } from '../../sdk/compartment.ts';
import type { ProgramWords } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { type EvalFlags, readEvalFlags, type WordedCompartment } from '../eval-words.ts';
import { visible } from '../render/text.ts';
import { valueJson, valueText } from '../render/value.ts';
import { collect } from '../words.ts';

interface Flags extends EvalFlags {
  readonly eval?: string;
  readonly json?: true;
}

const HELP = `
The code sees what --give names, and nothing else of this machine. Its value is printed; what it
writes to its console goes to standard error. POWER is a name of yours, the id of a grant, or words
such as files:./src; see docs/powers.md.

Examples:
  $ powerbox eval -e '1 + 1'
  $ powerbox eval --give repo=files:. --only repo=ro -e 'await repo.list("")'
  $ powerbox eval --give api=https://api.example.com --timeout 10s task.ts
  $ powerbox eval --policy powerbox.json:search-tool search.ts`;

export function evalCommand(context: CliContext): Command {
  return withFlags(new Command())
    .description('Evaluate code in a compartment of its own, with the powers that it is given.')
    .usage('[options] FILE | -e CODE | -')
    .argument('[file]', 'a file of JavaScript or TypeScript; - for standard input')
    .option('-e, --eval <code>', 'this code')
    .option('--json', 'the value as JSON, a stream as one line for each item')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, flags: Flags) => {
      const worded = await readEvalFlags(context, flags);
      const program = await readProgram(context, file, flags, worded);
      await evaluate(context, flags, worded, program);
    });
}

function withFlags(command: Command): Command {
  return command
    .option('--give <name=power>', 'let the code use a power by this name (repeatable)', collect)
    .option('--only <name=rule>', 'no more of it than this (repeatable)', collect)
    .option('--budget <name=list>', 'uses=N, bytes=N, tokens=N, usd=N, rate=N/minute', collect)
    .option('--approve <name=what>', 'ask before writes, or always (repeatable)', collect)
    .option('--as <guest>', 'with all that this guest holds, by its own names')
    .option('--name <name>', 'name of the guest that the code runs as')
    .option('--policy <file:name>', 'what a policy file gives to the compartment of this name')
    .option('--accept-policy', 'accept the policy as it is now, without being asked')
    .option(
      '--package <name>',
      'let it import this package from node_modules (repeatable)',
      collect,
    )
    .option('--clock', 'let it read the time')
    .option('--random', 'let it have random numbers')
    .addOption(
      new Option('--isolation <kind>', 'a process for it alone').choices(['own', 'shared']),
    )
    .option('--memory <size>', 'memory of its process, for example 128M')
    .option('--timeout <time>', 'end it when it takes longer, for example 10s')
    .option('--because <text>', 'why; kept in the journal');
}

async function readProgram(
  context: CliContext,
  file: string | undefined,
  flags: Flags,
  { packages, timeMs }: WordedCompartment,
): Promise<ProgramWords> {
  const time = timeMs === undefined ? {} : { timeMs };
  if ((flags.eval === undefined) === (file === undefined)) {
    throw new PowerboxError(
      'usage',
      'Cannot evaluate: give a file, -e CODE, or - for one of both.',
      {
        hint: 'Run `powerbox eval --help`.',
      },
    );
  }
  if (flags.eval !== undefined) return { code: flags.eval, packages, ...time };
  if (file === '-') return { code: readFileSync(0, 'utf8'), file: 'stdin', packages, ...time };
  const { readModules } = await import('../../sdk/read-modules.ts');
  const { resolve } = await import('node:path');
  return { ...(await readModules(resolve(context.cwd, file ?? ''), { packages })), ...time };
}

async function evaluate(
  context: CliContext,
  flags: Flags,
  { words }: WordedCompartment,
  program: ProgramWords,
): Promise<void> {
  const [{ makeCompartment }, door] = await Promise.all([
    import('../../sdk/compartment.ts'),
    context.daemon(),
  ]);
  const box = await makeCompartment((asked) => door.compartment(asked), {
    ...words,
    onConsole: ({ text }) => {
      for (const line of text.split('\n')) context.err(visible(line));
    },
  });
  try {
    await print(context, flags, await evaluated(box, program));
  } finally {
    await box.close('it was evaluated');
  }
}

/** A name that the code was not given is one that the person may want to give. */
async function evaluated(box: Compartment, program: ProgramWords): Promise<unknown> {
  try {
    return await box.evaluate(program);
  } catch (error) {
    if (!PowerboxError.is(error) || error.code !== 'endowment-missing') throw error;
    const name = /\buses ([A-Za-z_$][\w$]*)\b/.exec(error.message)?.[1];
    if (name === undefined) throw error;
    throw new PowerboxError(error.code, error.message, {
      hint: `Grant it with --give ${name}=POWER.`,
    });
  }
}

async function print(context: CliContext, flags: Flags, value: unknown): Promise<void> {
  if (isStream(value)) {
    for await (const item of value) printOne(context, flags, item);
  } else if (flags.json || value !== undefined) {
    printOne(context, flags, value);
  }
}

function printOne(context: CliContext, flags: Flags, value: unknown): void {
  const text = flags.json ? valueJson(value) : valueText(value, context.colour);
  // A terminal must not obey what the code made; a program gets what it is.
  const lines = isatty(1) && typeof value === 'string' ? text.split('\n').map(visible) : [text];
  for (const line of lines) context.out(line);
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
