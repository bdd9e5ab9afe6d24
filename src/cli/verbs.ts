import type { Command } from 'commander';
import type { CliContext } from './context.ts';

export interface Verb {
  readonly name: string;
  readonly summary: string;
  load(): Promise<(context: CliContext) => Command>;
}

const TABLE: readonly Verb[] = [
  verb(
    'run',
    'run a program in a new box',
    async () => (await import('./commands/run.ts')).runCommand,
  ),
  verb(
    'exec',
    'run a command in a box that is running',
    async () => (await import('./commands/exec.ts')).execCommand,
  ),
  verb('ls', 'list boxes', async () => (await import('./commands/ls.ts')).lsCommand),
  verb(
    'inspect',
    'show what a box is, holds and is limited to',
    async () => (await import('./commands/inspect.ts')).inspectCommand,
  ),
  verb('stop', 'end a box', async () => (await import('./commands/stop.ts')).stopCommand),
  verb(
    'logs',
    'show what a detached box printed',
    async () => (await import('./commands/logs.ts')).logsCommand,
  ),
  verb(
    'log',
    'read and verify the journal',
    async () => (await import('./commands/log.ts')).logCommand,
  ),
  verb(
    'diff',
    'show what a box changed in its copy',
    async () => (await import('./commands/copy.ts')).diffCommand,
  ),
  verb(
    'apply',
    "take a box's changes into the real folder",
    async () => (await import('./commands/copy.ts')).applyCommand,
  ),
  verb(
    'discard',
    "drop a box's changes",
    async () => (await import('./commands/copy.ts')).discardCommand,
  ),
  verb(
    'secret',
    'keep secrets and say where they may go',
    async () => (await import('./commands/secret.ts')).secretCommand,
  ),
  verb(
    'policy',
    'check and explain rules and powerbox.json',
    async () => (await import('./commands/policy.ts')).policyCommand,
  ),
  verb(
    'kit',
    'ready bundles for known programs',
    async () => (await import('./commands/kit.ts')).kitCommand,
  ),
  verb(
    'doctor',
    'say what this machine lacks and how to mend it',
    async () => (await import('./commands/doctor.ts')).doctorCommand,
  ),
];

export const VERBS: ReadonlyMap<string, Verb> = new Map(TABLE.map((entry) => [entry.name, entry]));

export function topHelp(): string {
  const width = Math.max(...TABLE.map((entry) => entry.name.length));
  return [
    'Usage: powerbox COMMAND [flags]',
    '',
    'Runs programs in boxes that reach nothing by default and never hold a secret.',
    '',
    'Commands:',
    ...TABLE.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`),
    '',
    'Flags of every command: --help, --debug (stack traces). --version prints the version.',
    '',
    'Example:',
    '  powerbox secret set GITHUB_TOKEN',
    '  powerbox run --secret GITHUB_TOKEN --allow "GET https://api.github.com/**" -- curl https://api.github.com/user',
  ].join('\n');
}

function verb(name: string, summary: string, load: Verb['load']): Verb {
  return { name, summary, load };
}
