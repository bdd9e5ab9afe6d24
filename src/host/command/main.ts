import type { CommandSpec } from '../../powers/command/live.ts';
import { openHome } from '../../store/home.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { FromStarter, ToStarter } from '../command-box.ts';
import { type LoneBox, startLoneBox } from '../lone-box.ts';
import type { RunOptions } from '../prepare.ts';

/**
 * The starter of one command's box. Its own streams are the program's; it never reads or writes
 * them itself.
 */
let handle: Promise<LoneBox> | undefined;
let killed = false;

process.on('message', (message: ToStarter) => {
  if (message.type === 'start') void run(message.root, message.spec);
  else send(message.name);
});
// The box is its caller's: it does not outlive it.
process.once('disconnect', () => send('SIGKILL'));
process.on('SIGTERM', () => send('SIGTERM'));

/** A box that is being made and shall be killed goes with this process. */
function send(name: NodeJS.Signals): void {
  if (name === 'SIGKILL') killed = true;
  if (handle === undefined) {
    if (killed) process.exit(1);
    return;
  }
  void handle.then(
    (running) => running.signal(name),
    () => {},
  );
}

async function run(root: string, spec: CommandSpec): Promise<void> {
  let answer: FromStarter;
  try {
    const home = openHome({ POWERBOX_HOME: root });
    const streams = [spec.input ? 'inherit' : 'ignore', 'inherit', 'inherit'] as const;
    handle = startLoneBox(home, optionsOf(spec), streams);
    const running = await handle;
    if (killed) running.signal('SIGKILL');
    const { status } = await running.done;
    answer = { type: 'ended', status };
  } catch (error) {
    const known = PowerboxError.is(error);
    answer = {
      type: 'failed',
      code: known ? error.code : 'box-failed',
      message: known ? error.message : 'The box of the command failed.',
    };
  }
  if (!process.connected) process.exit(1);
  process.send?.(answer, () => process.exit(0));
}

/** No rule, no secret, no kit, no policy: the program reaches nothing but its own files. */
function optionsOf({ program, args, workspace, mounts, env, limits }: CommandSpec): RunOptions {
  return {
    program: [program, ...args],
    cwd: workspace?.path ?? '/',
    hostEnv: { PATH: process.env.PATH },
    workspace: workspace?.access ?? 'none',
    mounts: mounts.map(({ source, target, access }) => `${source}:${target}:${access}`),
    masks: [],
    allow: [],
    allowAllHosts: false,
    secrets: [],
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    memory: limits.memoryBytes === null ? undefined : String(limits.memoryBytes),
    cpus: undefined,
    pids: limits.pids === null ? undefined : String(limits.pids),
    disk: undefined,
    timeout: `${limits.timeMs}ms`,
    kit: null,
    policy: null,
    detach: false,
    as: null,
  };
}
