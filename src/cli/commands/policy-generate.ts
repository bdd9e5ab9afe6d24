import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { PolicyDraft } from '../../policy/draft.ts';
import { type Needs, type Note, placeText } from '../../policy/needs.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { jsonLine, visible } from '../render/text.ts';
import { parseSince } from '../render/time.ts';
import { DEFAULT_FILE, OVERRIDE_FILE } from './policy-files.ts';

interface GenerateFlags {
  readonly fromLog?: true;
  readonly guest?: string;
  readonly box?: string;
  readonly since?: string;
  readonly for?: 'compartment' | 'box';
  readonly name?: string;
  readonly output?: string;
  readonly override?: string;
  readonly json?: true;
}

const EXAMPLES = `
Reads JavaScript and TypeScript with what they import by relative paths, and gives what their
literals and constants say. What only the run can tell is listed with its line, and not given.
What is in the output already and was not generated now stays. An override on top of it is taken
from --override, or from powerbox.override.json beside the output; it is never written.

Examples:
  $ powerbox policy generate src/search-tool.ts --output powerbox.json
  $ powerbox policy generate --from-log --guest search-tool --since 7d
  $ powerbox policy generate --from-log --box amber-fox --for box`;

export function generateCommand(context: CliContext): Command {
  return new Command('generate')
    .description('write the narrowest policy for what code needs, or for what was used')
    .argument('[path]', 'a file of JavaScript or TypeScript, or a folder of them')
    .option('--from-log', 'also what the journal says that was used')
    .option('--guest <guest>', 'of the journal, only what this guest did')
    .option('--box <id>', 'of the journal, only what this box did')
    .option('--since <when>', 'of the journal, only from this time on: a span (1h, 7d) or a date')
    .addOption(
      new Option('--for <what>', 'a compartment for each program, or the box of a process').choices(
        ['compartment', 'box'],
      ),
    )
    .option('--name <name>', 'one compartment of this name for all of it')
    .option('--output <file>', 'write it there; printed when left out')
    .option('--override <file>', 'what a person adds and takes away')
    .option('--json', 'print one JSON object, with what was not given')
    .addHelpText('after', EXAMPLES)
    .action((path: string | undefined, flags: GenerateFlags) => generate(context, path, flags));
}

async function generate(
  context: CliContext,
  path: string | undefined,
  flags: GenerateFlags,
): Promise<void> {
  if (path === undefined && flags.fromLog !== true) {
    throw new PowerboxError(
      'usage',
      'Cannot generate a policy: there is no PATH and no --from-log.',
      {
        hint: 'Name a file or a folder of code, or give --from-log --guest NAME.',
      },
    );
  }
  const programs = await readPrograms(context, path, flags);
  const { draft, notes } = await draftOf(programs, flags);
  const { readDraft, readOverride } = await import('./policy-files.ts');
  const { writeDraft } = await import('../../policy/draft.ts');
  const { mergeOverride } = await import('../../policy/merge.ts');
  const { parsePolicy } = await import('../../policy/file.ts');
  const file = flags.output ?? DEFAULT_FILE;
  const before = flags.output === undefined ? null : await readDraft(context, file);
  const override = readOverride(context, flags.override, file);
  if (override !== null) {
    const whence = flags.override ?? join(dirname(file), OVERRIDE_FILE);
    context.err(`${visible(whence)} was put on top of what was generated.`);
  }
  const joined = joinDrafts(before, draft);
  const text = writeDraft(override === null ? joined : mergeOverride(joined, override));
  const policy = await parsePolicy(text, file);
  const { diffPolicy } = await import('../../policy/diff.ts');
  const old = before === null ? null : await parsePolicy(JSON.stringify(before), file);
  const changes = diffPolicy(old, policy);
  if (flags.output !== undefined) write(context, file, text);
  if (flags.json === true) {
    context.out(jsonLine({ policy: JSON.parse(text), notes: notes.map(plainNote), changes }));
    return;
  }
  for (const note of notes) context.err(`not given: ${visible(sayNote(note))}`);
  if (flags.output === undefined) context.out(text.trimEnd());
  else for (const line of changes) context.err(`${visible(file)}: ${line}`);
}

