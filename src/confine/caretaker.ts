import { PowerboxError } from '../wire/errors.ts';
import { makeFacade } from './facade.ts';

/** An object that is lent, and the way to take it back. */
export interface Lent<T> {
  readonly proxy: T;
  /** From now on nothing of it works, and what it was answering fails. */
  revoke(reason?: string): void;
}

/**
 * Lends an object: `proxy` does what the object does until `revoke`. Answers that are still on
 * their way then are rejected with `grant-revoked`. Objects that it gave before stay with whoever
 * has them: `membrane` takes those back too.
 *
 * @example
 * const { proxy, revoke } = caretaker(files);
 * tool.endow('files', proxy);
 * revoke('the task is done');
 */
export function caretaker<T extends object>(object: T): Lent<T> {
  const gate = new Gate();
  const proxy = makeFacade(object, ({ method, args, proceed }) => {
    gate.assertOpen(method);
    const result = proceed(args);
    // It may have been taken back by what was just called.
    gate.assertOpen(method);
    return result instanceof Promise ? gate.watch(result) : result;
  });
  return Object.freeze({ proxy, revoke: (reason?: string) => gate.close(reason) });
}

/** Open until it is closed, and then closed for what waits behind it too. */
export class Gate {
  #why: string | undefined;
  readonly #waiting = new Set<(reason: unknown) => void>();

  assertOpen(method: string): void {
    if (this.#why !== undefined) throw this.#refused(`Cannot call ${method}`);
  }

  get open(): boolean {
    return this.#why === undefined;
  }

  /** The answer, unless the gate closes first. `cross` makes it what the other side may have. */
  watch(
    answer: PromiseLike<unknown>,
    cross: (value: unknown) => unknown = same,
    crossReason: (reason: unknown) => unknown = same,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const settle = (end: () => void): void => {
        // Else it was rejected when the gate closed.
        if (this.#waiting.delete(reject)) end();
      };
      (async () => answer)().then(
        (value) =>
          settle(() => {
            try {
              resolve(cross(value));
            } catch (error) {
              reject(error);
            }
          }),
        (reason) => settle(() => reject(crossReason(reason))),
      );
    });
  }

  close(reason = 'it was taken back'): void {
    if (this.#why !== undefined) return;
    this.#why = reason;
    const error = this.#refused('Cannot wait for the answer');
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  #refused(what: string): PowerboxError {
    return new PowerboxError('grant-revoked', `${what}: ${this.#why}.`);
  }
}

const same = (value: unknown): unknown => value;
