import { PowerboxError } from '../../../wire/errors.ts';
import { CALLS_MAX, CALLS_WAITING_MAX } from './limits.ts';

const CUT_AT = 1_024;

/**
 * The calls that one compartment sends. Only so many are on their way at once; the rest are sent in
 * their order as answers come, so that a program may make thousands and the gateway need not refuse.
 */
export class Calls {
  #going = 0;
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  /** `start` is called at once, or later; it must not throw. */
  begin(start: () => void): void {
    if (this.#going < CALLS_MAX) {
      this.#going += 1;
      start();
      return;
    }
    if (this.#waiting.length - this.#next >= CALLS_WAITING_MAX) {
      throw new PowerboxError(
        'session-limit',
        `Cannot make more than ${CALLS_WAITING_MAX} calls without waiting for their answers.`,
      );
    }
    this.#waiting.push(start);
  }

  /** An answer has come, or never will. */
  end(): void {
    const start = this.#waiting[this.#next];
    if (start === undefined) {
      this.#going -= 1;
      return;
    }
    this.#next += 1;
    // Cut off now and then: a list that is shifted at each end takes time that grows with it.
    if (this.#next === this.#waiting.length || this.#next > CUT_AT) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    start();
  }
}
