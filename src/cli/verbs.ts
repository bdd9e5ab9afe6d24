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
  verb(
    'eval',
    'evaluate code with the powers that it is given',
    async () => (await import('./commands/eval.ts')).evalCommand,
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
    'agent',
    'have a model do a task as a guest',
    async () => (await import('./commands/agent.ts')).agentCommand,
  ),
  verb(
    'guest',
    'add, list and remove those who are given powers',
    async () => (await import('./commands/guest.ts')).guestCommand,
  ),
  verb(
    'power',
    'make resources known, list and show them',
    async () => (await import('./commands/power.ts')).powerCommand,
  ),
  verb(
    'name',
    'name what you and your guests hold',
    async () => (await import('./commands/name.ts')).nameCommand,
  ),
  verb(
    'grant',
    'give a guest a power, narrowed',
    async () => (await import('./commands/grant.ts')).grantCommand,
  ),
  verb(
    'revoke',
    'take a grant back, with all that hangs on it',
    async () => (await import('./commands/revoke.ts')).revokeCommand,
  ),
  verb(
    'grants',
    'list who was given what',
    async () => (await import('./commands/grants.ts')).grantsCommand,
  ),
  verb(
    'can',
    'say whether a guest could do something, and why',
    async () => (await import('./commands/can.ts')).canCommand,
  ),
  verb(
    'pending',
    'list calls that wait for your word',
    async () => (await import('./commands/pending.ts')).pendingCommand,
  ),
  verb(
    'approve',
    'let calls that wait go on',
    async () => (await import('./commands/pending.ts')).approveCommand,
  ),
  verb(
    'deny',
    'refuse calls that wait',
    async () => (await import('./commands/pending.ts')).denyCommand,
  ),
  verb(
    'request',
    'ask for a power',
    async () => (await import('./commands/mail.ts')).requestCommand,
  ),
  verb(
    'inbox',
    'list letters and requests',
    async () => (await import('./commands/mail.ts')).inboxCommand,
  ),
  verb(
    'resolve',
    'answer a request with a grant',
    async () => (await import('./commands/mail-answer.ts')).resolveCommand,
  ),
  verb(
    'reject',
    'answer a request with no',
    async () => (await import('./commands/mail-answer.ts')).rejectCommand,
  ),
  verb(
    'dismiss',
    'put mail away',
    async () => (await import('./commands/mail-answer.ts')).dismissCommand,
  ),
  verb(
    'adopt',
    'take a grant that came with a letter',
    async () => (await import('./commands/mail-answer.ts')).adoptCommand,
  ),
  verb(
    'send',
    'send words and grants',
    async () => (await import('./commands/mail.ts')).sendCommand,
  ),
  verb('reply', 'answer a letter', async () => (await import('./commands/mail.ts')).replyCommand),
  verb(
    'daemon',
    'start, stop and look at the daemon',
    async () => (await import('./commands/daemon.ts')).daemonCommand,
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
