import type { RpcTarget } from 'capnweb';
import { newId } from '../../kernel/ids.ts';
import { HOST, type Kernel } from '../../kernel/kernel.ts';
import type { CompartmentDoor, CompartmentWords } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { type MakeTarget, targetsOf } from '../door-target.ts';
import { COMPARTMENTS_MAX, COMPARTMENTS_OF_MAKER_MAX } from '../limits.ts';
import type { Session } from '../session.ts';
import { type Compartment, makeCompartment } from './compartment.ts';
import { holderAs, readHolder } from './holder.ts';
import type { Place, Rooms } from './rooms.ts';
import { openedRow } from './rows.ts';
import type { EndowedObjects } from './side-target.ts';
import { COMPARTMENT_METHODS, limitsOf } from './words.ts';

/** All compartments of a daemon: who has which, and what ends them. */
export interface Compartments {
  /** Makes one for whoever is at this session: its door, as an object of the session. */
  open(session: Session, maker: string, words: CompartmentWords): Promise<RpcTarget>;
  /** The same for the daemon itself, which may say more of it. */
  make(
    session: Session,
    maker: string,
    words: CompartmentWords,
    more: MoreWords,
  ): Promise<Compartment>;
  /** One that runs as this guest. */
  runningAs(guest: string): string | null;
  count(): number;
  /** Ends them all. Resolves when nothing of them is left. */
  close(): Promise<void>;
}

/** What only the daemon itself can say of a compartment. */
export interface MoreWords {
  /** Id of a guest that stays, whose world the code gets, whoever the maker is. */
  readonly runAs?: string;
  readonly objects?: EndowedObjects;
}

/** The door of a compartment as an object of its maker's session. */
export const compartmentTarget: MakeTarget<CompartmentDoor> = targetsOf(COMPARTMENT_METHODS);

interface State {
  readonly kernel: Kernel;
  readonly rooms: Rooms;
  readonly now: () => number;
  readonly all: Set<Compartment>;
  /** How many each maker has, those that are being made included. */
  readonly ofMaker: Map<string, number>;
  closing: boolean;
}

export function makeCompartments(kernel: Kernel, rooms: Rooms, now: () => number): Compartments {
  const state: State = { kernel, rooms, now, all: new Set(), ofMaker: new Map(), closing: false };
  kernel.onRemoved((guest) => endOf(state, guest));
  const make: Compartments['make'] = async (session, maker, words, more) => {
    const leave = enter(state, maker);
    try {
      return await openFor(state, session, maker, words, more, leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
  return {
    make,
    async open(session, maker, words) {
      if (words.keep === true && maker !== HOST) {
        throw new PowerboxError(
          'call-invalid',
          'Cannot keep what a guest makes: only what the host makes can stay.',
        );
      }
      const { door } = await make(session, maker, words, {});
      return compartmentTarget(session, maker, door);
    },
    runningAs: (guest) => [...state.all].find((one) => one.guest === guest)?.id ?? null,
    count: () => state.all.size,
    async close() {
      state.closing = true;
      await endAll(state.all, 'the daemon ends');
    },
  };
}

/** Counts one more; throws `limit-exceeded`. Gives what counts it no more, once. */
function enter({ ofMaker, closing }: State, maker: string): () => void {
  const own = ofMaker.get(maker) ?? 0;
  const sum = [...ofMaker.values()].reduce((before, count) => before + count, 0);
  const isFull = sum >= COMPARTMENTS_MAX && maker !== HOST;
  if (own >= COMPARTMENTS_OF_MAKER_MAX || isFull) {
    throw new PowerboxError(
      'limit-exceeded',
      `Cannot make another compartment: ${own} of ${COMPARTMENTS_OF_MAKER_MAX} are yours, and ${sum} of ${COMPARTMENTS_MAX} are there.`,
    );
  }
  if (closing) throw new PowerboxError('daemon-unreachable', 'Cannot go on: the daemon ends.');
  ofMaker.set(maker, own + 1);
  let counted = true;
  return () => {
    if (!counted) return;
    counted = false;
    const left = (ofMaker.get(maker) ?? 1) - 1;
    if (left === 0) ofMaker.delete(maker);
    else ofMaker.set(maker, left);
  };
}

async function openFor(
  state: State,
  session: Session,
  maker: string,
  words: CompartmentWords,
  { runAs, objects = new Map() }: MoreWords,
  leave: () => void,
): Promise<Compartment> {
  const { kernel, now } = state;
  const id = newId('cm');
  const { isolation = 'own', clock = false, random = false } = words;
  const limits = limitsOf(words.limits);
  checkShared(words, runAs !== undefined);
  const makeHolder =
    runAs === undefined
      ? await readHolder(kernel, maker, id, words, now())
      : holderAs(kernel, runAs);
  const place = await state.rooms.take({ session, maker }, isolation === 'shared', limits);
  const { holder, principal } = await made(place, () => {
    // Whoever asked may be gone by now, or the daemon on its way out.
    session.ended.throwIfAborted();
    if (state.closing) throw new PowerboxError('daemon-unreachable', 'The daemon ends.');
    const principal = kernel.principal(maker);
    return kernel.together(() => {
      const holder = makeHolder();
      kernel.principal(holder.guest.id);
      kernel.recordNow(openedRow(id, holder));
      return { principal, holder };
    });
  });
  const compartment = makeCompartment({
    ...{ id, session, maker: principal, holder, objects, worker: place.worker, isolation },
    ...{ limits, clock, random, created: now() },
    leave: (error) => place.leave(error),
    ended: () => {
      state.all.delete(compartment);
      session.ended.removeEventListener('abort', orphaned);
      leave();
    },
  });
  const orphaned = (): void => void compartment.end(endedBecause('its maker has gone'));
  session.ended.addEventListener('abort', orphaned, { once: true });
  state.all.add(compartment);
  place.enter(compartment);
  compartment.begin();
  return compartment;
}

/** A place that is not taken is left again. */
async function made<T>(place: Place, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await place.leave(endedBecause('it could not be made'));
    throw error;
  }
}

/**
 * In a shared process a compartment ends by losing what it holds, as the process goes on. So what
 * runs there holds nothing that outlives it.
 */
function checkShared({ isolation, as, keep }: CompartmentWords, stays: boolean): void {
  if (isolation !== 'shared' || (as === undefined && keep !== true && !stays)) return;
  throw new PowerboxError(
    'call-invalid',
    'Cannot share a process with code that runs as a guest that stays: leave out isolation.',
  );
}

/** A guest was removed: what runs as it is gone when this resolves, and what it made has ended. */
async function endOf({ all }: State, guest: string): Promise<void> {
  const running = [...all].filter((one) => one.guest === guest);
  const below = [...all].filter((one) => one.maker === guest);
  const error = endedBecause('its guest was removed');
  await Promise.all([
    ...running.map((one) => {
      void one.end(error);
      return one.left();
    }),
    ...below.map((one) => one.end(endedBecause('the guest that made it was removed'))),
  ]);
}

async function endAll(compartments: Iterable<Compartment>, why: string): Promise<void> {
  await Promise.all([...compartments].map((one) => one.end(endedBecause(why))));
}

function endedBecause(why: string): PowerboxError {
  return new PowerboxError('compartment-ended', `The compartment has ended: ${why}.`);
}
