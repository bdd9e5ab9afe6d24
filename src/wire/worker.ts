import type { CompartmentLimits, ConsoleLevel, ProgramWords } from './compartment.ts';

/**
 * What the daemon and a worker say to each other over the worker's one channel, by capnweb. A
 * worker is never believed: what it says is checked as what any guest says.
 */
export interface WorkerMain {
  /** Makes a compartment in this process. */
  open(spec: WorkerSpec, side: WorkerSide): Promise<WorkerCompartment>;
}

export interface WorkerSpec {
  readonly id: string;
  /** Powers by the name that the code sees; each is looked up at `side` when it is first used. */
  readonly powers: readonly string[];
  readonly clock: boolean;
  readonly random: boolean;
  readonly limits: Required<CompartmentLimits>;
}

/** The daemon's side of one compartment. */
export interface WorkerSide {
  /** The power that the code sees by this name: an object with the methods of its kind. */
  power(name: string): Promise<unknown>;
  /** A line that the code wrote to its console. */
  say(level: ConsoleLevel, text: string): Promise<void>;
}

export interface WorkerCompartment {
  /** Data, or a `WorkerObject`; failures as errors whose message begins with `[code]`. */
  evaluate(program: ProgramWords): Promise<unknown>;
  close(): Promise<void>;
}

/** An object of a compartment, as the daemon holds it. */
export interface WorkerObject {
  describe(): Promise<{ readonly methods: readonly string[]; readonly stream: boolean }>;
  /** The empty name calls a function. */
  call(method: string, args: readonly unknown[]): Promise<unknown>;
}
