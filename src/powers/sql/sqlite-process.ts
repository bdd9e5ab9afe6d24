import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PowerboxError } from '../../wire/errors.ts';
import type { SqliteConfig } from './config.ts';
import { SQLITE_BUSY_MS, SQLITE_LOOK_MS, SQLITE_MEMORY_BYTES_MAX } from './limits.ts';
import type { Pooled } from './pool.ts';
import type { FromSqlite, ToSqlite } from './sqlite-protocol.ts';

/** A process that has one SQLite database open and does one thing at a time. */
export interface SqliteProcess extends Pooled {
  /** Rejects when it fails, or when the process ends. */
  ask(message: ToSqlite): Promise<FromSqlite>;
}

export interface SqliteProcessOptions {
  /** The compiled sqlite-main; beside this module when left out. */
  readonly main?: string | undefined;
  readonly memoryBytesMax?: number | undefined;
  readonly cursorIdleMs?: number | undefined;
}

export async function startSqlite(
  config: SqliteConfig,
  options: SqliteProcessOptions,
): Promise<SqliteProcess> {
  const main = options.main ?? fileURLToPath(new URL('./sqlite-main.js', import.meta.url));
  const child = fork(main, [], {
    cwd: '/',
    // Nothing of the daemon's environment is of use to SQLite.
    env: {},
    execArgv: ['--disable-proto=throw', '--max-old-space-size=256'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
  const started = track(child, options.memoryBytesMax ?? SQLITE_MEMORY_BYTES_MAX);
  try {
    const { file, readOnly } = config;
    await started.ask({ type: 'start', file, readOnly, busyMs: SQLITE_BUSY_MS });
  } catch (error) {
    started.close();
    throw error;
  }
  return started;
}

function track(child: ChildProcess, memoryBytesMax: number): SqliteProcess {
  let answer: { done(message: FromSqlite): void; failed(error: PowerboxError): void } | null = null;
  let ended: PowerboxError | null = null;
  let watch: NodeJS.Timeout | undefined;

  function settle(): typeof answer {
    const before = answer;
    answer = null;
    clearInterval(watch);
    return before;
  }

  function end(error: PowerboxError): void {
    ended ??= error;
    settle()?.failed(ended);
    child.kill('SIGKILL');
  }

  child.on('message', (message: FromSqlite) => {
    if (message.type !== 'failed') settle()?.done(message);
    else settle()?.failed(new PowerboxError(message.code, message.message));
  });
  const gone = (): void => end(new PowerboxError('power-failed', 'The process of SQLite ended.'));
  child.once('exit', gone);
  child.once('error', gone);
  // An idle process does not keep the daemon running.
  child.unref();
  child.channel?.unref();

  return {
    ask(message) {
      if (ended !== null) return Promise.reject(ended);
      if (answer !== null) return Promise.reject(busy());
      return new Promise((done, failed) => {
        answer = { done, failed };
        watch = setInterval(() => {
          if (residentBytes(child.pid) > memoryBytesMax) {
            end(new PowerboxError('limit-exceeded', 'The statement needs too much memory.'));
          }
        }, SQLITE_LOOK_MS);
        child.send(message, (error) => {
          if (error !== null) gone();
        });
      });
    },
    isClean: () => ended === null && answer === null,
    close: () => end(new PowerboxError('reference-closed', 'The database was closed.')),
  };
}

function busy(): PowerboxError {
  return new PowerboxError('limit-exceeded', 'A cursor takes one step at a time.');
}

/** Zero where the machine does not tell; time is bounded there all the same. */
function residentBytes(pid: number | undefined): number {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1];
    return Number(pages) * 4096;
  } catch {
    return 0;
  }
}
