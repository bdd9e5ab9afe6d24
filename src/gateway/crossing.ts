import { RpcTarget } from 'capnweb';
import { type Callback, callback, isReference } from '../kernel/reference.ts';
import { PowerboxError } from '../wire/errors.ts';
import { behind, isStub } from './own-target.ts';
import { heldBy, makePowerTarget } from './power-target.ts';
import type { Session } from './session.ts';

/** What a peer sent with a call, in the words of the kernel. */
export interface Brought {
  readonly values: readonly unknown[];
  /** Lets go of the peer's callbacks. May be called again. */
  dispose(): void;
}

/**
 * Arguments on their way in: powers of the same session become the references that they are,
 * functions of the peer become callbacks, everything else must be plain data.
 */
export function crossIn(session: Session, holder: string, args: readonly unknown[]): Brought {
  const stubs: Disposable[] = [];
  const dispose = (): void => {
    for (const stub of stubs.splice(0)) stub[Symbol.dispose]();
  };
  const object = (value: object): unknown => {
    const { side, ...rest } = behind(value);
    if (side === 'peer') {
      const { call, stub } = makeCallback(session, holder, value as PeerStub);
      stubs.push(stub);
      return call;
    }
    const held = 'target' in rest ? heldBy(rest.target as object) : undefined;
    if (held === undefined || held.session !== session || held.holder !== holder) {
      throw refused('an object that is no power of this session');
    }
    return held.reference;
  };
  try {
    return { values: args.map((arg) => bring(arg, object)), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The nesting of what a peer sent was bounded when its message was read. */
function bring(value: unknown, object: (value: object) => unknown): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (isStub(value)) return object(value);
  if (Array.isArray(value)) return value.map((item) => bring(item, object));
  // Bytes arrive as a kind of Uint8Array whose methods share memory where others copy it.
  if (value instanceof Uint8Array) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof Date) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) throw refused('an object of a class');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bring(item, object)]));
}

type PeerStub = { dup(): PeerFunction } & object;
type PeerFunction = ((...args: readonly unknown[]) => PromiseLike<unknown>) & Disposable;

/** The library takes a stub back when the call that brought it is over, so a copy is kept. */
function makeCallback(
  session: Session,
  holder: string,
  brought: PeerStub,
): { readonly call: Callback; readonly stub: Disposable } {
  const stub = brought.dup();
  const call = callback((...args) =>
    session.callBack(async () => {
      const answer = await stub(...args.map((arg) => crossOut(session, holder, arg).value));
      try {
        const { values, dispose } = crossIn(session, holder, [answer]);
        // A callback that answers with a callback has nobody who could let go of that.
        dispose();
        return values[0];
      } finally {
        disposeOf(answer);
      }
    }),
  );
  return { call, stub };
}

function disposeOf(answer: unknown): void {
  const isObject = (typeof answer === 'object' || typeof answer === 'function') && answer !== null;
  if (isObject && Symbol.dispose in answer) (answer as Disposable)[Symbol.dispose]();
}

/** What a peer is given, and how large it is, roughly. */
interface Given {
  readonly value: unknown;
  readonly bytes: number;
  /** Takes back the objects that are in it. */
  takeBack(): void;
}

/** What a value takes beside its text, in memory and in a message. */
const VALUE_BYTES = 16;

/**
 * An answer on its way out: references become objects of the session. `over` is called when the
 * peer has let go of all of them, at once when there are none.
 */
function crossOut(
  session: Session,
  holder: string,
  value: unknown,
  over: () => void = () => undefined,
): Given {
  const targets: RpcTarget[] = [];
  let open = 1;
  let bytes = 0;
  const done = (): void => {
    open -= 1;
    if (open === 0) over();
  };
  const give = (part: unknown): unknown => {
    bytes += VALUE_BYTES;
    if (typeof part === 'string') bytes += part.length;
    if (part === null || typeof part !== 'object') return part;
    if (part instanceof RpcTarget) {
      targets.push(part);
      return part;
    }
    if (isReference(part)) {
      open += 1;
      const target = makePowerTarget(session, holder, part, done);
      targets.push(target);
      return target;
    }
    if (Array.isArray(part)) return part.map(give);
    if (part instanceof Uint8Array) bytes += part.byteLength;
    if (Object.getPrototypeOf(part) !== Object.prototype) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => {
        bytes += key.length;
        return [key, give(item)];
      }),
    );
  };
  try {
    const takeBack = (): void => {
      for (const target of targets) {
        if (Symbol.dispose in target) (target as Disposable)[Symbol.dispose]();
      }
    };
    return { value: give(value), bytes, takeBack };
  } finally {
    done();
  }
}

/** An answer to a call of the peer, which holds it until it lets go of the call. */
export function answer(
  session: Session,
  holder: string,
  call: number,
  value: unknown,
  over?: () => void,
): unknown {
  const given = crossOut(session, holder, value, over);
  try {
    session.charge(call, given.bytes);
  } catch (error) {
    given.takeBack();
    throw error;
  }
  return given.value;
}

function refused(what: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot pass ${what} to a power.`);
}
