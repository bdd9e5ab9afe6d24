import type { Live } from '../ocap/live.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { Reference } from './kernel.ts';

/** What stands behind a reference. Nobody but the kernel gets at it. */
export interface Referent {
  readonly holder: string;
  /** Null for the root object of a grant, which is made when it is first used. */
  readonly live: Live | null;
}

const REFERENTS = new WeakMap<Reference, Referent>();
const CALLBACKS = new WeakSet<object>();

/** A function of a holder that a power may call, for example when a watched file changes. */
export type Callback = (...args: readonly unknown[]) => unknown;

export function makeReference(words: Reference, referent: Referent): Reference {
  const reference = Object.freeze({ ...words });
  REFERENTS.set(reference, referent);
  return reference;
}

/** True for what this kernel made, and for nothing that looks like it. */
export function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && REFERENTS.has(value as Reference);
}

/** Throws `grant-unknown` for a reference of somebody else, or of nobody. */
export function referentOf(reference: Reference, holder: string): Referent {
  const referent = REFERENTS.get(reference);
  if (referent === undefined || referent.holder !== holder) {
    throw new PowerboxError('grant-unknown', 'Cannot use a reference that its user does not hold.');
  }
  return referent;
}

export function isHeldBy(reference: Reference, holder: string): boolean {
  return REFERENTS.get(reference)?.holder === holder;
}

/** Marks a function as meant to be called from inside a power. */
export function callback(call: Callback): Callback {
  CALLBACKS.add(call);
  return call;
}

export function isCallback(value: unknown): value is Callback {
  return typeof value === 'function' && CALLBACKS.has(value);
}
