import { RpcTarget } from 'capnweb';
import type { InstalledKind, Reference } from '../kernel/kernel.ts';
import { PowerboxError } from '../wire/errors.ts';
import { answer, crossIn } from './crossing.ts';
import { readCall } from './screen.ts';
import type { Session } from './session.ts';

/** What a peer's object stands for. Kept beside the object, as an object's own properties are not. */
export interface Held {
  readonly session: Session;
  readonly holder: string;
  readonly reference: Reference;
  /** Lets go of the reference. May be called again. */
  drop(): void;
}

const HELD = new WeakMap<object, Held>();

/** Undefined for what is no power, and for a power that was let go of. */
export function heldBy(target: object): Held | undefined {
  return HELD.get(target);
}

/**
 * An object of a peer's session for a reference: it has the methods of the facet, and no other.
 * `dropped` is called once, when the peer let go of it or the session ended.
 */
export function makePowerTarget(
  session: Session,
  holder: string,
  reference: Reference,
  dropped: () => void,
): RpcTarget {
  const kind = session.host.kernel.kinds.get(reference.kind);
  if (kind === undefined) {
    throw new PowerboxError('kind-unknown', `Cannot use a power of kind ${reference.kind} here.`);
  }
  const Target = classOf(kind, reference.facet);
  const target = new Target();
  const drop = session.keep(reference, () => {
    HELD.delete(target);
    dropped();
  });
  HELD.set(target, { session, holder, reference, drop });
  return target;
}

const CLASSES = new WeakMap<InstalledKind, Map<string, typeof RpcTarget>>();

/**
 * The library calls whatever it finds on the prototype, so there is nothing on it but the methods
 * that the kind declared. It refuses names that every object has by itself.
 */
function classOf(kind: InstalledKind, facet: string): typeof RpcTarget {
  const classes = CLASSES.get(kind) ?? new Map<string, typeof RpcTarget>();
  CLASSES.set(kind, classes);
  let Target = classes.get(facet);
  if (Target === undefined) {
    Target = makeClass(kind, facet);
    classes.set(facet, Target);
  }
  return Target;
}

function makeClass(kind: InstalledKind, facet: string): typeof RpcTarget {
  const { facets } = kind.definition;
  const methods = Object.hasOwn(facets, facet) ? Object.keys(facets[facet] ?? {}) : [];
  const Target = class extends RpcTarget {
    [Symbol.dispose](): void {
      HELD.get(this)?.drop();
    }
  };
  for (const method of methods) {
    Object.defineProperty(Target.prototype, method, {
      // A method of an object can be called with any `this`; what is not held is refused.
      value(this: object, ...args: readonly unknown[]): Promise<unknown> {
        return invoke(this, method, args);
      },
    });
  }
  return Target;
}

async function invoke(
  target: object,
  method: string,
  marked: readonly unknown[],
): Promise<unknown> {
  const held = HELD.get(target);
  if (held === undefined) {
    throw new PowerboxError('reference-closed', 'Cannot use a power that was let go of.');
  }
  const { session, holder, reference } = held;
  const { call, args } = readCall(marked);
  return session.call(async () => {
    const brought = crossIn(session, holder, args);
    let value: unknown;
    try {
      value = await session.host.kernel.use(holder, reference, method, brought.values);
    } catch (error) {
      brought.dispose();
      throw error;
    }
    return answer(session, holder, call, value, brought.dispose);
  });
}
