import { RpcTarget } from 'capnweb';
import type { FarObject } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { FAR_METHODS_MAX, METHOD_CHARS_MAX } from '../limits.ts';
import { readCall } from '../screen.ts';
import {
  type Crossed,
  inward,
  letGo,
  notPassable,
  outward,
  type Relay,
  type WorkerStub,
} from './relay.ts';

interface Far {
  readonly relay: Relay;
  readonly stub: WorkerStub;
  /** Lets go of the worker's object. May be called again. */
  drop(): void;
}

const FARS = new WeakMap<object, Far>();

/** An object of a compartment's code, as an object of its maker's session. */
class FarTarget extends RpcTarget {
  async describe(...marked: readonly unknown[]): Promise<FarObject> {
    const { relay, stub } = farOf(this);
    const { call } = readCall(marked);
    return relay.maker.call(async () => {
      const described: unknown = await relay.ask(() => stub.describe());
      return charged(relay, call, outward(relay, readDescription(described))) as FarObject;
    });
  }

  async call(...marked: readonly unknown[]): Promise<unknown> {
    const { relay, stub } = farOf(this);
    const { call, args: said } = readCall(marked);
    const [method, args] = said;
    if (typeof method !== 'string' || method.length > METHOD_CHARS_MAX || !Array.isArray(args)) {
      throw new PowerboxError('call-invalid', 'Cannot call this: it is a name and a list.');
    }
    return relay.maker.call(async () => {
      // What will not be sent must not be kept for it either.
      relay.throwIfEnded();
      const given = inward(relay, args);
      const answer = await relay.ask(() => stub.call(method, given.value));
      try {
        return charged(relay, call, outward(relay, answer));
      } finally {
        letGo(answer);
      }
    });
  }

  [Symbol.dispose](): void {
    FARS.get(this)?.drop();
  }
}

/** A worker's object for the maker; takes the stub over. */
export function farTarget(relay: Relay, stub: WorkerStub): RpcTarget {
  const target = new FarTarget();
  const drop = relay.keepObject(relay.maker, stub, () => FARS.delete(target));
  FARS.set(target, { relay, stub, drop });
  return target;
}

/** The worker's object behind what the maker brings back; undefined for that of another code. */
export function workerObjectOf(target: object, relay: Relay): WorkerStub | undefined {
  const far = FARS.get(target);
  return far?.relay === relay ? far.stub : undefined;
}

function farOf(target: object): Far {
  const far = FARS.get(target);
  if (far !== undefined) return far;
  throw new PowerboxError('reference-closed', 'Cannot use an object that was let go of.');
}

/** An answer to a call of the maker, which holds it until it lets go of the call. */
export function charged({ maker }: Relay, call: number, crossed: Crossed<unknown>): unknown {
  try {
    maker.charge(call, crossed.bytes);
  } catch (error) {
    crossed.dispose();
    throw error;
  }
  return crossed.value;
}

/** What a worker says of an object is shown to people: it is a short list of names. */
function readDescription(described: unknown): FarObject {
  const { methods, stream } = (described ?? {}) as { methods?: unknown; stream?: unknown };
  const isList =
    Array.isArray(methods) &&
    methods.length <= FAR_METHODS_MAX &&
    methods.every((name) => typeof name === 'string' && name.length <= METHOD_CHARS_MAX);
  if (!isList) throw notPassable('an object that does not say what it has');
  return { methods: [...(methods as readonly string[])], stream: stream === true };
}
