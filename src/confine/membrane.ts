import { PowerboxError } from '../wire/errors.ts';
import { isArrayBuffer, typedArrayTag } from './bytes.ts';
import { Gate, type Lent } from './caretaker.ts';
import { bareFunction, isPresence } from './eventual.ts';
import { farEntry, type Method, markForwarder } from './far.ts';
import { kindOf } from './inspect.ts';
import { asData, passIn } from './pass.ts';

/** A call on its way through a membrane. */
export interface MembraneCall {
  /** `in` when the holder calls the object, `out` when the object calls what the holder gave it. */
  readonly direction: 'in' | 'out';
  /** Name that the function was found by; empty for one that was given by itself. */
  readonly method: string;
  /** Copies of plain data; of all else, an object that tells nothing. */
  readonly args: readonly unknown[];
}

export interface MembranePolicy {
  /** `true` lets the call through. Anything else refuses it, and a text says why. */
  readonly call?: (call: MembraneCall) => boolean | string;
}

/**
 * Puts a wall around an object and all that is ever reached through it. What crosses is wrapped:
 * functions and objects become proxies through which they can be called and read, not changed;
 * promises become promises; plain data is copied; an error keeps its name, message and code, and
 * nothing else. The same object crosses as the same proxy, and a proxy that crosses back is what
 * it stands for. `revoke` ends all of it at once, in both directions, with what is in flight.
 *
 * @example
 * const { proxy, revoke } = membrane(workspace);
 * const file = proxy.open('a.txt'); // behind the membrane too
 * revoke();
 * file.read(); // throws grant-revoked
 */
export function membrane<T extends object>(object: T, policy: MembranePolicy = {}): Lent<T> {
  const gate = new Gate();
  const inner = new Side(gate, 'in', policy);
  const outer = new Side(gate, 'out', policy);
  inner.other = outer;
  outer.other = inner;
  return Object.freeze({
    proxy: inner.wrap(object, '') as T,
    revoke: (reason?: string) => gate.close(reason),
  });
}

/** What the other side holds of the objects of one side. */
class Side {
  readonly gate: Gate;
  /** Of a call to an object of this side. */
  readonly #direction: MembraneCall['direction'];
  readonly #policy: MembranePolicy;
  other!: Side;
  /** Wrapper by object of this side, and back. */
  readonly #wrappers = new WeakMap<object, object>();
  readonly #originals = new WeakMap<object, object>();

  constructor(gate: Gate, direction: MembraneCall['direction'], policy: MembranePolicy) {
    this.gate = gate;
    this.#direction = direction;
    this.#policy = policy;
  }

  /** What the other side gets for a value of this one. */
  cross(value: unknown): unknown {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
    return passIn(value, this.#crossing);
  }

  readonly #crossing = {
    known: (value: object): object | undefined => this.#known(value),
    // All that is no data is known.
    reference: (value: object): object => this.wrap(value, ''),
  };

