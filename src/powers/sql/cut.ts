import type { EndSignal } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';

/**
 * Runs work that can be cut: when its time is over or its grant ends, `stop` is called at once and
 * the answer is a refusal, whatever the work itself then comes to.
 */
export async function cuttable<Result>(
  limits: { readonly signal: EndSignal; readonly timeMs: number },
  stop: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const { signal, timeMs } = limits;
  if (signal.aborted) throw ended();
  let cut: (error: PowerboxError) => void = () => {};
  const cutting = new Promise<never>((_, failed) => {
    cut = (error) => {
      failed(error);
      stop();
    };
  });
  const onEnd = (): void => cut(ended());
  const timer = setTimeout(() => cut(late(timeMs)), timeMs);
  signal.addEventListener('abort', onEnd, { once: true });
  try {
    const working = work();
    // Its failure after the cut is of the cut, and nobody waits for it.
    working.catch(() => {});
    return await Promise.race([working, cutting]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onEnd);
  }
}

function ended(): PowerboxError {
  return new PowerboxError('grant-revoked', 'The grant ended while the statement ran; it was cut.');
}

export function late(timeMs: number): PowerboxError {
  return new PowerboxError(
    'limit-exceeded',
    `The statement took longer than the ${timeMs} ms that it may take; it was cut.`,
  );
}
