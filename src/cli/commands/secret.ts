import { Command, Option } from 'commander';
import { parseDuration } from '../../host/quantities.ts';
import { SECRET_BYTES_MAX } from '../../vault/limits.ts';
import type { SecretInfo } from '../../vault/record.ts';
import { knownService, knownVariables } from '../../vault/services.ts';
import { type Binding, parseOrigin, type Slot } from '../../vault/slot.ts';
import { formatSlot, parseSlot } from '../../vault/slot-text.ts';
import type { SecretSource } from '../../vault/source.ts';
import {
  describeSecret,
  listSecrets,
  removeSecret,
  rotateSecret,
  setSecret,
} from '../../vault/store.ts';
import { checkName, decodeValue } from '../../vault/value.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { promptHidden } from '../render/prompt-hidden.ts';
import { table } from '../render/table.ts';
import { jsonLine } from '../render/text.ts';
import { localTime } from '../render/time.ts';

interface SourceOptions {
  readonly fromEnv?: string;
  readonly fromFile?: string;
  readonly fromCommand?: string;
  readonly ttl?: string;
  readonly short?: true;
}

interface SetOptions extends SourceOptions {
  readonly for?: readonly string[];
  readonly in?: readonly string[];
}

export function secretCommand(context: CliContext): Command {
  return new Command('secret')
    .description('Keep secrets, and say which request of which server may carry each.')
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
    .addCommand(setCommand(context))
    .addCommand(lsCommand(context))
    .addCommand(rmCommand(context))
    .addCommand(rotateCommand(context))
    .addCommand(showSlotsCommand(context))
    .addHelpText(
      'after',
      '\nExample:\n  $ powerbox secret set GITHUB_TOKEN\n  $ powerbox secret ls',
    );
}

function setCommand(context: CliContext): Command {
  const command = new Command('set')
    .description('Keep a value; it is asked for at a prompt, or read from standard input.')
    .usage('NAME [flags]')
    .argument('<name>')
    .option('--for <origin>', 'an origin that may receive it; repeatable', collect)
    .option('--in <slot>', 'where in a request to --for it may stand; repeatable', collect)
    .addHelpText('after', SET_HELP);
  return withSource(command).action(async (name: string, extra: string[], options: SetOptions) => {
    refuseValues(extra);
    checkName(name);
    const bindings = bindingsFor(name, options);
    const source = await sourceOf(context, name, options);
    const secret = { name, bindings, source, short: options.short === true };
    report(context, 'Kept', setSecret(context.home(), secret));
  });
}

const SET_HELP = `
Slots: header:authorization:bearer (default), header:authorization:basic-password, header:NAME,
"header:NAME:Token {}" (a template, {} is the value), query:NAME, cookie:NAME,
websocket:json:/pointer (in text messages). Open only where a grant names the place:
path:{variable} (a variable of its path), form:NAME (methods and a path), json:/pointer (those, and
the field). Names of known services bring their origins and slots:
powerbox secret show-slots --all-known.

Examples:
  $ powerbox secret set OPENAI_API_KEY
  $ powerbox secret set DEPLOY_KEY --for https://git.example.com --in header:authorization:basic-password
  $ powerbox secret set API_KEY --for api.example.com --in header:x-api-key --from-file key.txt
  $ powerbox secret set BOT --for api.example.com --in 'path:{token}'
  $ powerbox run --secret BOT --allow 'https://api.example.com/bot{token}/**' -- ./bot
  $ powerbox secret set GH_TOKEN --from-command 'gh auth token' --ttl 10m`;

function rotateCommand(context: CliContext): Command {
  const command = new Command('rotate')
    .description('Replace the value and keep where it may go.')
    .usage('NAME [flags]')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  $ powerbox secret rotate GITHUB_TOKEN');
  return withSource(command).action(
    async (name: string, extra: string[], options: SourceOptions) => {
      refuseValues(extra);
      // Before the prompt: nobody should type a value for a name that is not there.
      describeSecret(context.home(), name);
      const source = await sourceOf(context, name, options);
      const rotated = rotateSecret(context.home(), name, source, { short: options.short === true });
      report(context, 'Replaced', rotated);
    },
  );
}

