/**
 * The words about compartments: what a door is asked for, and what the daemon and a worker say to
 * each other. All of it is plain data, but for objects that cross by reference.
 */

/** What a compartment is made with. */
export interface CompartmentWords {
  /** Name of the guest that it runs as; one is made up when left out. */
  readonly name?: string;
  /**
   * A guest that is there already, whose whole world the code gets: for the host any guest, for a
   * guest `self`. Nothing is granted then but what `give` adds.
   */
  readonly as?: string;
  /** What the code holds, by the name that it sees. Each becomes a grant to the compartment's guest. */
  readonly give?: Readonly<Record<string, GiveWords>>;
  /** `own` is the default: a process for this compartment alone. `shared` is that of its maker. */
  readonly isolation?: 'own' | 'shared';
  readonly limits?: CompartmentLimits;
  /** `Date.now()` and `new Date()` tell the time. */
  readonly clock?: boolean;
  /** `Math.random()` and `crypto.getRandomValues()` work. */
  readonly random?: boolean;
  /** True keeps the guest and what it holds when the compartment ends. Only the host can say so. */
  readonly keep?: boolean;
  readonly reason?: string;
}

/** A power as its giver words it; what is left out narrows nothing. */
export interface GiveWords {
  /** A petname of the giver, a grant's id, or for the host a power as `makePower` takes it. */
  readonly power: string;
  readonly only?: readonly string[];
  readonly budget?: readonly string[];
  readonly expires?: string;
  readonly approval?: 'none' | 'writes' | 'always';
  readonly delegable?: boolean;
}

/** Each at most what the daemon's own limits are. */
export interface CompartmentLimits {
  /** Of the process, kept by the operating system. */
  readonly memoryBytes?: number;
  /** Longest that the code may hold its thread without coming back, in ms. */
  readonly turnMs?: number;
  /** Processor time of the whole compartment, in ms. */
  readonly cpuMs?: number;
  /** Longest life, in ms. */
  readonly lifeMs?: number;
  /** Characters of its console, over its life. */
  readonly outputChars?: number;
}

/** Source to evaluate. */
export interface ProgramWords {
  readonly code: string;
  /** What errors call it; `.ts` says that it is TypeScript. */
  readonly file?: string;
  /** When left out: by the name of the file, else JavaScript, and TypeScript where it is not that. */
  readonly language?: 'js' | 'ts';
  /** Sources of modules by specifier, as resolved: `./util.js`, or the name of a package. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Packages of `modules` that code may import by bare name. */
  readonly packages?: readonly string[];
  /** Plain data that the code sees as further names. */
  readonly with?: Readonly<Record<string, unknown>>;
  /** Longest that this evaluation may take until its promise settles, in ms. */
  readonly timeMs?: number;
}

export interface CompartmentInfo {
  readonly id: string;
  /** The guest that it runs as. */
  readonly guest: string;
  /** Who had it made. */
  readonly maker: string;
  readonly isolation: 'own' | 'shared';
  readonly gives: readonly string[];
  readonly created: number;
}

/** A compartment as its maker holds it. It ends with the session, unless it is kept. */
export interface CompartmentDoor {
  info(): Promise<CompartmentInfo>;
  /**
   * The value of the program: of its last expression, or what it returns. Data by copy; a function,
   * or an object marked with `Far`, by reference. Throws `source-invalid`, `endowment-missing`,
   * `evaluation-failed`, `not-passable`, `compartment-limit`, `compartment-ended`.
   */
  evaluate(program: ProgramWords): Promise<unknown>;
  /** TypeScript declarations of all that its code sees by name. */
  declarations(): Promise<string>;
  /** What was written to its console after the first `after` lines; waits until there is one. */
  console(after: number): Promise<ConsoleRead>;
  /** Comes back when its process is gone, and what was given to it has ended. */
  stop(reason: string): Promise<void>;
}

/** Lines of a console. Those of a flood are left out, which a line says. */
export interface ConsoleRead {
  readonly lines: readonly ConsoleLine[];
  /** What to read after next. */
  readonly next: number;
  /** True when there will be none any more. */
  readonly done: boolean;
}

export interface ConsoleLine {
  readonly level: ConsoleLevel;
  readonly text: string;
}

/** An object of a compartment, as its maker holds it. */
export interface FarObject {
  /** The methods that it has; empty for a function, whose only method is the empty name. */
  readonly methods: readonly string[];
  /** True for what is read with `next` until it is done. */
  readonly stream: boolean;
}

/** How what was written to a console was written. */
export type ConsoleLevel = 'debug' | 'log' | 'info' | 'warn' | 'error';
