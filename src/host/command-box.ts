import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { BoxedProgram, CommandBox, CommandSpec } from '../powers/command/live.ts';
import type { Home } from '../store/home.ts';
import { ERRORS, type ErrorCode, PowerboxError } from '../wire/errors.ts';
import { COMMAND_KILL_MS } from './limits.ts';

/** To the starter of a command's box. */
export type ToStarter =
  | { readonly type: 'start'; readonly root: string; readonly spec: CommandSpec }
  | { readonly type: 'signal'; readonly name: NodeJS.Signals };

/** From it, once it is over. */
export type FromStarter =
  | { readonly type: 'ended'; readonly status: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/**
 * Boxes of the kind `command`. Each has a starter of its own, a process as `powerbox run` is one:
 * `powerbox stop` ends it alone, and neither its output nor its end is handled by the caller. When
 * the caller dies the box dies.
 */
export function commandBox(home: Home, starter: URL = STARTER): CommandBox {
  return {
    start(spec) {
      const child = fork(fileURLToPath(starter), [], {
        // Nothing else of the caller's environment; what the box has of one is in the spec.
        env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
        execArgv: ['--disable-proto=throw'],
        stdio: [spec.input ? 'pipe' : 'ignore', 'pipe', 'pipe', 'ipc'],
        serialization: 'json',
      });
      tell(child, { type: 'start', root: home.root, spec });
      return program(child);
    },
  };
}

const STARTER = new URL('./command/main.js', import.meta.url);

function program(child: ChildProcess): BoxedProgram {
  let timer: NodeJS.Timeout | undefined;
  const done = ending(child);
  const settled = () => clearTimeout(timer);
  done.then(settled, settled);
  return {
    stdin: child.stdin,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    done,
    signal: (name) => tell(child, { type: 'signal', name }),
    kill() {
      if (timer !== undefined || child.exitCode !== null || child.signalCode !== null) return;
      tell(child, { type: 'signal', name: 'SIGKILL' });
      // A box dies with its starter, whatever state it is in.
      timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_KILL_MS);
    },
  };
}

function ending(child: ChildProcess): Promise<{ readonly status: number }> {
  let last: FromStarter | null = null;
  child.on('message', (message: FromStarter) => {
    last = message;
  });
  return new Promise((done, fail) => {
    child.once('error', () => fail(lost()));
    child.once('exit', () => {
      const told = last;
      if (told?.type === 'ended') done({ status: told.status });
      else fail(told?.type === 'failed' ? failure(told) : lost());
    });
  });
}

function failure({ code, message }: { code: string; message: string }): PowerboxError {
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'box-failed';
  return new PowerboxError(known, message);
}

function lost(): PowerboxError {
  return new PowerboxError('box-failed', 'The box of the command was killed.');
}

function tell(child: ChildProcess, message: ToStarter): void {
  if (!child.connected) return;
  // A failed send means that the process is gone, which its exit tells.
  child.send(message, () => {});
}
