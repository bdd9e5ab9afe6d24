import type { WorkerBox } from '../../boxes/compartment/start.ts';
import { HOST } from '../../kernel/kernel.ts';
import type { CompartmentLimits } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { GUEST_MEMORY_BYTES_MAX, WORKERS_MAX } from '../limits.ts';
import type { Session, SessionHost } from '../session.ts';
import type { Compartment } from './compartment.ts';
import { endError } from './end-error.ts';
import { rehearse } from './rehearse.ts';
import { endWorker, openWorker, type Worker, type Workers } from './worker.ts';

/**
 * The processes that compartments run in: one for each, or one for the shared ones that one maker
 * has in a session. A session of the host can have the doors of many makers.
 */
export interface Rooms {
  take(owner: Owner, shared: boolean, limits: Required<CompartmentLimits>): Promise<Place>;
  warm(): number;
}

/** Who makes a compartment, and in which session. */
export interface Owner {
  readonly session: Session;
  readonly maker: string;
}

/** The place of one compartment in a process. */
export interface Place {
  readonly worker: Worker;
  /** The end of the process is from now on the end of this compartment. */
  enter(compartment: Compartment): void;
  /** Resolves when the process is gone, at once when others go on in it. May be called again. */
  leave(error: PowerboxError): Promise<void>;
}

interface Room {
  readonly worker: Worker;
  /** Of the process; those of its first compartment. */
  readonly limits: Required<CompartmentLimits>;
  readonly inside: Set<Compartment>;
  /** Places that were taken and not left. */
  places: number;
}

interface State {
  readonly workers: Workers;
  readonly host: SessionHost;
  readonly rooms: Set<Room>;
  readonly shared: WeakMap<Session, Map<string, Promise<Room>>>;
  /** What the processes of each guest may take together. */
  readonly memory: Map<string, number>;
  /** Rooms, and those that are on their way. */
  count: number;
  /** The sessions of processes that wait to be taken. */
  readonly waiting: Map<WorkerBox, Worker>;
}

export function makeRooms(workers: Workers, host: SessionHost): Rooms {
  const state: State = {
    ...{ workers, host, rooms: new Set(), shared: new WeakMap() },
    ...{ memory: new Map(), count: 0, waiting: new Map() },
  };
  workers.onReady((box) => prepare(state, box));
  return {
    async take(owner, shared, limits) {
      const room = shared
        ? await sharedRoom(state, owner, limits)
        : await openRoom(state, owner.maker, limits);
      room.places += 1;
      return placeIn(state, room);
    },
    warm: () => workers.warm(),
  };
}

/** Opens the session of a process that nobody has taken yet, and has it do what it will have to. */
function prepare({ host, waiting }: State, box: WorkerBox): void {
  const worker = openWorker(host, box);
  waiting.set(box, worker);
  void worker.ended.then(() => waiting.delete(box));
  // One that fails is found out by whoever takes it.
  rehearse(worker.main, () => waiting.has(box)).catch(() => undefined);
}

async function sharedRoom(
  state: State,
  { session, maker }: Owner,
  limits: Required<CompartmentLimits>,
): Promise<Room> {
  const ofSession = state.shared.get(session) ?? new Map<string, Promise<Room>>();
  state.shared.set(session, ofSession);
  const known = ofSession.get(maker);
  if (known !== undefined) {
    const room = await known.catch(() => undefined);
    if (room !== undefined && state.rooms.has(room)) return room;
  }
  const opening = openRoom(state, maker, limits);
  ofSession.set(maker, opening);
  return opening;
}

async function openRoom(
  state: State,
  maker: string,
  limits: Required<CompartmentLimits>,
): Promise<Room> {
  // What the host makes has a bound of its own, so that guests cannot keep it from making any.
  if (state.count >= WORKERS_MAX && maker !== HOST) {
    throw new PowerboxError(
      'limit-exceeded',
      `Cannot start another process for a compartment: ${state.count} run, and that is the most.`,
    );
  }
  const { memoryBytes, turnMs, cpuMs, lifeMs } = limits;
  const giveBack = takeMemory(state, maker, memoryBytes);
  state.count += 1;
  try {
    const box = await state.workers.take({ memoryBytes, turnMs, cpuMs, lifeMs });
    const worker = state.waiting.get(box) ?? openWorker(state.host, box);
    state.waiting.delete(box);
    const room = { worker, limits, inside: new Set<Compartment>(), places: 0 };
    worker.session.claim(maker);
    state.rooms.add(room);
    void worker.ended.then((end) => {
      state.rooms.delete(room);
      state.count -= 1;
      giveBack();
      // However it ended, nothing more is heard of it.
      const error = misconduct(worker) ?? endError(end, limits);
      worker.session.end(error);
      for (const one of [...room.inside]) void one.end(error);
    });
    return room;
  } catch (error) {
    state.count -= 1;
    giveBack();
    throw error;
  }
}

/** Throws `limit-exceeded`. What the host makes is bounded by the machine, as its programs are. */
function takeMemory({ memory }: State, maker: string, bytes: number): () => void {
  if (maker === HOST) return () => undefined;
  const taken = memory.get(maker) ?? 0;
  if (taken + bytes > GUEST_MEMORY_BYTES_MAX) {
    const [have, most] = [taken, GUEST_MEMORY_BYTES_MAX].map((one) => one / 1024 ** 2);
    throw new PowerboxError(
      'limit-exceeded',
      `Cannot start another process for a compartment: yours may take ${have} of ${most} MiB already.`,
    );
  }
  memory.set(maker, taken + bytes);
  return () => {
    const left = (memory.get(maker) ?? bytes) - bytes;
    if (left <= 0) memory.delete(maker);
    else memory.set(maker, left);
  };
}

function placeIn(state: State, room: Room): Place {
  let left = false;
  let inside: Compartment | undefined;
  return {
    worker: room.worker,
    enter(compartment) {
      inside = compartment;
      room.inside.add(compartment);
      if (!state.rooms.has(room)) void compartment.end(gone());
    },
    async leave(error) {
      if (left) return;
      left = true;
      room.places -= 1;
      if (inside !== undefined) room.inside.delete(inside);
      if (room.places > 0) return;
      state.rooms.delete(room);
      await endWorker(room.worker, error);
    },
  };
}

/** What a worker said that no worker of ours says; its process was ended for it. */
function misconduct({ session }: Worker): PowerboxError | undefined {
  const failure = session.failure();
  if (!PowerboxError.is(failure) || failure.code === 'reference-closed') return undefined;
  return new PowerboxError(
    'compartment-ended',
    `The compartment has ended: its process broke the rules of its channel. ${failure.message}`,
  );
}

function gone(): PowerboxError {
  return new PowerboxError('compartment-ended', 'The compartment has ended: its process is gone.');
}
