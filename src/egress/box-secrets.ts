import { RETIRED_VALUES_MAX } from './limits.ts';
import type { BoundSecret, NewValue } from './protocol.ts';
import { makeScrubber, type Scrubber } from './scrub/scrubber.ts';
import { originOf, type Target } from './target.ts';

/** The secrets of one box, as they are now. */
export class BoxSecrets {
  readonly #guarded: ReadonlySet<string>;
  #all: readonly BoundSecret[];
  #retired: readonly BoundSecret[] = [];
  #scrubber: Scrubber;

  constructor(secrets: readonly BoundSecret[]) {
    this.#all = secrets;
    this.#scrubber = makeScrubber(secrets);
    this.#guarded = new Set(
      secrets.flatMap((secret) => secret.bindings.map((binding) => binding.origin)),
    );
  }

  get all(): readonly BoundSecret[] {
    return this.#all;
  }

  /** Finds their values, and those that they had before. */
  get scrubber(): Scrubber {
    return this.#scrubber;
  }

  /** True when a secret is bound to the target's origin. */
  isGuarded(target: Target): boolean {
    return this.#guarded.has(originOf(target));
  }

  /** From the next request on; answers on their way are still searched for what they were sent. */
  replaceValues(values: readonly NewValue[]): void {
    const fresh = new Map(values.map(({ placeholder, value }) => [placeholder, value]));
    const newValue = (secret: BoundSecret) => fresh.get(secret.placeholder) ?? secret.value;
    const changed = this.#all.filter((secret) => newValue(secret) !== secret.value);
    this.#retired = [...changed, ...this.#retired].slice(0, RETIRED_VALUES_MAX);
    this.#all = this.#all.map((secret) => ({ ...secret, value: newValue(secret) }));
    this.#scrubber = makeScrubber([...this.#all, ...this.#retired]);
  }
}
