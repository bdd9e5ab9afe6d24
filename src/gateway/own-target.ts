import { RpcStub } from 'capnweb';

/**
 * What a stub of capnweb stands for. When a peer sends back what this side gave it, it arrives as
 * a stub of the object that was given, and the library has no question for which one that is.
 * Without this a power could not be passed back as an argument and keep its identity. It depends
 * on the library's pinned version, so it refuses to load when the stub looks different.
 */
export type Behind =
  /** An object of this side. */
  | { readonly side: 'own'; readonly target: object }
  /** An object of the peer. */
  | { readonly side: 'peer' }
  /** What has not become an object yet, or never will. */
  | { readonly side: 'none' };

/** The key under which a stub shows its insides, told by the library to whoever asks as a stub. */
const INSIDES = findKey();

export function isStub(value: unknown): value is RpcStub<() => unknown> {
  return value instanceof RpcStub;
}

export function behind(stub: object): Behind {
  const raw = (stub as Record<symbol, unknown>)[INSIDES] as RawStub | undefined;
  const hook = raw?.hook;
  if (hook === undefined || (raw?.pathIfPromise?.length ?? 0) > 0) return { side: 'none' };
  if (isObject(hook.target)) return { side: 'own', target: hook.target };
  return isObject(hook.entry) ? { side: 'peer' } : { side: 'none' };
}

interface RawStub {
  readonly hook?: { readonly target?: unknown; readonly entry?: unknown };
  readonly pathIfPromise?: readonly unknown[];
}

function findKey(): symbol {
  let key: symbol | undefined;
  const spy = new Proxy(
    {},
    {
      get: (_, name) => {
        if (typeof name === 'symbol') key = name;
        return { hook: { onBroken: () => undefined } };
      },
    },
  );
  RpcStub.prototype.onRpcBroken.call(spy, () => undefined);
  if (key === undefined) throw new Error('This version of capnweb hides what a stub stands for.');
  return key;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}
