import { RpcTarget } from 'capnweb';
import { type Guard, guardOf } from '../ocap/derive.ts';
import type { MethodDefinition } from '../ocap/power.ts';
import type { GuestDoor, HostDoor } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { answer, crossIn } from './crossing.ts';
import { GUEST_METHODS, HOST_METHODS } from './door-methods.ts';
import { readCall } from './screen.ts';
import type { Session } from './session.ts';

/** What a peer begins with: a door as an object of its session. */
interface OpenDoor {
  readonly session: Session;
  readonly holder: string;
  readonly door: object;
}

const OPEN = new WeakMap<object, OpenDoor>();

export type MakeTarget<Door extends object> = (
  session: Session,
  holder: string,
  door: Door,
) => RpcTarget;

/** Makes objects of a session that have these methods and no other. */
export function targetsOf<Door extends object>(
  methods: Readonly<Record<string, MethodDefinition>>,
): MakeTarget<Door> {
  const Target = classOf(methods);
  return (session, holder, door) => {
    const target = new Target();
    OPEN.set(target, { session, holder, door });
    return target;
  };
}

export const guestTarget: MakeTarget<GuestDoor> = targetsOf(GUEST_METHODS);
export const hostTarget: MakeTarget<HostDoor> = targetsOf(HOST_METHODS);

type DoorMethod = (...args: readonly unknown[]) => Promise<unknown>;

/** As with powers, the prototype has the methods of the table and nothing else. */
function classOf(methods: Readonly<Record<string, MethodDefinition>>): typeof RpcTarget {
  const guard: Guard = guardOf({ kind: 'door', facets: { root: methods } });
  const Target = class extends RpcTarget {};
  for (const name of Object.keys(methods)) {
    Object.defineProperty(Target.prototype, name, {
      value(this: object, ...args: readonly unknown[]): Promise<unknown> {
        return enter(OPEN.get(this), guard, name, args);
      },
    });
  }
  return Target;
}

async function enter(
  open: OpenDoor | undefined,
  guard: Guard,
  name: string,
  marked: readonly unknown[],
): Promise<unknown> {
  if (open === undefined)
    throw new PowerboxError('call-invalid', 'Cannot call a method of a door without the door.');
  const { session, holder, door } = open;
  const { call, args } = readCall(marked);
  return session.call(async () => {
    // A guest that was removed has no door, even where a session of it is still open.
    session.host.kernel.principal(holder);
    const brought = crossIn(session, holder, args);
    try {
      const passed = guard('root', name, brought.values);
      const method = (door as unknown as Record<string, DoorMethod>)[name] as DoorMethod;
      return answer(session, holder, call, await method(...passed));
    } finally {
      brought.dispose();
    }
  });
}