  #known(value: object): object | undefined {
    const crossed = this.other.#originals.get(value) ?? this.#wrappers.get(value);
    if (crossed !== undefined) return crossed;
    if (isPromise(value)) return this.#promise(value);
    return isData(value) ? undefined : this.wrap(value, '');
  }

  #promise(value: Promise<unknown>): object {
    const made = this.gate.watch(
      value,
      (result) => this.cross(result),
      (reason) => this.crossThrown(reason),
    );
    // Whoever gets it may not wait for it; the one that it stands for is waited for here.
    made.catch(() => {});
    this.#remember(value, made);
    return made;
  }

  wrap(value: object, method: string): object {
    const known = this.#wrappers.get(value);
    if (known !== undefined) return known;
    const made = this.makeWrapper(value, method);
    this.#wrappers.set(value, made);
    return made;
  }

  /** A method gets a wrapper for each name, so that a policy is told the name that was used. */
  makeWrapper(value: object, method: string): object {
    const target = typeof value === 'function' ? FUNCTION : OBJECT;
    const made = new Proxy(target, new Wrapper(this, value, method));
    this.#originals.set(made, value);
    markForwarder(made, 'membrane', (name) => {
      if (name === '') return typeof made === 'function' ? (made as unknown as Method) : undefined;
      const held = (made as Record<string, unknown>)[name];
      return typeof held === 'function' ? (...args) => Reflect.apply(held, made, args) : undefined;
    });
    return made;
  }

  #remember(value: object, made: object): void {
    this.#wrappers.set(value, made);
    this.#originals.set(made, value);
  }

  call(original: object, method: string, self: unknown, args: readonly unknown[]): unknown {
    this.gate.assertOpen(method);
    const own = args.map((one) => this.other.cross(one));
    const verdict = this.#judge(method, own);
    if (verdict !== true) {
      const why = typeof verdict === 'string' ? verdict : 'it is not allowed';
      throw new PowerboxError('narrowing-refused', `Cannot call ${method}: ${why}.`);
    }
    const result = this.attempt(() =>
      Reflect.apply(original as Method, this.other.cross(self), own),
    );
    this.gate.assertOpen(method);
    return this.cross(result);
  }

  #judge(method: string, args: readonly unknown[]): boolean | string {
    if (this.#policy.call === undefined) return true;
    try {
      return this.#policy.call({ direction: this.#direction, method, args: args.map(asData) });
    } catch {
      return 'its policy failed';
    }
  }

  /** Runs what is of this side; what it throws crosses as all else does. */
  attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw this.crossThrown(thrown);
    }
  }

  crossThrown(thrown: unknown): unknown {
    if (!this.gate.open)
      return thrown instanceof PowerboxError ? thrown : new Error('It has ended.');
    try {
      return this.cross(thrown);
    } catch {
      return new Error('What was thrown cannot cross.');
    }
  }
}

/** All wrappers stand before these, so that nothing can be set on any of them. */
const OBJECT = Object.freeze({});
const FUNCTION = bareFunction();

class Wrapper implements ProxyHandler<object> {
  readonly #side: Side;
  readonly #original: object;
  readonly #method: string;
  readonly #methods = new Map<string | symbol, { held: object; made: object }>();

  constructor(side: Side, original: object, method: string) {
    this.#side = side;
    this.#original = original;
    this.#method = method;
  }

  get(target: object, key: string | symbol): unknown {
    const side = this.#side;
    // So that who waits for it is told what was called, and not that nothing can be waited for.
    if (key === 'then' && !side.gate.open) return undefined;
    side.gate.assertOpen(String(key));
    // What an object was made by is not part of what it can do.
    if (HIDDEN.has(key)) return key === 'constructor' ? Reflect.get(target, key) : undefined;
    const held: unknown = side.attempt(() => Reflect.get(this.#original, key));
    if (typeof held !== 'function') return side.cross(held);
    // What all objects and functions share works on the wrapper itself: through the original,
    // `call` would hide a method's name from the policy, and `__defineGetter__` change it.
    if (held === Reflect.get(target, key)) return held;
    const known = this.#methods.get(key);
    if (known?.held === held) return known.made;
    const made = side.makeWrapper(held, String(key));
    this.#methods.set(key, { held, made });
    return made;
  }

  has(_target: object, key: string | symbol): boolean {
    this.#side.gate.assertOpen(String(key));
    return this.#side.attempt(() => Reflect.has(this.#original, key));
  }

  apply(_target: object, self: unknown, args: readonly unknown[]): unknown {
    return this.#side.call(this.#original, this.#method, self, args);
  }
}

const HIDDEN: ReadonlySet<string | symbol> = new Set([
  '__proto__',
  'arguments',
  'caller',
  'constructor',
  'prototype',
]);

function isPromise(value: object): value is Promise<unknown> {
  return kindOf(value) === 'promise';
}

/** Data is what does nothing by itself. */
function isData(value: object): boolean {
  if (typeof value === 'function' || isPresence(value) || farEntry(value) !== undefined) {
    return false;
  }
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype && prototype !== null) {
    const kind = kindOf(value);
    if (kind === 'date' || kind === 'error') return true;
    return typedArrayTag(value) === 'Uint8Array' || isArrayBuffer(value);
  }
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(
    (property) => 'value' in property && typeof property.value !== 'function',
  );
}