function lsCommand(context: CliContext): Command {
  return new Command('ls')
    .description('List secrets and where they may go; never their values.')
    .usage('[flags]')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox secret ls --json')
    .action((options: { readonly json?: true }) => {
      const secrets = listSecrets(context.home());
      if (options.json) {
        for (const secret of secrets) context.out(jsonLine(plain(secret)));
        return;
      }
      if (secrets.length === 0) context.err('No secrets yet. Keep one: powerbox secret set NAME');
      else for (const line of table([LS_HEAD, ...secrets.map(row)])) context.out(line);
    });
}

const LS_HEAD = ['NAME', 'SOURCE', 'SET', 'GOES TO'];

function row({ name, source, created, rotated, bindings }: SecretInfo): readonly string[] {
  const origins = bindings.map(({ origin }) => origin).join(' ');
  return [name, source, localTime(rotated ?? created), origins];
}

function rmCommand(context: CliContext): Command {
  return new Command('rm')
    .description('Forget a secret.')
    .usage('NAME')
    .argument('<name>', 'name of the secret')
    .addHelpText('after', '\nExample:\n  $ powerbox secret rm GITHUB_TOKEN')
    .action((name: string) => {
      removeSecret(context.home(), name);
      context.out(`Forgot ${name}.`);
    });
}

function showSlotsCommand(context: CliContext): Command {
  return new Command('show-slots')
    .description('Show where a secret may go: one of yours, or one of a known service.')
    .usage('NAME | --all-known [flags]')
    .argument('[name]', 'name of a secret or of a known variable')
    .option('--all-known', 'every variable of the table of known services')
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  $ powerbox secret show-slots GITHUB_TOKEN\n  $ powerbox secret show-slots --all-known --json',
    )
    .action((name: string | undefined, options: { allKnown?: true; json?: true }) => {
      if ((name === undefined) !== (options.allKnown === true)) {
        throw usage('Cannot show slots: give either a name or --all-known.');
      }
      const names = name === undefined ? knownVariables() : [name];
      const shown = names.map((each) => ({ name: each, ...slotsOf(context, each, name) }));
      if (options.json) {
        for (const each of shown) {
          context.out(jsonLine({ ...each, bindings: each.bindings.map(plainBinding) }));
        }
        return;
      }
      const rows = shown.flatMap(({ name: each, bindings }) =>
        bindings.flatMap(({ origin, slots }) =>
          slots.map((slot) => [each, origin, formatSlot(slot)]),
        ),
      );
      for (const line of table([['NAME', 'ORIGIN', 'SLOT'], ...rows])) context.out(line);
    });
}

/** What the person set themselves comes before the table. */
function slotsOf(
  context: CliContext,
  variable: string,
  asked: string | undefined,
): { from: 'vault' | 'table'; bindings: readonly Binding[] } {
  const known = knownService(variable);
  if (asked !== undefined) {
    try {
      return { from: 'vault', bindings: describeSecret(context.home(), variable).bindings };
    } catch (error) {
      const isAbsent = PowerboxError.is(error) && error.code === 'secret-unknown';
      if (!isAbsent || known === undefined) throw error;
    }
  }
  return { from: 'table', bindings: known?.bindings ?? [] };
}

/** The flags that say where a value comes from, and a place for words that do not belong. */
function withSource(command: Command): Command {
  const others = ['fromEnv', 'fromFile', 'fromCommand'];
  const source = (flags: string, text: string, name: string): Option =>
    new Option(flags, text).conflicts(others.filter((other) => other !== name));
  return (
    command
      // An unknown flag may be a value in the wrong place (`--value=…`); commander would print it.
      .argument('[refused...]')
      .allowUnknownOption()
      .addOption(source('--from-env <var>', 'read the value from this variable, once', 'fromEnv'))
      .addOption(source('--from-file <path>', 'read the value from this file, once', 'fromFile'))
      .addOption(
        source(
          '--from-command <cmd>',
          'run this with sh for the value, again when it expires',
          'fromCommand',
        ),
      )
      .option('--ttl <time>', 'how long a value of --from-command is good (default 5m)')
      .option('--short', 'accept a value below 12 characters')
  );
}

function refuseValues(extra: readonly string[]): void {
  if (extra.length === 0) return;
  throw new PowerboxError(
    'usage',
    'Cannot take more than a name and known flags: a value given as an argument can be read by every program of this machine.',
    { hint: 'Give the value at the prompt, on standard input, or with --from-file.' },
  );
}

