import { receivedError } from '../gateway/send-error.ts';
import { PowerboxError } from '../wire/errors.ts';

/** Gives what `work` gives, or throws the error that was meant, with its code. */
export async function meant<T>(work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw meantError(error);
  }
}

function meantError(error: unknown): unknown {
  if (PowerboxError.is(error)) return error;
  const received = receivedError(error);
  if (received !== undefined) return received;
  const message = error instanceof Error ? error.message : '';
  if (/^Attempted to use (?:an )?RPC/.test(message)) {
    return new PowerboxError('reference-closed', 'Cannot use what was let go of, or has ended.');
  }
  if (message.startsWith('Cannot serialize value')) {
    return new PowerboxError('not-passable', 'Cannot pass a value that is no plain data.');
  }
  // The library's own words for a connection that is gone.
  if (!/^(?:RPC session|The connection)/.test(message)) {
    return error;
  }
  return new PowerboxError('daemon-unreachable', 'The connection to the daemon has ended.', {
    cause: error,
  });
}
