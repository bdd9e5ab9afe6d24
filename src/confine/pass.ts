import { PowerboxError } from '../wire/errors.ts';
import { copyBytes, isArrayBuffer, typedArrayTag } from './bytes.ts';
import { isPresence } from './eventual.ts';
import { farEntry } from './far.ts';
import { dataOf, errorParts, kindOf } from './inspect.ts';
import {
  BIGINT_DIGITS_MAX,
  DATA_BYTES_MAX,
  DATA_CHARS_MAX,
  DATA_DEPTH_MAX,
  DATA_NODES_MAX,
  DATA_PROPERTIES_MAX,
  ERROR_CHARS_MAX,
  PROTOTYPES_MAX,
  SHOWN_CHARS_MAX,
} from './limits.ts';

/**
 * What may cross a wall. Plain data crosses by copy, so that the two sides share nothing that can
 * be changed; a function, an object marked with `Far`, a presence and an async iterable cross by
 * reference; nothing else crosses. Every property is read once and as data: no getter, no `toJSON`
 * and no iterator of the value is called, and what was looked at is what crosses.
 */

export type ReferenceKind = 'object' | 'function' | 'stream';

export interface Crossing {
  /** What stands on the other side for an object that crosses by reference. */
  reference(value: object, kind: ReferenceKind): unknown;
  /**
   * Asked of each object before anything else is. `undefined` says that it is nothing special.
   * For the way in: what the channel gives for an object that is elsewhere.
   */
  known?(value: object): unknown;
  /** What an error becomes; else an `Error` with the same name, message and code. */
  error?(parts: { name: string; message: string; code: string | undefined }): unknown;
}

/** A copy of what leaves a compartment. `at` is what messages call the value. */
export function passOut(value: unknown, crossing: Crossing, at = 'result'): unknown {
  return new Passage(crossing).pass(value, at);
}

/**
 * A copy of what a channel brought. It belongs to whoever gets it alone, so it is not frozen:
 * programs sort and fill the lists that they are given.
 */
export function passIn(value: unknown, crossing: Crossing, at = 'value'): unknown {
  return new Passage(crossing).pass(value, at);
}

/** What a judge sees of an object that crosses by reference. */
const OPAQUE: object = Object.freeze(Object.create(null));

/**
 * What a judge of arguments may look at: plain data, and nothing that can be called. An object with
 * methods of its own could answer the judge's `path.startsWith('docs/')` as it likes.
 */
export function asData(value: unknown): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  return passIn(value, { reference: () => OPAQUE });
}

const BIGINT_END = 10n ** BigInt(BIGINT_DIGITS_MAX);

/** A place in a value, written as text only when it is refused. */
interface Place {
  readonly key: string | number;
  readonly above: Place | undefined;
}

class Passage {
  readonly #crossing: Crossing;
  #nodes = 0;
  #properties = 0;
  #chars = 0;
  #bytes = 0;
  /** What is being copied now, from the value down; one that comes twice contains itself. */
  readonly #path = new Set<object>();
  #root = '';
  #fault: PowerboxError | undefined;

  constructor(crossing: Crossing) {
    this.#crossing = crossing;
  }

  pass(value: unknown, at: string): unknown {
    this.#root = at;
    try {
      return this.#value(value, undefined);
    } catch (error) {
      // By identity: a proxy can throw what looks like an error of ours.
      if (this.#fault !== undefined && error === this.#fault) throw error;
      // Only a proxy can throw where properties are read; what it threw is its own.
      throw this.#refused(undefined, 'it cannot be read');
    }
  }

  #value(value: unknown, place: Place | undefined): unknown {
    switch (typeof value) {
      case 'string':
        this.#countChars(value.length, place);
        return value;
      case 'bigint':
        if (value >= BIGINT_END || value <= -BIGINT_END) {
          throw this.#refused(place, `a number of more than ${BIGINT_DIGITS_MAX} digits`);
        }
        return value;
      case 'symbol':
        throw this.#refused(place, 'a symbol cannot cross');
      case 'function':
        return this.#known(value, place) ?? this.#reference(value, 'function');
      case 'object':
        return value === null ? null : (this.#known(value, place) ?? this.#object(value, place));
      default:
        return value;
    }
  }

  #known(value: object, place: Place | undefined): unknown {
    this.#nodes += 1;
    if (this.#nodes > DATA_NODES_MAX) {
      throw this.#refused(place, `more than ${DATA_NODES_MAX} objects`);
    }
    return this.#crossing.known?.(value);
  }

