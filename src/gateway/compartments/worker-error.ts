import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import { THROWN_CHARS_MAX } from '../limits.ts';
import { receivedError } from '../send-error.ts';

/** What a worker may say of an evaluation. */
const OF_CODE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'source-invalid',
  'module-missing',
  'endowment-missing',
  'evaluation-failed',
  'not-passable',
  'method-unknown',
]);

/**
 * What a worker said that failed. It is the word of the code, so it cannot name a fault of the
 * daemon's own, nor the end of a compartment, which only the daemon knows.
 */
export function workerError(error: unknown): PowerboxError {
  if (PowerboxError.is(error)) return error;
  const received = receivedError(error);
  const { code, message } = received ?? new PowerboxError('evaluation-failed', textOf(error));
  const text = message.slice(0, THROWN_CHARS_MAX);
  return new PowerboxError(OF_CODE.has(code) ? code : 'evaluation-failed', text);
}

function textOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return message === '' ? 'The code threw what says nothing.' : message;
}
