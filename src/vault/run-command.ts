import { execFileSync } from 'node:child_process';
import { COMMAND_MS_MAX } from './limits.ts';

/** What came of a command; `reason` says how it failed and never holds what it printed. */
export type CommandResult =
  | { readonly ok: true; readonly output: Buffer }
  | { readonly ok: false; readonly reason: string };

/**
 * Runs `sh -c command` and takes what it prints. Its standard input is empty and its standard
 * error is dropped: a command that fails may print there what it was asked for.
 */
export function runCommand(
  command: string,
  bytesMax: number,
  timeoutMs: number = COMMAND_MS_MAX,
): CommandResult {
  try {
    const output = execFileSync('/bin/sh', ['-c', command], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: bytesMax,
    });
    return { ok: true, output };
  } catch (error) {
    return { ok: false, reason: failureOf(error, bytesMax, timeoutMs) };
  }
}

/** The error of a failed child carries its output; only its numbers are passed on. */
function failureOf(error: unknown, bytesMax: number, timeoutMs: number): string {
  const { code, status, signal } = error as { code?: unknown; status?: unknown; signal?: unknown };
  if (code === 'ETIMEDOUT') return `it took longer than ${timeoutMs / 1000} seconds`;
  if (code === 'ENOBUFS') return `it printed more than ${bytesMax} bytes`;
  if (typeof status === 'number') return `it ended with status ${status}`;
  if (typeof signal === 'string') return `it was ended by ${signal}`;
  return typeof code === 'string' ? `it could not be started (${code})` : 'it could not be started';
}
