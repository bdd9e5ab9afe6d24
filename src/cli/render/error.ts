import { ERRORS, PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { visible } from './text.ts';

/**
 * Paths and names in a message come from outside, so it is made safe for a terminal. Prints one
 * line for a person and returns the exit status; a stack only with --debug.
 */
export function printError(context: CliContext, error: unknown, debug: boolean): number {
  if (PowerboxError.is(error)) {
    context.err(`powerbox: ${visible(error.message)} ${visible(error.hint)} [${error.code}]`);
    if (debug) context.err(error.stack ?? '');
    return error.exitStatus;
  }
  const message = error instanceof Error ? error.message : String(error);
  context.err(`powerbox: Internal fault: ${visible(message)}. ${ERRORS.internal.hint} [internal]`);
  if (debug && error instanceof Error) context.err(error.stack ?? '');
  return ERRORS.internal.exit;
}
