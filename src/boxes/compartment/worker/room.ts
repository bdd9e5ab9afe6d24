import { RpcTarget } from 'capnweb';
import { compartment } from '../../../confine/compartment.ts';
import type { Compartment, Timers } from '../../../confine/contract.ts';
import type { ProgramWords } from '../../../wire/compartment.ts';
import { PowerboxError } from '../../../wire/errors.ts';
import type {
  WorkerCompartment,
  WorkerMain,
  WorkerSide,
  WorkerSpec,
} from '../../../wire/worker.ts';
import { Wall } from './crossing.ts';
import { COMPARTMENTS_MAX } from './limits.ts';
import { Lines } from './output.ts';
import type { Stub } from './stubs.ts';

/** The host's side as capnweb gives it. */
type SideStub = Stub & { readonly power: (name: string) => Stub } & Pick<WorkerSide, 'say'>;

const ROOMS = new WeakMap<object, Room>();
let rooms = 0;

/** What the host begins with. It is the only one to call this. */
export class Main extends RpcTarget implements WorkerMain {
  async open(spec: WorkerSpec, side: WorkerSide): Promise<RoomTarget> {
    if (rooms >= COMPARTMENTS_MAX) {
      throw new PowerboxError(
        'session-limit',
        `Cannot make a compartment: this process has ${COMPARTMENTS_MAX}.`,
      );
    }
    rooms += 1;
    const target = new RoomTarget();
    // The library takes the stub back when this call is over.
    const own = (side as unknown as SideStub).dup() as SideStub;
    ROOMS.set(target, takeRoom(spec).begin(spec, own));
    return target;
  }
}

/**
 * A room of the usual kind that is made before it is asked for, since that takes as long as a short
 * program. Nobody has had it.
 */
let spare: Room | undefined;

export function makeSpare(): void {
  if (spare !== undefined || rooms > 0) return;
  spare = new Room(USUAL);
  spare.walk();
}

function takeRoom(spec: WorkerSpec): Room {
  const { clock, random } = spec;
  if (spare === undefined || clock || random) return new Room(spec);
  const room = spare;
  spare = undefined;
  return room;
}

class RoomTarget extends RpcTarget implements WorkerCompartment {
  async evaluate(program: ProgramWords): Promise<unknown> {
    return roomOf(this).evaluate(program);
  }

  async close(): Promise<void> {
    close(this);
  }

  [Symbol.dispose](): void {
    close(this);
  }
}

function roomOf(target: object): Room {
  const room = ROOMS.get(target);
  if (room !== undefined) return room;
  throw new PowerboxError('compartment-ended', 'The compartment has ended.');
}

function close(target: object): void {
  const room = ROOMS.get(target);
  if (room === undefined) return;
  ROOMS.delete(target);
  rooms -= 1;
  room.close();
  setImmediate(makeSpare);
}

const USUAL = { clock: false, random: false };

/** One compartment and its wall. */
class Room {
  readonly #wall = new Wall();
  readonly #timers = new OwnTimers();
  readonly #compartment: Compartment;
  #side: SideStub | undefined;
  #lines: Lines | undefined;

  constructor(has: Pick<WorkerSpec, 'clock' | 'random'>) {
    this.#compartment = compartment({
      console: (level, text) => this.#lines?.write(level, text),
      timers: this.#timers,
      ...(has.clock ? { clock: now } : {}),
      ...(has.random ? { random } : {}),
    });
  }

  /** Goes the way of a program once, which leaves nothing behind. */
  walk(): void {
    this.#compartment.evaluate('0').catch(() => undefined);
  }

  begin({ powers, limits }: WorkerSpec, side: SideStub): this {
    this.#side = side;
    this.#lines = new Lines(limits.outputChars, side, (why) => this.#wall.end(why));
    for (const name of powers) {
      this.#compartment.endow(
        name,
        this.#wall.power(name, () => side.power(name)),
      );
    }
    return this;
  }

  evaluate({ with: given = {}, ...program }: ProgramWords): Promise<unknown> {
    return this.#wall.guarded(async () => {
      for (const [name, value] of Object.entries(given)) {
        await this.#give(name, this.#wall.data(value));
      }
      try {
        return this.#wall.given(await this.#compartment.evaluate(program));
      } finally {
        await this.#lines?.sent();
      }
    });
  }

  /** As the code itself would set it: a later program may be given another value by that name. */
  async #give(name: string, value: unknown): Promise<void> {
    const code = `(value) => { globalThis[${JSON.stringify(name)}] = value; }`;
    const set = (await this.#compartment.evaluate(code)) as (value: unknown) => void;
    set(value);
  }

  close(): void {
    this.#wall.end(new PowerboxError('compartment-ended', 'The compartment has ended.'));
    this.#timers.stop();
    this.#side?.[Symbol.dispose]();
  }
}

/** As they are before lockdown takes them from everybody else. */
const { now } = Date;
const { random } = Math;

/** Timers of one compartment, all of which end with it. */
class OwnTimers implements Timers {
  readonly #waiting = new Set<NodeJS.Timeout>();

  start(work: () => void, ms: number): () => void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      work();
    }, ms);
    this.#waiting.add(timer);
    return () => {
      this.#waiting.delete(timer);
      clearTimeout(timer);
    };
  }

  stop(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
  }
}
