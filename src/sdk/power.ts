import { RpcStub } from 'capnweb';
import { plainBytes } from './bytes.ts';
import { meant } from './failures.ts';

/** A power as its holder uses it: the methods of its kind. */
export type Power = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>> &
  Disposable;

interface Held {
  readonly stub: RpcStub<() => unknown>;
  /** Of a power that was looked up; objects that it gave back are given on by no name. */
  readonly grant: string | null;
}

const HELD = new WeakMap<object, Held>();

/** A power, or an object that one gave. */
export function powerOf(stub: RpcStub<() => unknown>, grant: string | null): Power {
  const methods = new Map<string, (...args: readonly unknown[]) => Promise<unknown>>();
  const far = stub as unknown as Record<string, (...args: unknown[]) => PromiseLike<unknown>> &
    Disposable;
  const power = new Proxy(Object.freeze(Object.create(null)) as Power, {
    get(_, name) {
      if (name === Symbol.dispose) return () => far[Symbol.dispose]();
      // A promise looks for this one in whatever it is resolved with.
      if (typeof name !== 'string' || name === 'then') return undefined;
      const known = methods.get(name);
      if (known !== undefined) return known;
      const method = async (...args: readonly unknown[]): Promise<unknown> => {
        const answer = await meant(async () => far[name]?.(...args.map(toPower)));
        return fromPower(answer);
      };
      methods.set(name, method);
      return method;
    },
  });
  HELD.set(power, { stub, grant });
  return power;
}

/** What stands behind a power; undefined for anything else. */
export function stubOf(power: object): object | undefined {
  return HELD.get(power)?.stub;
}

/** The grant of a power that was looked up; undefined for anything else. */
export function grantOf(power: unknown): string | undefined {
  if (typeof power !== 'object' || power === null) return undefined;
  return HELD.get(power)?.grant ?? undefined;
}

function fromPower(value: unknown): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (value instanceof RpcStub) return powerOf(value as RpcStub<() => unknown>, null);
  if (Array.isArray(value)) return value.map(fromPower);
  if (value instanceof Uint8Array) return plainBytes(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPower(item)]));
}

function toPower(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const held = HELD.get(value);
  if (held !== undefined) return held.stub;
  if (Array.isArray(value)) return value.map(toPower);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPower(item)]));
}
