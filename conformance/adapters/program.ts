import { spawn } from 'node:child_process';

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const TIMEOUT_MS = 240_000;

/** Runs a program to its end. Its environment is `env` and PATH, and nothing else. */
export function runProgram(words: readonly string[], options: Options = {}): Promise<Ran> {
  const [program = '', ...args] = words;
  return new Promise((done, failed) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { PATH: PATHS, ...options.env },
      stdio: 'pipe',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('latin1').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.once('error', failed);
    child.once('close', (status) => done({ status, ...output }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

const PATHS = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
export const PYTHON = '/usr/bin/python3';

/** What the attacks printed. Throws when they did not end as they should. */
export function outputOf({ status, stdout, stderr }: Ran): { readonly results: string } {
  if (stdout.trimEnd().endsWith('}')) return { results: stdout };
  throw new Error(
    `The attacks did not run (${status}): ${stdout.slice(-500)} ${stderr.slice(-2000)}`,
  );
}
