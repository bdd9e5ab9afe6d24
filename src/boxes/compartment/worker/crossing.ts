import type { Handler } from '../../../confine/contract.ts';
import { handlerOf, makePresence } from '../../../confine/eventual.ts';
import { type Crossing, passIn, passOut, type ReferenceKind } from '../../../confine/pass.ts';
import { PowerboxError } from '../../../wire/errors.ts';
import { ownObject } from './behind.ts';
import { Calls } from './calls.ts';
import { dataError, failure } from './failures.ts';
import { letGoWith } from './let-go.ts';
import { type ObjectRoom, objectBehind, objectTarget } from './objects.ts';
import { isStub, type Peer, type Stub, StubHandler, type Wire } from './stubs.ts';
import { checkSize } from './wire-size.ts';

/**
 * The wall of one compartment. Every value is copied on its way through; objects become presences
 * on the way in, and objects of the host's on the way out. Neither a stub nor a promise of the
 * protocol's, nor anything of the platform's, is on the inner side; no object of the code's is on
 * the outer.
 */
export class Wall implements Wire, ObjectRoom {
  readonly calls: Calls = new Calls();
  #over: PowerboxError | undefined;

  /** Refuses everything from now on. */
  end(why: PowerboxError): void {
    this.#over ??= why;
    this.calls.close();
  }

  /** A power that the code holds from its start; looked up when it is first used. */
  power(name: string, find: () => Stub): object {
    return makePresence(new StubHandler(this, 'power', find, name));
  }

  out(args: readonly unknown[], peer: Peer): readonly unknown[] {
    if (this.#over !== undefined) throw this.#over;
    const to = peer === 'power' ? this.#toPower : this.#toMaker;
    const passed = args.map((arg, index) => passOut(arg, to, `argument ${index + 1}`));
    checkSize(passed, 'the arguments');
    return passed;
  }

  in(answer: unknown, peer: Peer): unknown {
    const dispose = disposerOf(answer);
    try {
      return passIn(answer, peer === 'power' ? this.#fromPower : this.#fromMaker, 'answer');
    } finally {
      dispose();
    }
  }

  brought(args: readonly unknown[]): readonly unknown[] {
    return args.map((arg) => passIn(arg, this.#fromMaker));
  }

  given(value: unknown): unknown {
    const passed = passOut(value, this.#answer);
    checkSize(passed, 'the result');
    return passed;
  }

  /** Data that the maker gives with a program; nothing in it is an object. */
  data(value: unknown): unknown {
    return passIn(value, DATA_ONLY);
  }

  async guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#over !== undefined) throw this.#over;
    try {
      const done = await work();
      if (this.#over !== undefined) throw this.#over;
      return done;
    } catch (error) {
      throw this.#over ?? failure(error);
    }
  }

  readonly #fromPower: Crossing = this.#inward('power');
  readonly #fromMaker: Crossing = this.#inward('maker');

  readonly #toPower: Crossing = {
    known: (value) => stubOf(value),
    error: dataError,
    reference: (value, kind) => {
      if (kind === 'function') return this.#callback(value as Callback);
      throw new PowerboxError(
        'not-passable',
        `Cannot pass ${nameOf(kind)} to a power: it takes data, functions and powers.`,
      );
    },
  };

  /** The library keeps a stub that it is given with a call, so that one stays with its presence. */
  readonly #toMaker: Crossing = {
    known: (value) => makerStub(value),
    error: dataError,
    reference: (value, kind) => {
      // Powers go from hand to hand as grants; through the maker's line nobody would count them.
      if (handlerOf(value) === undefined) return objectTarget(this, value, kind);
      throw new PowerboxError('not-passable', 'Cannot pass a power out: give what it answers.');
    },
  };

  /** Of an answer it takes the stubs over. */
  readonly #answer: Crossing = {
    ...this.#toMaker,
    known: (value) => makerStub(value)?.dup(),
  };

  #inward(peer: Peer): Crossing {
    return {
      known: (value) => (isStub(value) ? this.#object(value, peer) : undefined),
      reference: (_, kind) => {
        throw new PowerboxError('not-passable', `Cannot take ${nameOf(kind)} from outside.`);
      },
    };
  }

  #object(stub: Stub, peer: Peer): object {
    const target = ownObject(stub);
    const own = target === undefined ? undefined : objectBehind(this, target);
    if (own !== undefined) return own;
    const kept = stub.dup();
    const handler = new StubHandler(this, peer, kept);
    letGoWith(handler, kept, peer);
    return makePresence(handler, { callable: peer === 'maker' });
  }

  /** A function of the code's, as a power calls it. */
  #callback(work: Callback): Callback {
    return (...args) =>
      this.guarded(async () => {
        const given = args.map((arg) => passIn(arg, this.#fromPower));
        const passed = passOut(await work(...given), { ...this.#toPower, known: answerToPower });
        checkSize(passed, 'the answer');
        return passed;
      });
  }
}

type Callback = (...args: readonly unknown[]) => unknown;

const DATA_ONLY: Crossing = {
  reference: () => {
    throw new PowerboxError('not-passable', 'Cannot take an object with a program: give data.');
  },
};

/** What the message names for a presence. */
function stubOf(value: object): Stub | undefined {
  const handler: Handler | undefined = handlerOf(value);
  return handler instanceof StubHandler ? handler.stub : undefined;
}

function answerToPower(value: object): Stub | undefined {
  return stubOf(value)?.dup();
}

/** A function of the maker's goes back to it as itself. */
function makerStub(value: object): Stub | undefined {
  const handler = handlerOf(value);
  return handler instanceof StubHandler && handler.peer === 'maker' ? handler.stub : undefined;
}

function nameOf(kind: ReferenceKind): string {
  return kind === 'function' ? 'a function' : kind === 'stream' ? 'a stream' : 'an object';
}

/** Takes from an answer what the library put on it, and gives it. */
function disposerOf(answer: unknown): () => void {
  if ((typeof answer !== 'object' && typeof answer !== 'function') || answer === null) {
    return () => undefined;
  }
  if (isStub(answer)) return () => answer[Symbol.dispose]();
  const dispose = (answer as Partial<Disposable>)[Symbol.dispose];
  if (dispose === undefined) return () => undefined;
  delete (answer as Partial<Disposable>)[Symbol.dispose];
  return dispose;
}
