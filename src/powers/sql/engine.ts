import type { EndSignal } from '../../ocap/live.ts';
import type { Scalar } from './dialect.ts';
import type { Plan } from './plan.ts';

/** A value of an answer; whole numbers that a double does not hold are texts. */
export type Value = Scalar | { readonly base64: string };

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  readonly truncated: boolean;
  readonly changes: number;
}

/** What one use of a power gives the engine. */
export interface EngineUse {
  readonly signal: EndSignal;
  /** Throws when a grant on the way has not so much left. Called before a change is final. */
  spendBytes(bytes: number): void;
}

/** What runs plans: a process of SQLite, or a server. */
export interface Engine {
  run(plan: Plan, values: readonly Scalar[], use: EngineUse): Promise<Answer>;
  open(plan: Plan, values: readonly Scalar[], use: EngineUse): Promise<EngineCursor>;
  close(): void;
}

export interface EngineCursor {
  next(count: number, use: EngineUse): Promise<Answer>;
  /** May be called again, and in the middle of `next`. */
  close(): void;
}
