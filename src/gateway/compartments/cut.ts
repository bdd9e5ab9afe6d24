import type { PowerboxError } from '../../wire/errors.ts';

/** Answers that are waited for, and that one end cuts all at once. */
export interface Cut {
  /** The answer, or the error of the end when that comes first. */
  race<T>(answer: PromiseLike<T>): Promise<T>;
  throwIfEnded(): void;
  /** The error of the end, once there is one. */
  ended(): Promise<PowerboxError>;
  /** The first counts. */
  end(error: PowerboxError): void;
}

/**
 * A promise of the end itself, raced with each answer, would keep something of every answer until
 * the end; this keeps those that are waited for.
 */
export function makeCut(): Cut {
  const waiting = new Set<(error: Error) => void>();
  let ended: PowerboxError | undefined;
  function race<T>(answer: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        waiting.delete(fail);
        reject(error);
      };
      if (ended === undefined) waiting.add(fail);
      else fail(ended);
      answer.then((value) => {
        waiting.delete(fail);
        resolve(value);
      }, fail);
    });
  }
  return {
    race,
    throwIfEnded() {
      if (ended !== undefined) throw ended;
    },
    ended: () =>
      race(new Promise<never>(() => undefined)).catch((error: unknown) => error as PowerboxError),
    end(error) {
      ended ??= error;
      for (const fail of [...waiting]) fail(ended);
    },
  };
}
