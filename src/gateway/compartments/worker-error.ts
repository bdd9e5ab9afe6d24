import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import { KERNEL_ERRORS } from '../../wire/kernel-errors.ts';
import { THROWN_CHARS_MAX } from '../limits.ts';
import { receivedError } from '../send-error.ts';

/** What a worker may say of an evaluation. */
const OF_CODE: ReadonlySet<string> = new Set([
  'source-invalid',
  'module-missing',
  'endowment-missing',
  'evaluation-failed',
  'not-passable',
]);

/** How a power refuses code that does not catch it. */
const OF_POWERS: ReadonlySet<string> = new Set([
  ...Object.keys(KERNEL_ERRORS),
  'not-granted',
  'method-not-granted',
  'path-not-granted',
  'upstream-unreachable',
  'upstream-timeout',
  'limit-exceeded',
]);

/**
 * What a worker said that failed. It is the word of the code, so it cannot name a fault of the
 * daemon's own, nor the end of a compartment, which only the daemon knows.
 */
export function workerError(error: unknown): PowerboxError {
  if (PowerboxError.is(error)) return error;
  const received = receivedError(error);
  const { code, message } = received ?? { code: 'evaluation-failed', message: textOf(error) };
  const known = OF_CODE.has(code) || OF_POWERS.has(code);
  const text = message.slice(0, THROWN_CHARS_MAX);
  return new PowerboxError(known ? (code as ErrorCode) : 'evaluation-failed', text);
}

function textOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return message === '' ? 'The code threw what says nothing.' : message;
}