function bindingsFor(name: string, options: SetOptions): readonly Binding[] {
  const known = knownService(name)?.bindings ?? [];
  const slots = unique((options.in ?? []).map(parseSlot));
  if (options.for === undefined) {
    if (slots.length > 0) throw usage('Cannot use --in without --for: say which origin it is for.');
    if (known.length > 0) return known;
    throw new PowerboxError(
      'secret-no-origin',
      `Cannot keep ${name}: it is not the variable of a known service, and no --for says which origin may receive it.`,
    );
  }
  const origins = [...new Set(options.for.map(parseOrigin))];
  return origins.map((origin) => ({
    origin,
    slots: slots.length > 0 ? slots : usualSlots(known, origin),
  }));
}

/** As the table has it for this origin, else (a server of one's own) for the service, else bearer. */
function usualSlots(known: readonly Binding[], origin: string): readonly Slot[] {
  const exact = known.find((binding) => binding.origin === origin)?.slots;
  const all = exact ?? unique(known.flatMap(({ slots }) => slots));
  return all.length > 0 ? all : [parseSlot('header:authorization:bearer')];
}

function unique(slots: readonly Slot[]): readonly Slot[] {
  return [...new Set(slots.map(formatSlot))].map(parseSlot);
}

async function sourceOf(
  context: CliContext,
  name: string,
  options: SourceOptions,
): Promise<SecretSource> {
  const { fromEnv, fromFile, fromCommand, ttl } = options;
  if (ttl !== undefined && fromCommand === undefined) {
    throw usage('Cannot use --ttl: only a value of --from-command expires.');
  }
  if (fromEnv !== undefined) return { kind: 'env', variable: fromEnv, env: context.env };
  if (fromFile !== undefined) {
    const { resolve } = await import('node:path');
    return { kind: 'file', path: resolve(context.cwd, fromFile) };
  }
  if (fromCommand !== undefined) {
    const span = ttl === undefined ? {} : { ttlMs: parseDuration(ttl, '--ttl') };
    return { kind: 'command', command: fromCommand, ...span };
  }
  return { kind: 'literal', value: decodeValue(name, await typedValue(context, name)) };
}

async function typedValue(context: CliContext, name: string): Promise<Uint8Array> {
  if (context.stdin.isTTY) {
    context.err(`Value of ${name} (it is not shown):`);
    return promptHidden(context.stdin, SECRET_BYTES_MAX);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of context.stdin) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    // Enough to be refused for its length; the rest need not be read.
    if (length > SECRET_BYTES_MAX + 2) break;
  }
  return Buffer.concat(chunks);
}

function report(context: CliContext, verb: string, { name, bindings }: SecretInfo): void {
  context.out(`${verb} ${name}. It goes to nothing but:`);
  for (const { origin, slots } of bindings) {
    context.out(`  ${origin}  ${slots.map(formatSlot).join(', ')}`);
  }
  for (const place of new Set(bindings.flatMap(placesToName))) context.out(place);
}

/** What a grant must say so that a slot is open; a slot that never opens would be a riddle. */
function placesToName({ origin, slots }: Binding): readonly string[] {
  return slots.flatMap((slot) => {
    const start = `${formatSlot(slot)} is open only under a grant`;
    if (slot.in === 'path') {
      return [`${start} whose path has {${slot.variable}}, as ${origin}/{${slot.variable}}/**`];
    }
    if (slot.in === 'form') return [`${start} of methods and a path, as POST ${origin}/PATH`];
    if (slot.in !== 'json') return [];
    return [`${start} of methods, a path and the field, as POST /PATH body ${slot.pointer}`];
  });
}

function plain(secret: SecretInfo): Record<string, unknown> {
  return {
    name: secret.name,
    source: secret.source,
    created: new Date(secret.created).toISOString(),
    rotated: secret.rotated === null ? null : new Date(secret.rotated).toISOString(),
    bindings: secret.bindings.map(plainBinding),
  };
}

function plainBinding({ origin, slots }: Binding): Record<string, unknown> {
  return { origin, slots: slots.map(formatSlot) };
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function usage(message: string): PowerboxError {
  return new PowerboxError('usage', message, { hint: 'Run `powerbox secret --help`.' });
}
