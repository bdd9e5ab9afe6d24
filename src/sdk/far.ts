import { RpcStub } from 'capnweb';
import type { FarObject } from '../wire/compartment.ts';
import { plainBytes } from './bytes.ts';
import { meant } from './failures.ts';
import { stubOf } from './power.ts';

/**
 * An object of a compartment, here: its methods as asynchronous ones. A function is a function, and
 * a stream can be iterated. Let go of with `using`, or by itself when nobody holds it any more.
 */
export type Far = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>> &
  Disposable;

/** What stands behind each far object, so that it comes back to its compartment as itself. */
const STUBS = new WeakMap<object, FarStub>();

type FarStub = Disposable & {
  dup(): FarStub;
  describe(): PromiseLike<FarObject>;
  call(method: string, args: readonly unknown[]): PromiseLike<unknown>;
};

const forgotten = new FinalizationRegistry<FarStub>((stub) => stub[Symbol.dispose]());

/** What came from a compartment: data as it is, objects as far ones. */
export async function fromCompartment(value: unknown): Promise<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (value instanceof RpcStub) return farOf(value as unknown as FarStub);
  if (Array.isArray(value)) return Promise.all(value.map(fromCompartment));
  if (value instanceof Uint8Array) return plainBytes(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [
    key,
    await fromCompartment(item),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** What goes into a compartment: far objects as what they are, functions as callbacks. */
export function toCompartment(value: unknown): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  // A power is sent as one, for the daemon to refuse it.
  const stub = STUBS.get(value) ?? stubOf(value);
  if (stub !== undefined) return stub;
  if (typeof value === 'function') return callback(value as (...args: unknown[]) => unknown);
  if (Array.isArray(value)) return value.map(toCompartment);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toCompartment(item)]));
}

function callback(call: (...args: unknown[]) => unknown): (...args: unknown[]) => Promise<unknown> {
  return async (...args) => {
    // The library takes back what came with a call when the call is over.
    const kept = await Promise.all(args.map((arg) => fromCompartment(duplicated(arg))));
    return toCompartment(await call(...kept));
  };
}

function duplicated(value: unknown): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (value instanceof RpcStub) return (value as unknown as FarStub).dup();
  if (Array.isArray(value)) return value.map(duplicated);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, duplicated(item)]));
}

async function farOf(stub: FarStub): Promise<object> {
  const { methods, stream } = await meant(() => stub.describe());
  const send = async (method: string, args: readonly unknown[]): Promise<unknown> => {
    const answer = await meant(() => stub.call(method, args.map(toCompartment)));
    return fromCompartment(answer);
  };
  const far = stream
    ? streamOf(send, methods)
    : methods.length > 0
      ? objectOf(send, methods)
      : functionOf(send);
  Object.defineProperty(far, Symbol.dispose, { value: () => stub[Symbol.dispose]() });
  STUBS.set(far, stub);
  forgotten.register(far, stub);
  return Object.freeze(far);
}

type Send = (method: string, args: readonly unknown[]) => Promise<unknown>;

function functionOf(send: Send): object {
  return (...args: readonly unknown[]) => send('', args);
}

/** Whatever an object calls its methods, here they are no more than that: it has no prototype. */
function objectOf(send: Send, methods: readonly string[]): object {
  const far = Object.create(null) as Record<string, unknown>;
  for (const name of methods) {
    // A promise that is resolved with what has such a method would call it.
    if (name === 'then') continue;
    far[name] = (...args: readonly unknown[]) => send(name, args);
  }
  return far;
}

function streamOf(send: Send, methods: readonly string[]): object {
  const next = async (): Promise<IteratorResult<unknown>> => {
    const { done, value } = (await send('next', [])) as { done?: unknown; value?: unknown };
    return done === true ? { done: true, value: undefined } : { done: false, value };
  };
  const leave = async (): Promise<IteratorResult<unknown>> => {
    if (methods.includes('return')) await send('return', []);
    return { done: true, value: undefined };
  };
  const far: AsyncIterableIterator<unknown> = {
    next,
    return: leave,
    [Symbol.asyncIterator]: () => far,
  };
  return far;
}
