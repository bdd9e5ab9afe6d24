import { PowerboxError } from '../wire/errors.ts';
import { bareFunction, isPresence, send } from './eventual.ts';
import { Far, farEntry, type Method, markForwarder } from './far.ts';
import { dataOf } from './inspect.ts';
import { PRESENCE_METHODS_MAX, PROTOTYPES_MAX } from './limits.ts';
import { harden } from './realm.ts';

/** One call of a method of a facade. The empty name is the call of a function. */
export interface FacadeCall {
  readonly method: string;
  readonly args: readonly unknown[];
  /** Calls what is behind, with these arguments. */
  proceed(args: readonly unknown[]): unknown;
}

/**
 * Stands before an object: has its methods, or those of `only`, and what happens when one is
 * called is `around`. Which function a method is was settled when the facade was made, so nothing
 * can be put in its place between a check and its call. An object that gives itself gives the
 * facade.
 */
export function makeFacade<T extends object>(
  object: T,
  around: (call: FacadeCall) => unknown,
  only?: readonly string[],
): T {
  const methods = methodsBehind(object);
  const made: { facade?: object } = {};
  const forwarder = (method: string, call: (args: readonly unknown[]) => unknown): Method => {
    const proceed = (args: readonly unknown[]): unknown => {
      const result = call(args);
      return result === object ? made.facade : selfOfPromise(result, object, made);
    };
    return (...args) => around({ method, args, proceed });
  };
  made.facade = build(object, methods, forwarder, only);
  return made.facade as T;
}

type MakeForwarder = (method: string, call: (args: readonly unknown[]) => unknown) => Method;

function build(
  object: object,
  methods: ReadonlyMap<string, Method> | undefined,
  forwarder: MakeForwarder,
  only: readonly string[] | undefined,
): object {
  const name = farEntry(object)?.name ?? 'facade';
  if (methods === undefined && only === undefined) return openFacade(object, name, forwarder);
  const names = only ?? [...(methods?.keys() ?? [])];
  const forwarders: Record<string, Method> = {};
  for (const method of names) {
    const held = methods?.get(method);
    if (methods !== undefined && held === undefined) {
      throw new PowerboxError('method-unknown', `Cannot stand before it: it has no ${method}.`);
    }
    const call =
      held === undefined
        ? (args: readonly unknown[]) => send(object, method, args)
        : (args: readonly unknown[]) => Reflect.apply(held, object, args);
    if (method === '') return Far(name, forwarder('', call));
    Object.defineProperty(forwarders, method, { value: forwarder(method, call), enumerable: true });
  }
  return Far(name, forwarders);
}

/** Before an object that is elsewhere: any name may be a method. */
function openFacade(object: object, name: string, forwarder: MakeForwarder): object {
  const methods = new Map<string, Method>();
  const find = (method: string): Method => {
    const known = methods.get(method);
    if (known !== undefined) return known;
    const made = harden(forwarder(method, (args) => send(object, method, args)));
    if (methods.size < PRESENCE_METHODS_MAX) methods.set(method, made);
    return made;
  };
  const target: object = typeof object === 'function' ? bareFunction() : Object.freeze({});
  const facade = new Proxy(target, {
    get: (_target, key) => {
      if (typeof key === 'symbol' || key === 'then') return undefined;
      return key in target ? Reflect.get(target, key) : find(key);
    },
    apply: (_target, _self, args: readonly unknown[]) => find('')(...args),
  });
  markForwarder(facade, name, find);
  return facade;
}

/** The methods of an object and of its classes; `undefined` when only elsewhere knows them. */
function methodsBehind(object: object): ReadonlyMap<string, Method> | undefined {
  if (isPresence(object)) return undefined;
  const entry = farEntry(object);
  if (entry !== undefined) return entry.find === undefined ? entry.methods : undefined;
  if (typeof object === 'function') return new Map([['', object as unknown as Method]]);
  const methods = new Map<string, Method>();
  let at: object | null = object;
  for (
    let steps = 0;
    at !== null && at !== Object.prototype && steps < PROTOTYPES_MAX;
    steps += 1
  ) {
    for (const key of Object.getOwnPropertyNames(at)) {
      const held = dataOf(at, key);
      if (key === 'constructor' || methods.has(key) || typeof held !== 'function') continue;
      methods.set(key, held as Method);
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return methods;
}

function selfOfPromise(result: unknown, object: object, made: { facade?: object }): unknown {
  if (!(result instanceof Promise)) return result;
  return (async () => {
    const value: unknown = await result;
    return value === object ? made.facade : value;
  })();
}
