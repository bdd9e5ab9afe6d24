import { RpcPromise, RpcStub } from 'capnweb';
import type { Handler, Sent } from '../../../confine/contract.ts';
import { PowerboxError } from '../../../wire/errors.ts';
import type { Calls } from './calls.ts';
import { receivedFailure } from './failures.ts';

/** What capnweb gives for an object, or for the promise of one, that is elsewhere. */
export type Stub = ((...args: readonly unknown[]) => PromisedStub) & {
  readonly [method: string]: (...args: readonly unknown[]) => PromisedStub;
} & Disposable & { dup(): Stub };

export type PromisedStub = Stub & PromiseLike<unknown>;

/** Who is spoken to, which says what functions of the code become for them. */
export type Peer = 'power' | 'maker';

/** How values cross on the way to a peer and back. */
export interface Wire {
  readonly calls: Calls;
  /** Throws `not-passable`. */
  out(args: readonly unknown[], peer: Peer): readonly unknown[];
  /** Takes the answer's stubs over. */
  in(answer: unknown, peer: Peer): unknown;
}

export function isStub(value: unknown): value is Stub {
  return value instanceof RpcStub;
}

/**
 * What stands behind a presence. The stub itself never gets to code: of a stub, names such as `map`
 * and `dup` are methods of the library's own, so those are no methods here.
 */
export class StubHandler implements Handler {
  readonly #wire: Wire;
  readonly peer: Peer;
  #stub: Stub | undefined;
  /** Where it is not there before something was sent. */
  readonly #find: (() => Stub) | undefined;
  /** What messages call it. */
  readonly #name: string;

  constructor(wire: Wire, peer: Peer, stub: Stub | (() => Stub), name = 'The object') {
    this.#wire = wire;
    this.peer = peer;
    this.#name = name;
    if (isStub(stub)) this.#stub = stub;
    else this.#find = stub as () => Stub;
  }

  /** For a message that names it. */
  get stub(): Stub {
    this.#stub ??= this.#find?.();
    if (this.#stub === undefined) throw new PowerboxError('internal', 'A call was not sent yet.');
    return this.#stub;
  }

  send(method: string, args: readonly unknown[]): Sent {
    if (isOfLibrary(method)) {
      throw this.#withoutMethod(method);
    }
    const given = this.#wire.out(args, this.peer);
    // While it waits, what it names must not be let go of.
    const named = new Set(args);
    let sent: PromisedStub | undefined;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#wire.calls.begin(() => {
        try {
          const { stub } = this;
          named.clear();
          sent = method === '' ? stub(...given) : (stub[method] as Stub)(...given);
          resolve(this.#receive(sent, method));
        } catch (error) {
          this.#wire.calls.end();
          reject(receivedFailure(error));
        }
      });
    });
    return { answer, next: new StubHandler(this.#wire, this.peer, () => sent as Stub) };
  }

  async #receive(sent: PromisedStub, method: string): Promise<unknown> {
    let answer: unknown;
    try {
      answer = await sent;
    } catch (error) {
      const failed = receivedFailure(error);
      const { code } = failed as { readonly code?: unknown };
      // The gateway does not know what the code calls it.
      if (this.peer === 'power' && code === 'method-unknown') throw this.#withoutMethod(method);
      throw failed;
    } finally {
      this.#wire.calls.end();
    }
    return this.#wire.in(answer, this.peer);
  }

  #withoutMethod(method: string): PowerboxError {
    const what = method === '' ? 'is no function' : `has no method ${method.slice(0, 100)}`;
    return new PowerboxError('method-unknown', `${this.#name} ${what}.`);
  }
}

function isOfLibrary(method: string): boolean {
  return method in RpcPromise.prototype || method in RpcStub.prototype;
}
