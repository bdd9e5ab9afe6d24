import { PowerboxError } from '../wire/errors.ts';
import { harden } from './realm.ts';

/** A box that anybody may carry and only its unsealer opens. */
export type SealedBox = Readonly<Record<never, never>>;

export interface Seal<T> {
  /** Puts a value into a box that tells nothing of it. */
  seal(value: T): SealedBox;
  /** Throws `not-passable` for what its own `seal` did not make. */
  unseal(box: unknown): T;
}

/**
 * A pair of a sealer and its unsealer: who holds `seal` can prove where a box is from, who holds
 * `unseal` alone can open it, and everybody between can only hand it on.
 *
 * @example
 * const mint = seal();
 * const coin = mint.seal({ amount: 5 }); // may be given to anybody
 * mint.unseal(coin).amount; // 5, for the bank alone
 */
export function seal<T>(): Seal<T> {
  const held = new WeakMap<object, { readonly value: T }>();
  return harden({
    seal(value: T): SealedBox {
      const box = Object.freeze(Object.create(null) as object);
      held.set(box, { value });
      return box;
    },
    unseal(box: unknown): T {
      const found = typeof box === 'object' && box !== null ? held.get(box) : undefined;
      if (found === undefined) {
        throw new PowerboxError('not-passable', 'Cannot unseal: it was sealed by another, or not.');
      }
      return found.value;
    },
  });
}
