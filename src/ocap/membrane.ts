import { PowerboxError } from '../wire/errors.ts';
import { DATA_DEPTH_MAX, DATA_NODES_MAX } from './limits.ts';

/**
 * A membrane around one grant, with the semantics of Cap'n Proto's `membrane.h`: what crosses it
 * is wrapped, a wrapper that crosses back is unwrapped to what it was made of, the same object
 * crosses as the same wrapper each time, and plain data is copied, so that the two sides share
 * nothing that can be changed. The policy decides what a wrapper does when it is called; when the
 * grant ends, it refuses (`onRevoked` there).
 *
 * Inside is the object that does the work of the power; outside is the holder of the grant.
 */
export interface Membrane {
  /** What the inside gave: objects of it become wrappers, data is copied. */
  outward(value: unknown): unknown;
  /** What the outside gave: its objects become wrappers, wrappers of ours what they were. */
  inward(value: unknown): unknown;
}

export interface MembranePolicy {
  /** An object of the inside, which the outside may only hold wrapped. */
  isInner(value: object): boolean;
  /** An object of the outside, which the inside may only hold wrapped. */
  isOuter(value: object): boolean;
  /** What the outside holds instead of an object of the inside. */
  wrapInner(inner: object): object;
  wrapOuter(outer: object): object;
}

export function makeMembrane(policy: MembranePolicy): Membrane {
  // Both directions of both kinds of wrapper: identity on the way out, the original on the way in.
  const wrapperOfInner = new WeakMap<object, object>();
  const innerOfWrapper = new WeakMap<object, object>();
  const wrapperOfOuter = new WeakMap<object, object>();
  const outerOfWrapper = new WeakMap<object, object>();

  function crossOut(value: object): object | undefined {
    const outer = outerOfWrapper.get(value);
    if (outer !== undefined) return outer;
    if (!policy.isInner(value)) return undefined;
    let wrapper = wrapperOfInner.get(value);
    if (wrapper === undefined) {
      wrapper = policy.wrapInner(value);
      wrapperOfInner.set(value, wrapper);
      innerOfWrapper.set(wrapper, value);
    }
    return wrapper;
  }

  function crossIn(value: object): object | undefined {
    const inner = innerOfWrapper.get(value);
    if (inner !== undefined) return inner;
    if (!policy.isOuter(value)) return undefined;
    let wrapper = wrapperOfOuter.get(value);
    if (wrapper === undefined) {
      wrapper = policy.wrapOuter(value);
      wrapperOfOuter.set(value, wrapper);
      outerOfWrapper.set(wrapper, value);
    }
    return wrapper;
  }

  return {
    outward: (value) => copy(value, crossOut, { nodes: 0 }, 0),
    inward: (value) => copy(value, crossIn, { nodes: 0 }, 0),
  };
}

type Cross = (value: object) => object | undefined;

/** Reads every property once: what was looked at is what crosses, whatever a getter says later. */
function copy(value: unknown, cross: Cross, seen: { nodes: number }, depth: number): unknown {
  if (typeof value === 'symbol') throw refused('a symbol');
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  const crossed = cross(value);
  if (crossed !== undefined) return crossed;
  if (typeof value === 'function') throw refused('a function that was not marked as a callback');
  seen.nodes += 1;
  if (seen.nodes > DATA_NODES_MAX) throw refused(`more than ${DATA_NODES_MAX} objects`);
  if (depth >= DATA_DEPTH_MAX) throw refused(`data nested more than ${DATA_DEPTH_MAX} deep`);
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof Date) return new Date(value.getTime());
  if (Array.isArray(value)) {
    // A list without items can claim any length.
    if (value.length > DATA_NODES_MAX) throw refused(`a list of more than ${DATA_NODES_MAX} items`);
    return Array.from(value, (item: unknown) => copy(item, cross, seen, depth + 1));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused('an object of a class');
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw refused('a key named __proto__');
    made[key] = copy((value as Record<string, unknown>)[key], cross, seen, depth + 1);
  }
  return made;
}

function refused(what: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot pass ${what} through a grant.`);
}
