import { RpcTarget } from 'capnweb';
import type { ConsoleLevel } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { makePowerTarget } from '../power-target.ts';
import { readCall } from '../screen.ts';
import type { Session } from '../session.ts';

/** What a worker can ask of the daemon for one of its compartments. */
export interface Side {
  readonly session: Session;
  readonly holder: string;
  /** Grants by the name that the code sees. */
  readonly powers: ReadonlyMap<string, string>;
  /** Objects of the daemon's own by the name that the code sees. */
  readonly objects: EndowedObjects;
  say(level: ConsoleLevel, text: string): void;
}

/** Each is made for the session of the worker that asks for it. */
export type EndowedObjects = ReadonlyMap<string, (session: Session) => RpcTarget>;

const SIDES = new WeakMap<object, Side>();
const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'log', 'info', 'warn', 'error']);

/** The whole of what a worker holds of the daemon: the powers of one compartment, and its console. */
export class SideTarget extends RpcTarget {
  async power(...marked: readonly unknown[]): Promise<unknown> {
    const { session, holder, powers, objects } = sideOf(this);
    const [name] = readCall(marked).args;
    const object = typeof name === 'string' ? objects.get(name) : undefined;
    if (object !== undefined) return object(session);
    const grant = typeof name === 'string' ? powers.get(name) : undefined;
    if (grant === undefined) {
      throw new PowerboxError(
        'endowment-missing',
        `Cannot use ${JSON.stringify(String(name).slice(0, 64))}: the code was not given it.`,
      );
    }
    const reference = session.host.kernel.reference(holder, grant);
    return makePowerTarget(session, holder, reference, () => undefined);
  }

  async say(...marked: readonly unknown[]): Promise<void> {
    const [level, text] = readCall(marked).args;
    if (!LEVELS.has(level) || typeof text !== 'string') {
      throw new PowerboxError('call-invalid', 'Cannot write this to a console.');
    }
    sideOf(this).say(level as ConsoleLevel, text);
  }
}

export function sideTarget(side: Side): SideTarget {
  const target = new SideTarget();
  SIDES.set(target, side);
  return target;
}

/** The compartment has ended: what its worker still holds is worth nothing. */
export function dropSide(target: SideTarget): void {
  SIDES.delete(target);
}

function sideOf(target: object): Side {
  const side = SIDES.get(target);
  if (side !== undefined) return side;
  throw new PowerboxError('compartment-ended', 'Cannot do this: the compartment has ended.');
}
