import { RpcStub } from 'capnweb';

/**
 * The object of this process that a stub stands for, when the peer has sent it back; undefined for
 * an object of the peer. The library has no question for that, so this depends on its pinned
 * version, and refuses to load when the stub looks different.
 */
export function ownObject(stub: object): object | undefined {
  const raw = (stub as Record<symbol, unknown>)[INSIDES] as RawStub | undefined;
  const target = raw?.pathIfPromise?.length ? undefined : raw?.hook?.target;
  return typeof target === 'object' || typeof target === 'function'
    ? (target ?? undefined)
    : undefined;
}

interface RawStub {
  readonly hook?: { readonly target?: object | null };
  readonly pathIfPromise?: readonly unknown[];
}

/** The key under which a stub shows its insides, told by the library to whoever asks as a stub. */
const INSIDES = findKey();

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
