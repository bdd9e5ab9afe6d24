#!/usr/bin/env node
import { PowerboxError } from '../wire/errors.ts';
import { processContext } from './context.ts';
import { printError } from './render/error.ts';
import { topHelp, VERBS } from './verbs.ts';

/**
 * The command line. Each verb is a file of its own and only the one that is asked for is loaded,
 * because `run` is measured in milliseconds.
 */
async function main(argv: readonly string[]): Promise<void> {
  const context = processContext();
  const debug = argv.includes('--debug') && !afterDashes(argv, '--debug');
  const words = argv.filter(
    (word, index) => word !== '--debug' || afterDashes(argv.slice(0, index + 1), word),
  );
  const [name, ...rest] = words;
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      const asked = name === 'help' ? VERBS.get(rest[0] ?? '') : undefined;
      if (asked === undefined) context.out(topHelp());
      else await runVerb(asked, ['--help']);
      return;
    }
    if (name === '--version' || name === '-V') {
      context.out(await version());
      return;
    }
    const verb = VERBS.get(name);
    if (verb === undefined) throw unknownVerb(name);
    await runVerb(verb, rest);
    context.close();
  } catch (error) {
    // Not only the status: a box that is still held ends with this process.
    process.exit(printError(context, error, debug));
  }

  async function runVerb(verb: NonNullable<ReturnType<typeof VERBS.get>>, args: readonly string[]) {
    const [{ CommanderError }, command] = await Promise.all([
      import('commander'),
      verb.load().then((make) => make(context)),
    ]);
    command.name(`powerbox ${verb.name}`);
    prepare(command);
    try {
      await command.parseAsync([...args], { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return;
      const message = error.message.replace(/^error: /, '').replace(/(?<![.?!])$/, '.');
      throw new PowerboxError('usage', `Cannot read the command line: ${message}`, {
        hint: `Run \`powerbox ${verb.name} --help\`.`,
      });
    }
  }
}

/** No verb ends the process or prints an error by itself. */
function prepare(command: import('commander').Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const child of command.commands) prepare(child);
}

function afterDashes(words: readonly string[], word: string): boolean {
  const dashes = words.indexOf('--');
  return dashes !== -1 && words.indexOf(word) > dashes;
}

function unknownVerb(name: string): PowerboxError {
  const near = [...VERBS.keys()].find((verb) => verb.startsWith(name.slice(0, 2)));
  const hint = near === undefined ? 'Run `powerbox --help`.' : `Did you mean \`powerbox ${near}\`?`;
  return new PowerboxError(
    'usage',
    `Cannot run "${name.slice(0, 40)}": there is no such command.`,
    { hint },
  );
}

async function version(): Promise<string> {
  const { readFileSync } = await import('node:fs');
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `powerbox ${(JSON.parse(text) as { version: string }).version}`;
}

/**
 * A reader that has seen enough (`powerbox log | head`) is no fault, and no fault at all shows a
 * person a stack that they did not ask for.
 */
function catchAll(argv: readonly string[]): void {
  const fatal = (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit();
    process.exit(printError(processContext(), error, argv.includes('--debug')));
  };
  process.on('uncaughtException', fatal).on('unhandledRejection', fatal);
}

catchAll(process.argv);
await main(process.argv.slice(2));
