import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../cli/main.js', import.meta.url));
/** The whole quickstart is to end in under 20 s. */
const COMMAND_MS_MAX = 15_000;

export interface CommandResult {
  /** Null when it had to be killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the command line is run: in `folder`, with this environment and nothing of the caller's. */
export interface CommandPlace {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends the command that runs, box included, and refuses further ones. */
  readonly interrupted: AbortSignal;
}

/**
 * Runs `powerbox` as a person would, with `input` on its standard input. Rejects when it was
 * interrupted, and not before it has ended.
 */
export function powerbox(
  place: CommandPlace,
  args: readonly string[],
  input = '',
): Promise<CommandResult> {
  const { folder: cwd, env, interrupted } = place;
  return new Promise((done, fail) => {
    interrupted.throwIfAborted();
    const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: 'pipe' });
    const end = (): void => void child.kill('SIGTERM');
    interrupted.addEventListener('abort', end);
    const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A command that fails at once does not read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', fail);
    child.once('close', (status) => {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', end);
      if (interrupted.aborted) fail(interrupted.reason);
      else done({ status, stdout, stderr });
    });
  });
}
