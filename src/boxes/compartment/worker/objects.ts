import { RpcTarget } from 'capnweb';
import { callFar, farEntry } from '../../../confine/far.ts';
import type { ReferenceKind } from '../../../confine/pass.ts';
import { PowerboxError } from '../../../wire/errors.ts';
import type { WorkerObject } from '../../../wire/worker.ts';
import { failure } from './failures.ts';

/** What an object of the code needs to be called by its maker. */
export interface ObjectRoom {
  /** The arguments as the code gets them; takes their stubs over. */
  brought(args: readonly unknown[]): readonly unknown[];
  /** The answer as the maker gets it. */
  given(value: unknown): unknown;
  /** Whatever may run code of the compartment runs in this. */
  guarded<T>(work: () => Promise<T>): Promise<T>;
}

interface Held {
  readonly room: ObjectRoom;
  readonly object: object;
  readonly kind: ReferenceKind;
}

const HELD = new WeakMap<object, Held>();
/** An object is the same for the maker however often it is given. */
const TARGETS = new WeakMap<ObjectRoom, WeakMap<object, ObjectTarget>>();

/** An object of the code, as the host holds it. */
export class ObjectTarget extends RpcTarget implements WorkerObject {
  async describe(): Promise<{ readonly methods: readonly string[]; readonly stream: boolean }> {
    const { object, kind } = heldBy(this);
    if (kind === 'stream') return { methods: ['next', 'return'], stream: true };
    const methods = [...(farEntry(object)?.methods.keys() ?? [])].filter((name) => name !== '');
    return { methods, stream: false };
  }

  async call(method: string, args: readonly unknown[]): Promise<unknown> {
    const { room, object, kind } = heldBy(this);
    return room.guarded(async () => {
      const brought = room.brought(args);
      const answer =
        kind === 'stream' ? read(object, method, brought) : call(object, method, brought);
      return room.given(await answer);
    });
  }
}

export function objectTarget(room: ObjectRoom, object: object, kind: ReferenceKind): ObjectTarget {
  let targets = TARGETS.get(room);
  if (targets === undefined) {
    targets = new WeakMap();
    TARGETS.set(room, targets);
  }
  const known = targets.get(object);
  if (known !== undefined) return known;
  const target = new ObjectTarget();
  HELD.set(target, { room, object, kind });
  targets.set(object, target);
  return target;
}

/** The object of the code behind what its maker brings back; undefined for one of another room. */
export function objectBehind(room: ObjectRoom, target: object): object | undefined {
  const held = HELD.get(target);
  return held?.room === room ? held.object : undefined;
}

function heldBy(target: object): Held {
  const held = HELD.get(target);
  if (held !== undefined) return held;
  throw new PowerboxError('reference-closed', 'Cannot use an object that was let go of.');
}

async function call(object: object, method: string, args: readonly unknown[]): Promise<unknown> {
  return callFar(object, method, args);
}

/** What is being read, by the object that gave it. */
const READING = new WeakMap<object, Iterating>();

interface Iterating {
  readonly iterator: object;
  readonly next: unknown;
}

async function read(object: object, method: string, args: readonly unknown[]): Promise<unknown> {
  if (method !== 'next' && method !== 'return') {
    throw new PowerboxError('method-unknown', 'Cannot do this: a stream has next and return.');
  }
  let reading = READING.get(object);
  if (reading === undefined) {
    reading = iterate(object);
    READING.set(object, reading);
  }
  const held: unknown = method === 'next' ? reading.next : Reflect.get(reading.iterator, 'return');
  if (typeof held !== 'function') return { done: true, value: undefined };
  const step: unknown = await Reflect.apply(held, reading.iterator, args.slice(0, 1));
  if (typeof step !== 'object' || step === null) {
    throw failure(new TypeError('The stream gave a step that is no object.'));
  }
  const { done, value } = step as { readonly done?: unknown; readonly value?: unknown };
  return { done: Boolean(done), value };
}

/** An object that can be iterated asynchronously, else in order, else one that is an iterator. */
function iterate(object: object): Iterating {
  const symbols = [Symbol.asyncIterator, Symbol.iterator] as const;
  const maker = symbols.map((symbol) => Reflect.get(object, symbol) as unknown).find(isFunction);
  const iterator: unknown = maker === undefined ? object : Reflect.apply(maker, object, []);
  if (typeof iterator !== 'object' || iterator === null) {
    throw failure(new TypeError('The stream gave an iterator that is no object.'));
  }
  return { iterator, next: Reflect.get(iterator, 'next') };
}

function isFunction(value: unknown): value is (...args: readonly unknown[]) => unknown {
  return typeof value === 'function';
}
