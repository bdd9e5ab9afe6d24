import { PowerboxError } from '../../../wire/errors.ts';
import { CALLS_MAX, CALLS_OF_ALL_MAX, CALLS_OF_EACH_MIN, CALLS_WAITING_MAX } from './limits.ts';

/** Cut off now and then: a list that is shifted at each end takes time that grows with it. */
const CUT_AT = 1_024;

/** Compartments of this process that can make calls, and how many go on for all of them. */
let makers = 0;
let goingOfAll = 0;
/** Those that have calls waiting, each once; the one that has waited longest comes first. */
const inLine = new Set<Calls>();

/**
 * The calls that one compartment sends. Only so many are on their way at once; the rest are sent in
 * their order as answers come, so that a program may make thousands and the gateway need not refuse.
 * Compartments that share a process take turns, and none can have the places of all.
 */
export class Calls {
  #going = 0;
  #waiting: (() => void)[] = [];
  #next = 0;
  #closed = false;

  constructor() {
    makers += 1;
  }

  /** `start` is called at once, or later; it must not throw. */
  begin(start: () => void): void {
    if (this.#isWaiting() || !this.#mayStart()) this.#wait(start);
    else this.#start(start);
  }

  /** An answer has come, or never will. */
  end(): void {
    this.#going -= 1;
    goingOfAll -= 1;
    for (const calls of inLine) {
      if (!calls.#mayStart()) continue;
      calls.#startNext();
      return;
    }
  }

  /** What waits is never sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    makers -= 1;
    this.#waiting = [];
    this.#next = 0;
    inLine.delete(this);
  }

  #mayStart(): boolean {
    const share = Math.floor(CALLS_OF_ALL_MAX / makers);
    const most = Math.min(CALLS_MAX, Math.max(share, CALLS_OF_EACH_MIN));
    return this.#going < most && goingOfAll < CALLS_OF_ALL_MAX;
  }

  #isWaiting(): boolean {
    return this.#next < this.#waiting.length;
  }

  #wait(start: () => void): void {
    if (this.#closed) throw new PowerboxError('compartment-ended', 'The compartment has ended.');
    if (this.#waiting.length - this.#next >= CALLS_WAITING_MAX) {
      throw new PowerboxError(
        'session-limit',
        `Cannot make more than ${CALLS_WAITING_MAX} calls without waiting for their answers.`,
      );
    }
    this.#waiting.push(start);
    inLine.add(this);
  }

  #start(start: () => void): void {
    this.#going += 1;
    goingOfAll += 1;
    start();
  }

  #startNext(): void {
    const start = this.#waiting[this.#next] as () => void;
    this.#next += 1;
    if (!this.#isWaiting() || this.#next > CUT_AT) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    inLine.delete(this);
    if (this.#isWaiting()) inLine.add(this);
    this.#start(start);
  }
}
