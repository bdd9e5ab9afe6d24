import type { JSONSchema7 } from 'ai';

/** What a model may do, and what does it. */
export interface Toolbox {
  /** Asked before each answer, as what a guest holds changes. */
  offered(): Promise<readonly OfferedTool[]>;
  /** Throws what the use of a power throws. Gives what the model is told. */
  call(tool: string, input: Readonly<Record<string, unknown>>): Promise<CallOutcome>;
}

export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  readonly input: JSONSchema7;
}

export interface CallOutcome {
  readonly text: string;
  readonly failed: boolean;
}