  #reference(value: object, kind: ReferenceKind): unknown {
    try {
      return this.#crossing.reference(value, kind);
    } catch (error) {
      if (error instanceof PowerboxError) this.#fault = error;
      throw error;
    }
  }

  #object(value: object, place: Place | undefined): unknown {
    if (isPresence(value) || farEntry(value) !== undefined) {
      return this.#reference(value, 'object');
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (Array.isArray(value)) return this.#within(value, place, () => this.#list(value, place));
    if (prototype === Object.prototype || prototype === null) {
      if (isStream(value)) return this.#reference(value, 'stream');
      return this.#within(value, place, () => this.#record(value, place));
    }
    return this.#special(value, place);
  }

  #special(value: object, place: Place | undefined): unknown {
    const tag = typedArrayTag(value);
    if (tag === 'Uint8Array' || isArrayBuffer(value)) return this.#bytesOf(value, place);
    if (tag !== undefined) {
      throw this.#refused(place, `a ${tag} cannot cross, pass its bytes as a Uint8Array`);
    }
    const kind = kindOf(value);
    if (kind === 'date') {
      return new Date(Reflect.apply(Date.prototype.getTime, value, []) as number);
    }
    if (kind === 'error') return this.#error(value);
    if (kind === 'promise') {
      throw this.#refused(place, 'a promise cannot cross, await it first');
    }
    if (kind === 'map') {
      throw this.#refused(place, 'a Map cannot cross, pass Object.fromEntries of it');
    }
    if (kind === 'set') throw this.#refused(place, 'a Set cannot cross, pass it as a list');
    if (isStream(value)) return this.#reference(value, 'stream');
    throw this.#refused(
      place,
      `${describe(value)} cannot cross, mark it with Far or pass its data`,
    );
  }

  /** Counts the level, and refuses what contains itself. */
  #within(value: object, place: Place | undefined, work: () => unknown): unknown {
    if (this.#path.has(value)) throw this.#refused(place, 'it contains itself');
    if (this.#path.size >= DATA_DEPTH_MAX) {
      throw this.#refused(place, `it is nested more than ${DATA_DEPTH_MAX} deep`);
    }
    this.#path.add(value);
    const made = work();
    this.#path.delete(value);
    return made;
  }

  #list(value: readonly unknown[], place: Place | undefined): unknown[] {
    const length = dataOf(value, 'length');
    // A list without items can claim any length, and a proxy any other thing.
    if (typeof length !== 'number' || !(length <= DATA_PROPERTIES_MAX)) {
      throw this.#refused(place, 'a list that is too long');
    }
    this.#countProperties(length, place);
    const made: unknown[] = [];
    for (let index = 0; index < length; index += 1) {
      const below = { key: index, above: place };
      const property = Object.getOwnPropertyDescriptor(value, String(index));
      if (property === undefined) throw this.#refused(below, 'a list with holes cannot cross');
      made.push(this.#value(this.#dataOf(property, below), below));
    }
    return made;
  }

  #record(value: object, place: Place | undefined): Record<string, unknown> {
    const keys = Reflect.ownKeys(value);
    this.#countProperties(keys.length, place);
    const made: Record<string, unknown> = {};
    for (const key of keys) {
      if (typeof key === 'symbol')
        throw this.#refused(place, 'a key that is a symbol cannot cross');
      const below = { key, above: place };
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property?.enumerable !== true) continue;
      if (key === '__proto__') throw this.#refused(place, 'a key named __proto__ cannot cross');
      this.#countChars(key.length, below);
      const held = this.#dataOf(property, below);
      // Whoever awaits or writes the copy would call them.
      if (typeof held === 'function' && (key === 'then' || key === 'toJSON')) {
        throw this.#refused(below, 'a method of this name cannot cross');
      }
      made[key] = this.#value(held, below);
    }
    return made;
  }

  #dataOf(property: PropertyDescriptor, place: Place): unknown {
    if (!('value' in property)) throw this.#refused(place, 'a getter cannot cross');
    return property.value;
  }

  #bytesOf(value: object, place: Place | undefined): Uint8Array {
    const made = copyBytes(value) as Uint8Array;
    this.#bytes += made.length;
    if (this.#bytes > DATA_BYTES_MAX) {
      throw this.#refused(place, `more than ${DATA_BYTES_MAX} bytes`);
    }
    return made;
  }

  #error(value: object): unknown {
    const { name, message, code } = errorParts(value);
    const parts = {
      name: name.slice(0, ERROR_CHARS_MAX),
      message: message.slice(0, ERROR_CHARS_MAX),
      code: code?.slice(0, ERROR_CHARS_MAX),
    };
    return this.#crossing.error === undefined ? plainError(parts) : this.#crossing.error(parts);
  }

  #countChars(count: number, place: Place | undefined): void {
    this.#chars += count;
    if (this.#chars > DATA_CHARS_MAX) {
      throw this.#refused(place, `more than ${DATA_CHARS_MAX} characters`);
    }
  }

  #countProperties(count: number, place: Place | undefined): void {
    this.#properties += count;
    if (this.#properties > DATA_PROPERTIES_MAX) {
      throw this.#refused(place, `more than ${DATA_PROPERTIES_MAX} properties`);
    }
  }

  #refused(place: Place | undefined, why: string): PowerboxError {
    this.#fault = new PowerboxError(
      'not-passable',
      `Cannot pass the value at ${this.#root}${textOf(place)}: ${why}.`,
    );
    return this.#fault;
  }
}

/** An error with nothing of its class: a class leads to what the other side made it of. */
export function plainError(parts: {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}): Error {
  const made = new Error(parts.message);
  if (parts.name !== 'Error') made.name = parts.name;
  if (parts.code !== undefined) Object.assign(made, { code: parts.code });
  return made;
}

/** Whether it can be read with `for await`, or is a generator; told without calling it. */
function isStream(value: object): boolean {
  let next = false;
  let iterable = false;
  let at: object | null = value;
  for (let steps = 0; at !== null && steps < PROTOTYPES_MAX; steps += 1) {
    if (typeof heldAt(at, Symbol.asyncIterator) === 'function') return true;
    iterable ||= typeof heldAt(at, Symbol.iterator) === 'function';
    next ||= typeof heldAt(at, 'next') === 'function';
    at = Object.getPrototypeOf(at) as object | null;
  }
  return iterable && next;
}

function heldAt(value: object, key: string | symbol): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function describe(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object;
  const made = dataOf(prototype, 'constructor');
  const name = typeof made === 'function' ? dataOf(made, 'name') : undefined;
  return typeof name === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(name)
    ? `an object of the class ${name}`
    : 'an object of a class';
}

function textOf(place: Place | undefined): string {
  const keys: (string | number)[] = [];
  for (let at = place; at !== undefined; at = at.above) keys.unshift(at.key);
  const text = keys
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      const shown = key.slice(0, SHOWN_CHARS_MAX);
      return /^[A-Za-z_$][\w$]*$/.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`;
    })
    .join('');
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX - 1)}…`;
}
