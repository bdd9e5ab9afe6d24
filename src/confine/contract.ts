/**
 * Hardened JavaScript for one process: what the library `powerbox/ocap`, a worker in its box and
 * the tests share. Nothing here knows of Node.
 */

/** Source to evaluate; wire/compartment.ts has what each field means. */
export interface Program {
  readonly code: string;
  readonly file?: string;
  readonly language?: 'js' | 'ts';
  readonly modules?: Readonly<Record<string, string>>;
  readonly packages?: readonly string[];
}

/** What a program came to. */
export interface Outcome {
  /** Of its last expression, or what it returned at its top level. */
  readonly value: unknown;
  /** Its exports, when it is a module. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/**
 * Evaluates an expression in a compartment's own global scope; text that a host's `import()`,
 * a direct `eval` or an HTML comment could hide in never comes here.
 */
export type EvaluateText = (text: string) => unknown;

/** What code is given beside the intrinsics that all share. */
export interface CompartmentOptions {
  /** By the name that the code sees. Hardened before it does. */
  readonly endowments?: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch; without it `Date.now()` throws. */
  readonly clock?: () => number;
  /** At least 0, below 1; without it `Math.random()` throws. */
  readonly random?: () => number;
  readonly console?: ConsoleSink;
  /** What `setTimeout` is made of; without it there is none. */
  readonly timers?: Timers;
  /** What errors call the compartment. */
  readonly name?: string;
}

export type ConsoleSink = (
  level: 'debug' | 'log' | 'info' | 'warn' | 'error',
  text: string,
) => void;

export interface Timers {
  /** Gives what takes it back. */
  start(work: () => void, ms: number): () => void;
}

/** Code in a room of its own. It sees its endowments and frozen intrinsics, and nothing else. */
export interface Compartment {
  /** Throws what the program throws, `source-invalid`, `module-missing`, `endowment-missing`. */
  evaluate(program: string | Program): Promise<unknown>;
  /** The same, with its exports. */
  run(program: Program): Promise<Outcome>;
  /** Adds a name; throws when the code has it already. */
  endow(name: string, value: unknown): void;
}

/**
 * What stands behind an object that is elsewhere. `send` gives the answer's promise, and a handler
 * for messages that are sent on to the answer before it is there (promise pipelining).
 */
export interface Handler {
  send(method: string, args: readonly unknown[]): Sent;
}

export interface Sent {
  readonly answer: Promise<unknown>;
  readonly next: Handler;
}
