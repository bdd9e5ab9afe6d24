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
}

/** Runs `powerbox` as a person would, with `input` on its standard input. */
export function powerbox(
  place: CommandPlace,
  args: readonly string[],
  input = '',
): Promise<CommandResult> {
  return new Promise((done, fail) => {
    const { folder: cwd, env } = place;
    const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: 'pipe' });
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
      done({ status, stdout, stderr });
    });
  });
}
