import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { Command, Option } from 'commander';
import type { RunEvents } from '../../host/attend-box.ts';
import type { DaemonStarter } from '../../host/daemon-link.ts';
import { acceptedPolicy } from '../../host/policy-acceptance.ts';
import type { RunOptions, Stdio } from '../../host/prepare.ts';
import { runBox } from '../../host/run-box.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { isDetached } from '../detached.ts';
import { askPolicy } from '../render/ask.ts';
import { visible } from '../render/text.ts';

interface RunFlags {
  allow: string[];
  allowAllHosts?: boolean;
  secret: string[];
  workspace?: 'rw' | 'ro' | 'copy' | 'none';
  mount: string[];
  mask: string[];
  env: string[];
  memory?: string;
  cpus?: string;
  pids?: string;
  disk?: string;
  timeout?: string;
  kit?: string;
  policy: boolean;
  acceptPolicy?: boolean;
  detach?: boolean;
  as?: string;
  learn?: boolean;
  learnOut?: string;
  quiet?: boolean;
}

const EXAMPLES = `
Examples:
  powerbox run -- python3 script.py
  powerbox run --allow "GET https://api.example.com/v1/**" -- curl https://api.example.com/v1/items
  powerbox run --secret GITHUB_TOKEN --allow github.com --workspace copy -- git push
  powerbox run --kit codex -- codex "mend the tests"
  powerbox run --learn -- npm test`;

export function runCommand(context: CliContext): Command {
  return new Command()
    .description('Run a program in a new box: no network, no files but the workspace, no secrets.')
    .argument('<program...>', 'the program and its arguments, after --')
    .option(
      '--allow <rule>',
      'let it reach [METHOD[,METHOD] ]HOST-or-ORIGIN[/PATH] (repeatable)',
      collect,
      [],
    )
    .option('--allow-all-hosts', 'accept the rule "*"')
    .option(
      '--secret <name>',
      'let it use a secret; it sees a placeholder (repeatable)',
      collect,
      [],
    )
    .addOption(
      new Option('--workspace <access>', 'the current folder in the box').choices([
        'rw',
        'ro',
        'copy',
        'none',
      ]),
    )
    .option('--mount <src[:dst][:ro|rw|copy]>', 'another folder or file (repeatable)', collect, [])
    .option(
      '--mask <file>',
      'show this file with placeholders for its values (repeatable)',
      collect,
      [],
    )
    .option('--env <name[=value]>', 'set a variable, or pass one on (repeatable)', collect, [])
    .option('--memory <size>', 'memory of the box, for example 2G')
    .option('--cpus <number>', 'processors of the box, for example 1.5')
    .option('--pids <number>', 'processes and threads of the box')
    .option('--disk <size>', 'size of /tmp and of the home folder, each')
    .option('--timeout <time>', 'end the box after this time, for example 10m')
    .option('--kit <name>', 'what a known program needs (see `powerbox kit ls`)')
    .option('--as <guest>', 'run as this guest, with what it holds (see `powerbox guest add`)')
    .option('--learn', 'propose the rules that cover what was refused, when the program ends')
    .option('--learn-out <file>', 'write those rules into this file, as powerbox.json has them')
    .option('--no-policy', 'leave powerbox.json of this folder aside')
    .option('--accept-policy', 'accept powerbox.json as it is now')
    .option('--detach', 'run in the background; prints the id of the box')
    .option('--quiet', 'say nothing about refused destinations')
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action(async (program: string[], flags: RunFlags) => {
      if (flags.detach === true && !isDetached()) {
        const { startDetached } = await import('../detach.ts');
        await startDetached(context);
        return;
      }
      await run(context, program, flags);
    });
}

async function run(context: CliContext, program: string[], flags: RunFlags): Promise<void> {
  refuseFolderStreams();
  const home = context.home();
  const policy = flags.policy
    ? await acceptedPolicy(home, context.cwd, flags.acceptPolicy === true, (lines) =>
        askPolicy(context, lines),
      )
    : null;
  const options: RunOptions = {
    program,
    cwd: context.cwd,
    hostEnv: context.env,
    workspace: flags.workspace,
    mounts: flags.mount,
    masks: flags.mask,
    allow: flags.allow,
    allowAllHosts: flags.allowAllHosts === true,
    secrets: flags.secret,
    env: flags.env,
    memory: flags.memory,
    cpus: flags.cpus,
    pids: flags.pids,
    disk: flags.disk,
    timeout: flags.timeout,
    kit: flags.kit === undefined ? null : (await import('../../kits/kits.ts')).findKit(flags.kit),
    policy,
    detach: isDetached(),
    as: flags.as ?? null,
  };
  const say = speaker(context, flags.quiet === true);
  const stdio = isDetached() ? DETACHED_STDIO : OWN_STDIO;
  const handle = await runBox(home, options, stdio, say, startDaemon);
  const detached = isDetached()
    ? await (await import('../detach.ts')).settleDetached(home, handle)
    : null;
  const restore = passSignals((name) => handle.signal(name));
  try {
    const { status } = await handle.done;
    context.exit(status);
  } finally {
    restore();
    say.flush();
    detached?.close();
  }
  if (flags.learn !== true && flags.learnOut === undefined) return;
  const { proposeLearned } = await import('../learned.ts');
  const allowed = flags.allowAllHosts === true;
  await proposeLearned(context, home, handle.record.id, { allowed, out: flags.learnOut ?? null });
}

/** Loaded only when the daemon does not run. */
const startDaemon: DaemonStarter = async (home, connect) =>
  (await import('../../daemon/start-daemon.ts')).startDaemon(home, connect);

const OWN_STDIO: Stdio = ['inherit', 'inherit', 'inherit'];
const DETACHED_STDIO: Stdio = ['ignore', 'pipe', 'pipe'];

/** Lines wait for the end when the program has the terminal to itself. */
function speaker(context: CliContext, quiet: boolean): RunEvents & { flush(): void } {
  const held: string[] = [];
  const fullScreen = isatty(0) && isatty(1);
  const print = (text: string) => context.err(`powerbox: ${visible(text)}`);
  const line = (text: string) => {
    if (quiet) return;
    if (fullScreen) held.push(text);
    else print(text);
  };
  return {
    refused: line,
    failed: line,
    noticed: line,
    flush() {
      for (const text of held.splice(0)) print(text);
    },
  };
}

/**
 * The terminal sends its own signals to the program directly, so here they only must not end the
 * command line. What another process sends to the command line is passed on.
 */
function passSignals(send: (name: NodeJS.Signals) => void): () => void {
  const nothing = () => {};
  const own: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
  const passed: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
  for (const name of own) process.on(name, nothing);
  for (const name of passed) process.on(name, send);
  return () => {
    for (const name of own) process.off(name, nothing);
    for (const name of passed) process.off(name, send);
  };
}

/** A folder as a standard stream would be a way out: paths can be opened relative to it. */
function refuseFolderStreams(): void {
  for (const fd of [0, 1, 2]) {
    let folder = false;
    try {
      folder = fstatSync(fd).isDirectory();
    } catch {
      // Closed; the box gets it closed.
    }
    if (folder) {
      throw new PowerboxError(
        'usage',
        `Cannot give a folder to the box as standard stream ${fd}.`,
        {
          hint: 'Redirect from a file, or use --mount.',
        },
      );
    }
  }
}

function collect(value: string, list: string[]): string[] {
  return [...list, value];
}
