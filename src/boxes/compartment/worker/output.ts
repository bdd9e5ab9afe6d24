import type { ConsoleLevel } from '../../../wire/compartment.ts';
import { PowerboxError } from '../../../wire/errors.ts';
import { LINES_MAX } from './limits.ts';

interface Listener {
  say(level: ConsoleLevel, text: string): PromiseLike<void>;
}

/**
 * The console of one compartment on its way to the host, in order. Only so many lines are on their
 * way at once; those that wait are bounded by what the compartment may write in its life.
 */
export class Lines {
  readonly #waiting: { readonly level: ConsoleLevel; readonly text: string }[] = [];
  readonly #listener: Listener;
  readonly #over: (why: PowerboxError) => void;
  readonly #most: number;
  #left: number;
  #going = 0;
  #idle: (() => void)[] = [];

  constructor(outputChars: number, listener: Listener, over: (why: PowerboxError) => void) {
    this.#listener = listener;
    this.#over = over;
    this.#most = outputChars;
    this.#left = outputChars;
  }

  write(level: ConsoleLevel, text: string): void {
    if (this.#left < 0) return;
    const left = this.#left;
    // A line costs something even when it is empty.
    this.#left -= text.length + 1;
    if (this.#left < 0) {
      // As much of it as lets the host see that it is too much, so that the host ends all of this.
      this.#waiting.push({ level, text: text.slice(0, left) });
      this.#send();
      const why = `it wrote more than ${this.#most} characters to its console`;
      this.#over(new PowerboxError('compartment-limit', `The compartment was ended: ${why}.`));
      return;
    }
    this.#waiting.push({ level, text });
    this.#send();
  }

  /** Resolves when all that was written has been taken. */
  sent(): Promise<void> {
    if (this.#going === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #send(): void {
    while (this.#going < LINES_MAX) {
      const line = this.#waiting.shift();
      if (line === undefined) break;
      this.#going += 1;
      const done = (): void => {
        this.#going -= 1;
        this.#send();
      };
      this.#listener.say(line.level, line.text).then(done, done);
    }
    if (this.#going > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
