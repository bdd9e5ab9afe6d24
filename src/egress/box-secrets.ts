import type { LinkSecret } from '../wire/link.ts';
import { RETIRED_VALUES_MAX } from './limits.ts';
import { type Hold, makeHolds } from './link/holds.ts';
import type { BoundSecret, NewValue } from './protocol.ts';
import type { Refusal } from './refusal.ts';
import { makeScrubber, type Scrubber } from './scrub/scrubber.ts';
import { originOf, type Target } from './target.ts';

const BOUND_SINCE: Refusal = {
  code: 'response-unscrubbable',
  reason: 'The answer was cut: a secret is bound to its origin since it began.',
};

/** The secrets of one box, as they are now. */
export class BoxSecrets {
  #guarded: ReadonlySet<string>;
  /** Those that only a grant brings into a request, by name. */
  readonly #ofGrants = new Map<string, BoundSecret>();
  #all: readonly BoundSecret[];
  #retired: readonly BoundSecret[] = [];
  /** Placeholders of those that were taken away: they go into nothing, and pin their origins. */
  readonly #gone = new Set<string>();
  #scrubber: Scrubber;
  /** Uses whose answers are not searched, by origin. */
  readonly #unread = makeHolds();

  constructor(secrets: readonly BoundSecret[]) {
    this.#all = secrets;
    this.#scrubber = makeScrubber(secrets);
    this.#guarded = originsOf(secrets);
  }

  /** All of the box, wherever they are bound. */
  get all(): readonly BoundSecret[] {
    return this.#all;
  }

  /**
   * Takes in what grants make use of, and new values of what they made use of before. `gone` as in
   * `replaceValues`.
   */
  adopt(secrets: readonly LinkSecret[], gone: readonly string[] = []): void {
    if (secrets.length + gone.length === 0) return;
    const known = new Set(this.#all.map(({ placeholder }) => placeholder));
    const fresh = secrets.filter(({ placeholder }) => !known.has(placeholder));
    // The daemon read the bindings from the vault.
    const bound = fresh.map((secret) => secret as BoundSecret);
    // A daemon that was started anew gives a secret another placeholder. A box that knows the one
    // before, from an echo that was scrubbed, must not find it to be one of its own.
    for (const { name } of bound) {
      const before = this.#ofGrants.get(name);
      if (before !== undefined) this.#gone.add(before.placeholder);
    }
    this.#all = [...this.#all, ...bound];
    const before = this.#guarded;
    this.#guarded = originsOf(this.#all);
    for (const origin of this.#guarded) {
      if (!before.has(origin)) this.#unread.end(origin, BOUND_SINCE);
    }
    this.replaceValues(secrets, gone);
    for (const secret of this.#all) {
      if (bound.some(({ placeholder }) => placeholder === secret.placeholder)) {
        this.#ofGrants.set(secret.name, secret);
      }
    }
  }

  /** The secret that goes into requests under a grant that names it. */
  ofGrant(name: string): BoundSecret | null {
    const { placeholder } = this.#ofGrants.get(name) ?? {};
    if (placeholder === undefined || this.#gone.has(placeholder)) return null;
    return this.#all.find((secret) => secret.placeholder === placeholder) ?? null;
  }

  /** Those that may be filled into a request: the box's own, and that of its grant. */
  usable(grant: BoundSecret | null): readonly BoundSecret[] {
    if (this.#ofGrants.size === 0 && this.#gone.size === 0) return this.#all;
    const foreign = new Set([...this.#ofGrants.values()].map(({ placeholder }) => placeholder));
    return this.#all.filter((secret) => {
      const { placeholder } = secret;
      if (this.#gone.has(placeholder)) return false;
      return secret === grant || !foreign.has(placeholder);
    });
  }

  /** It was taken from the vault, and goes into nothing. */
  isGone({ placeholder }: Pick<BoundSecret, 'placeholder'>): boolean {
    return this.#gone.has(placeholder);
  }

  /** Finds their values, and those that they had before. */
  get scrubber(): Scrubber {
    return this.#scrubber;
  }

  /** True when a secret is bound to the target's origin. */
  isGuarded(target: Target): boolean {
    return this.#guarded.has(originOf(target));
  }

  /**
   * A use of an origin that no secret is bound to: its answer passes unread, so it ends when one
   * comes to be.
   */
  holdUnread(target: Target): Hold {
    return this.#unread.begin(originOf(target), { expires: null, text: '' });
  }

  /**
   * From the next request on; answers on their way are still searched for what they were sent.
   * `gone` are placeholders of those that go into nothing until they get a value again.
   */
  replaceValues(values: readonly NewValue[], gone: readonly string[] = []): void {
    const fresh = new Map(values.map(({ placeholder, value }) => [placeholder, value]));
    for (const placeholder of fresh.keys()) this.#gone.delete(placeholder);
    for (const placeholder of gone) this.#gone.add(placeholder);
    const newValue = (secret: BoundSecret) => fresh.get(secret.placeholder) ?? secret.value;
    const changed = this.#all.filter((secret) => newValue(secret) !== secret.value);
    this.#retired = [...changed, ...this.#retired].slice(0, RETIRED_VALUES_MAX);
    this.#all = this.#all.map((secret) => ({ ...secret, value: newValue(secret) }));
    this.#scrubber = makeScrubber([...this.#all, ...this.#retired]);
  }
}

function originsOf(secrets: readonly BoundSecret[]): ReadonlySet<string> {
  return new Set(secrets.flatMap(({ bindings }) => bindings.map(({ origin }) => origin)));
}
