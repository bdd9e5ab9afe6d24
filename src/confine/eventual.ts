import { PowerboxError } from '../wire/errors.ts';
import type { Handler, Sent } from './contract.ts';
import { callFar, farEntry, type Method } from './far.ts';
import { PRESENCE_METHODS_MAX } from './limits.ts';
import { harden } from './realm.ts';

/**
 * Eventual send: a message to an object that may be elsewhere, or not be there yet. It is
 * delivered in a later turn, so that the sender's own work is whole before anybody else runs, and
 * its answer is a promise. A message to an answer that is on its way goes after it without
 * waiting (promise pipelining).
 */

/** What stands behind a presence. */
const handlers = new WeakMap<object, Handler>();

/** Where messages to an answer go for as long as it is on its way. */
const pipelines = new WeakMap<object, Handler>();

export interface PresenceOptions {
  /** It can be called itself, which sends the empty name. */
  readonly callable?: boolean;
}

/**
 * An object that is elsewhere: `E(presence).method()` and `presence.method()` both send. It is
 * frozen, and any name that is a text is a method, but `then`, so that it can be awaited.
 */
export function makePresence<T extends object = object>(
  handler: Handler,
  options: PresenceOptions = {},
): T {
  const target = options.callable === true ? bareFunction() : Object.freeze({});
  const presence = new Proxy(target, new Presence(handler));
  handlers.set(presence, handler);
  return presence as T;
}

/** What stands behind an object, when it is a presence. */
export function handlerOf(value: unknown): Handler | undefined {
  return typeof value === 'object' || typeof value === 'function'
    ? handlers.get(value as object)
    : undefined;
}

export function isPresence(value: unknown): boolean {
  return handlerOf(value) !== undefined;
}

/** Without properties of its own, which a proxy would have to tell as they are. */
export function bareFunction(): () => void {
  const made = (): void => {};
  Reflect.deleteProperty(made, 'name');
  Reflect.deleteProperty(made, 'length');
  return Object.freeze(made);
}

class Presence implements ProxyHandler<object> {
  readonly #handler: Handler;
  readonly #methods = new Map<string, Method>();

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  get(target: object, name: string | symbol): unknown {
    if (typeof name === 'symbol' || name === 'then') return undefined;
    // What all objects have, so that a presence can be shown and compared as any object.
    if (name in target) return Reflect.get(target, name);
    const known = this.#methods.get(name);
    if (known !== undefined) return known;
    const handler = this.#handler;
    const method = harden((...args: readonly unknown[]) => sendOver(handler, name, args));
    if (this.#methods.size < PRESENCE_METHODS_MAX) this.#methods.set(name, method);
    return method;
  }

  apply(_target: object, _self: unknown, args: readonly unknown[]): unknown {
    return sendOver(this.#handler, '', args);
  }
}

function sendOver(handler: Handler, method: string, args: readonly unknown[]): Promise<unknown> {
  let sent: Sent;
  try {
    sent = handler.send(method, args);
  } catch (error) {
    // What cannot be sent, such as a value that cannot cross, is a failed answer as any other.
    return Promise.reject(error);
  }
  const { answer, next } = sent;
  pipelines.set(answer, next);
  const settled = (): void => {
    pipelines.delete(answer);
  };
  answer.then(settled, settled);
  return answer;
}

/** Sends a message. The answer's promise is rejected with what the method throws. */
export function send(target: unknown, method: string, args: readonly unknown[]): Promise<unknown> {
  const handler = handlerOf(target) ?? pipelines.get(target as object);
  return handler === undefined ? deliver(target, method, args) : sendOver(handler, method, args);
}

async function deliver(
  target: unknown,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  const object = await target;
  const handler = handlerOf(object);
  if (handler !== undefined) return sendOver(handler, method, args);
  if (farEntry(object) !== undefined) return callFar(object as object, method, args);
  return callPlain(object, method, args);
}

/** An object of the same compartment, which is no more than what its holder could call at once. */
function callPlain(object: unknown, method: string, args: readonly unknown[]): unknown {
  if (object === null || object === undefined) {
    throw new TypeError(`Cannot send ${method} to ${String(object)}.`);
  }
  const held: unknown = method === '' ? object : (object as Record<string, unknown>)[method];
  if (typeof held !== 'function') {
    throw new PowerboxError(
      'method-unknown',
      `Cannot send ${method.slice(0, 100)}: the object has no such method.`,
    );
  }
  return Reflect.apply(held as Method, object, args);
}

/** Any method of any name: what is there is known only where the object is. */
export type Sender = ((...args: readonly unknown[]) => Promise<unknown>) & {
  readonly [method: string]: (...args: readonly unknown[]) => Promise<unknown>;
};

/** The methods of `T`, each with a promise of what it gives. */
export type Eventual<T> = T extends (...args: infer A) => infer R
  ? (...args: A) => Promise<Awaited<R>>
  : {
      readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
        ? (...args: A) => Promise<Awaited<R>>
        : never;
    };

interface EventualSend {
  <T extends object>(target: T | PromiseLike<T>): Eventual<T>;
  (target: unknown): Sender;
  /** The same, for whoever does not wait for the answer; its failure is nobody's. */
  readonly sendOnly: {
    <T extends object>(target: T | PromiseLike<T>): Eventual<T>;
    (target: unknown): Sender;
  };
  /** Tells when a promise, or what is no promise, has come to something. */
  readonly when: <T, R>(
    value: T | PromiseLike<T>,
    done?: (value: T) => R | PromiseLike<R>,
    failed?: (reason: unknown) => R | PromiseLike<R>,
  ) => Promise<R>;
}

/** All proxies of `E` stand before this, so that nothing can be set on any of them. */
const NOTHING = bareFunction();

class Sending implements ProxyHandler<() => void> {
  readonly target: unknown;

  constructor(target: unknown) {
    this.target = target;
  }

  get(_nothing: unknown, name: string | symbol): unknown {
    // Else `await E(x)` would send `then`.
    if (typeof name === 'symbol' || name === 'then') return undefined;
    const { target } = this;
    return (...args: readonly unknown[]) => this.send(target, name, args);
  }

  apply(_nothing: unknown, _self: unknown, args: readonly unknown[]): unknown {
    return this.send(this.target, '', args);
  }

  send(target: unknown, method: string, args: readonly unknown[]): unknown {
    return send(target, method, args);
  }
}

class SendingOnly extends Sending {
  override send(target: unknown, method: string, args: readonly unknown[]): unknown {
    send(target, method, args).catch(() => {});
    return undefined;
  }
}

/**
 * `E(object).method(...args)` sends to an object here, a presence, or the promise of either.
 *
 * @example
 * const total = await E(E(bank).account('ann')).balance();
 */
export const E: EventualSend = Object.assign(
  (target: unknown) => new Proxy(NOTHING, new Sending(target)) as never,
  {
    sendOnly: (target: unknown) => new Proxy(NOTHING, new SendingOnly(target)) as never,
    when: (async (
      value: unknown,
      done: (value: unknown) => unknown = (same) => same,
      failed?: (reason: unknown) => unknown,
    ) => {
      let come: unknown;
      try {
        come = await value;
      } catch (reason) {
        if (failed === undefined) throw reason;
        return failed(reason);
      }
      return done(come);
    }) as EventualSend['when'],
  },
);