function write(context: CliContext, file: string, text: string): void {
  try {
    writeFileSync(resolve(context.cwd, file), text);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'it cannot be written';
    throw new PowerboxError('usage', `Cannot write ${file}: ${why}.`, {
      cause,
      hint: 'Name a file in a folder that is there with --output.',
    });
  }
}

/** Needs, and whose they are. */
interface Program {
  readonly name: string;
  readonly needs: Needs;
}

interface NamedNote extends Note {
  readonly name: string;
}

async function readPrograms(
  context: CliContext,
  path: string | undefined,
  flags: GenerateFlags,
): Promise<readonly Program[]> {
  const { joinNeeds } = await import('../../policy/needs.ts');
  const programs: Program[] = [];
  if (path !== undefined) {
    const { readEntries } = await import('../../host/read-code.ts');
    programs.push(...(await readEntries(path, context.cwd)));
  }
  if (flags.fromLog === true) programs.push(await readLog(context, flags));
  const named = new Map<string, Needs[]>();
  // What a program of code and of the journal share is their name.
  const only =
    programs.length === 2 && path !== undefined && flags.fromLog ? programs[0] : undefined;
  for (const { name, needs } of programs) {
    const key = flags.name ?? only?.name ?? name;
    named.set(key, [...(named.get(key) ?? []), needs]);
  }
  return [...named].map(([name, parts]) => ({ name, needs: joinNeeds(parts) }));
}

async function readLog(
  context: CliContext,
  { guest, box, since }: GenerateFlags,
): Promise<Program> {
  if (guest === undefined && box === undefined) {
    throw new PowerboxError('usage', 'Cannot read the journal for a policy: whose is not said.', {
      hint: 'Give --guest NAME or --box ID.',
    });
  }
  const { readRecord } = await import('../../host/policy-record.ts');
  const { needsOfRecord } = await import('../../policy/recorded.ts');
  const record = readRecord(context.home(), {
    ...(guest === undefined ? {} : { guest }),
    ...(box === undefined ? {} : { box }),
    ...(since === undefined ? {} : { since: parseSince(since, Date.now()) }),
  });
  if (record.isCut) context.err('Only the newest rows of the journal were read.');
  const name = guest === undefined ? (box ?? '') : record.nameOf(guest);
  return { name, needs: needsOfRecord(record.rows, record.powerOf) };
}

async function draftOf(
  programs: readonly Program[],
  flags: GenerateFlags,
): Promise<{ readonly draft: PolicyDraft; readonly notes: readonly NamedNote[] }> {
  const { generateBox, generateCompartment } = await import('../../policy/generate.ts');
  const { joinNeeds } = await import('../../policy/needs.ts');
  const target = flags.for ?? (flags.box !== undefined ? 'box' : 'compartment');
  const from = (name: string) => (note: Note) => ({ ...note, name });
  if (target === 'box') {
    const { draft, notes } = generateBox(joinNeeds(programs.map(({ needs }) => needs)));
    const name = 'the box';
    return { draft: { version: 1, powers: [], ...draft }, notes: notes.map(from(name)) };
  }
  const made = programs.map(({ name, needs }) => ({ name, ...generateCompartment(needs) }));
  made.sort((a, b) => (a.name < b.name ? -1 : 1));
  const compartments = Object.fromEntries(made.map(({ name, draft }) => [name, draft]));
  return {
    draft: { version: 1, compartments },
    notes: made.flatMap(({ name, notes }) => notes.map(from(name))),
  };
}

/** What was not generated stays; of what was, nothing of before does. */
function joinDrafts(before: PolicyDraft | null, draft: PolicyDraft): PolicyDraft {
  if (before === null) return draft;
  const compartments = { ...before.compartments, ...draft.compartments };
  const names = Object.keys(compartments).sort();
  const sorted = Object.fromEntries(names.map((name) => [name, compartments[name] ?? {}]));
  const whole = { ...before, ...draft };
  return names.length === 0 ? whole : { ...whole, compartments: sorted };
}

function sayNote({ name, text, at }: NamedNote): string {
  const where = at === null ? '' : ` (${placeText(at)})`;
  return `${name} ${text}${where}.`;
}

function plainNote({ name, text, at }: NamedNote): Readonly<Record<string, unknown>> {
  return { name, text, ...(at === null ? {} : { file: at.file, line: at.line }) };
}
