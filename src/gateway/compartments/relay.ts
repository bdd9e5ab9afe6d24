import type { RpcTarget } from 'capnweb';
import { isReference } from '../../kernel/reference.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { WorkerObject } from '../../wire/worker.ts';
import { type Behind, behind, isStub } from '../own-target.ts';
import { readCall } from '../screen.ts';
import { dataError } from '../send-error.ts';
import type { Session } from '../session.ts';

/**
 * What stands between the maker of a compartment and its code. Data is copied; objects of the code
 * become far objects of the maker's session, functions of the maker become functions of the
 * worker's. Powers never pass: whoever wants the other to have one grants it, where it is narrowed,
 * counted and revoked.
 */
export interface Relay {
  readonly maker: Session;
  readonly worker: Session;
  /** An answer of the worker, or the error that the compartment ended with; errors are ours. */
  ask<T>(work: () => PromiseLike<T>): Promise<T>;
  /** What a function of the maker's answers; nothing waits for it beyond the end. */
  untilEnd<T>(answer: Promise<T>): Promise<T>;
  /** A process that goes on for others may still say something. */
  throwIfEnded(): void;
  /**
   * Keeps an object of one session for the other until what this gives is called, or that session
   * ends. Takes the object over; throws `limit-exceeded`.
   */
  keepObject(session: Session, object: Disposable, dropped?: () => void): () => void;
  /** An object of the code for the maker; takes the stub over. */
  makeFar(stub: WorkerStub): RpcTarget;
  /** The object of the code behind what the maker brings back. */
  workerObject(target: object): WorkerStub | undefined;
}

/** An object of the code as the worker's session holds it. */
export type WorkerStub = WorkerObject & Disposable & { dup(): WorkerStub };

/** A function of the maker as its session holds it. */
type MakerFunction = ((...args: readonly unknown[]) => PromiseLike<unknown>) &
  Disposable & { dup(): MakerFunction };

/** What crossed, and how large it is, roughly. */
export interface Crossed<Value> {
  readonly value: Value;
  readonly bytes: number;
  /** For when it could not be sent: lets go of what was made for it. */
  dispose(): void;
}

/** Functions that were made for a worker, and the maker's own that they stand for. */
const MADE = new WeakMap<object, { readonly relay: Relay; readonly stub: MakerFunction }>();

/** What the code gave, as its maker gets it. Leaves the stubs of `value` to the caller. */
export function outward(relay: Relay, value: unknown): Crossed<unknown> {
  return cross(value, (stub, made) => {
    const seen = behind(stub);
    if (seen.side === 'peer') return made(relay.makeFar((stub as WorkerStub).dup()));
    const own = seen.side === 'own' ? MADE.get(seen.target) : undefined;
    if (own?.relay === relay) return made(own.stub.dup());
    throw notPassable('a power', 'Give it by a grant.');
  });
}

/** What the maker gives the code. */
export function inward(relay: Relay, args: readonly unknown[]): Crossed<readonly unknown[]> {
  const object: CrossObject = (stub, made) => {
    const seen = behind(stub);
    if (seen.side === 'peer') return made(makerFunction(relay, (stub as MakerFunction).dup()));
    return objectOf(relay, seen);
  };
  return cross(args, object) as Crossed<readonly unknown[]>;
}

/**
 * Data that the maker sends along with a program, as its session brought it: references and
 * callbacks of the maker's, which are for powers, are none.
 */
export function dataOf(given: unknown): unknown {
  const refuse = (): never => {
    throw notPassable('a function or a power as data', 'Pass a function to one of the code.');
  };
  return cross(given, refuse, refuse).value;
}

/** Objects of this very code come back to it as themselves. */
function objectOf(relay: Relay, seen: Behind): WorkerStub {
  const own = seen.side === 'own' ? relay.workerObject(seen.target) : undefined;
  if (own !== undefined) return own;
  throw notPassable(
    'a power, or an object of another compartment,',
    'Give a power by a grant, with `give` when the compartment is made.',
  );
}

/** A function of the maker's, as the code calls it. Kept until the worker lets go of it. */
function makerFunction(relay: Relay, stub: MakerFunction): Disposable {
  const { maker, worker } = relay;
  const drop = relay.keepObject(worker, stub);
  const answerTo = async (call: number, args: readonly unknown[]): Promise<unknown> => {
    relay.throwIfEnded();
    maker.ended.throwIfAborted();
    const given = outward(relay, args);
    const answer = await askMaker(stub, given.value as readonly unknown[]);
    try {
      // A callback that answers with a callback has nobody who could let go of that.
      const { value, bytes } = cross(answer, (object) => objectOf(relay, behind(object)).dup());
      worker.charge(call, bytes);
      return value;
    } finally {
      letGo(answer);
    }
  };
  // What goes on is counted for the worker alone, so that others of the maker have their own.
  const call = (...marked: readonly unknown[]): Promise<unknown> => {
    const { call: number, args } = readCall(marked);
    return worker.call(() => relay.untilEnd(answerTo(number, args)));
  };
  const made = Object.assign(call, { [Symbol.dispose]: drop });
  MADE.set(made, { relay, stub });
  return made;
}

/** What a function of the maker throws is its own business, and no fault of the daemon's. */
async function askMaker(stub: MakerFunction, args: readonly unknown[]): Promise<unknown> {
  try {
    return await stub(...args);
  } catch (cause) {
    const message = 'Cannot go on: a function that the maker lent to the code has failed.';
    throw new PowerboxError('evaluation-failed', message, { cause });
  }
}

export function letGo(value: unknown): void {
  const isObject = (typeof value === 'object' || typeof value === 'function') && value !== null;
  if (isObject && Symbol.dispose in value) (value as Disposable)[Symbol.dispose]();
}

type CrossObject = (stub: object, made: <Made>(one: Made) => Made) => unknown;

/** What a value takes beside its text, in memory and in a message. */
const VALUE_BYTES = 16;

/** The nesting of what a peer sent was bounded when its message was read. */
function cross(
  value: unknown,
  object: CrossObject,
  reference: () => void = () => undefined,
): Crossed<unknown> {
  const made: unknown[] = [];
  const dispose = (): void => {
    for (const one of made.splice(0)) letGo(one);
  };
  const keep = <Made>(one: Made): Made => {
    made.push(one);
    return one;
  };
  let bytes = 0;
  const copy = (part: unknown): unknown => {
    bytes += VALUE_BYTES;
    if (typeof part === 'string') bytes += part.length;
    if (part === null || (typeof part !== 'object' && typeof part !== 'function')) return part;
    if (isStub(part)) return object(part, keep);
    if (typeof part === 'function' || isReference(part)) reference();
    if (Array.isArray(part)) return part.map(copy);
    if (part instanceof Uint8Array) {
      bytes += part.byteLength;
      return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    }
    if (part instanceof Date) return part;
    if (part instanceof Error) {
      bytes += part.name.length + part.message.length;
      return dataError(part);
    }
    if (Object.getPrototypeOf(part) !== Object.prototype) throw notPassable('an object of a class');
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => {
        bytes += key.length;
        return [key, copy(item)];
      }),
    );
  };
  try {
    return { value: copy(value), bytes, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

export function notPassable(what: string, hint?: string): PowerboxError {
  const options = hint === undefined ? {} : { hint };
  const message = `Cannot pass ${what} between code and its maker.`;
  return new PowerboxError('not-passable', message, options);
}
