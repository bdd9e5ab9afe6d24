import { PowerboxError } from '../wire/errors.ts';
import { PROTOTYPES_MAX, SHOWN_CHARS_MAX } from './limits.ts';
import { harden } from './realm.ts';

/**
 * Objects that cross walls by reference: whoever holds one across a wall may call its methods, and
 * nothing else. Which methods those are is settled when it is marked.
 */

export type Method = (...args: readonly unknown[]) => unknown;

export interface FarEntry {
  readonly name: string;
  /** The empty name is the call of a function. */
  readonly methods: ReadonlyMap<string, Method>;
  /** For an object whose methods are known only elsewhere: finds one by its name. */
  readonly find?: (method: string) => Method | undefined;
}

const entries = new WeakMap<object, FarEntry>();

/**
 * Marks an object, or a function, as passed by reference, hardens it and gives it back.
 *
 * @example
 * const counter = () => {
 *   let count = 0;
 *   return Far('counter', { add: () => (count += 1) });
 * };
 */
export function Far<T extends object>(name: string, object: T): T {
  if (typeof name !== 'string') throw new TypeError('Cannot mark an object: its name is no text.');
  if (entries.has(object)) return object;
  harden(object);
  const methods =
    typeof object === 'function'
      ? new Map([['', object as unknown as Method]])
      : methodsOf(object, name);
  entries.set(object, { name: name.slice(0, SHOWN_CHARS_MAX), methods });
  return object;
}

/** Marks an object that forwards to another; it is frozen already. */
export function markForwarder(
  object: object,
  name: string,
  find: (method: string) => Method | undefined,
): void {
  entries.set(object, { name, methods: new Map(), find });
}

export function farEntry(value: unknown): FarEntry | undefined {
  return typeof value === 'object' || typeof value === 'function'
    ? entries.get(value as object)
    : undefined;
}

/** Calls a method of an object that was marked, or a function. Throws `method-unknown`. */
export function callFar(object: object, method: string, args: readonly unknown[]): unknown {
  const entry = entries.get(object);
  const found =
    entry === undefined && typeof object === 'function' && method === ''
      ? (object as unknown as Method)
      : (entry?.methods.get(method) ?? entry?.find?.(method));
  if (found === undefined) {
    const known = [...(entry?.methods.keys() ?? [])].slice(0, 20).join(', ');
    const has = known.slice(0, SHOWN_CHARS_MAX) || 'no such method';
    throw new PowerboxError(
      'method-unknown',
      `Cannot call ${method.slice(0, 100)}: ${entry?.name ?? 'the object'} has ${has}.`,
    );
  }
  return Reflect.apply(found, object, args);
}

/**
 * The methods of an object and of its classes, but those of `Object`. It is hardened by now, so
 * what is read here is what stays.
 */
function methodsOf(object: object, name: string): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  let at: object | null = object;
  for (let steps = 0; at !== null && at !== Object.prototype; steps += 1) {
    if (steps >= PROTOTYPES_MAX) throw unfit(name, 'it has too many prototypes');
    for (const key of Reflect.ownKeys(at)) {
      if (typeof key === 'symbol' || key === 'constructor' || methods.has(key)) continue;
      const held: unknown = Object.getOwnPropertyDescriptor(at, key)?.value;
      if (typeof held !== 'function') {
        const shown = key.slice(0, SHOWN_CHARS_MAX);
        throw unfit(name, `${shown} is no method; keep state in a variable or a #private field`);
      }
      methods.set(key, held as Method);
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return methods;
}

function unfit(name: string, why: string): PowerboxError {
  return new PowerboxError(
    'not-passable',
    `Cannot mark ${name.slice(0, SHOWN_CHARS_MAX)} as far: ${why}.`,
  );
}
