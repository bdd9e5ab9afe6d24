import type { CompartmentDoor } from './compartment.ts';
import type { GuestDoor } from './doors.ts';

/**
 * What the daemon and the runner of a model say to each other over the runner's one channel, by
 * capnweb. The runner reads what a model wrote, so it is never believed: it holds the door of its
 * guest, and what it tells here is only shown and kept.
 */
export interface RunnerSide {
  /** What is to be done; asked once. */
  begin(): Promise<RunnerTask>;
  /** The door of the guest that the model is. */
  door(): Promise<GuestDoor>;
  /** A compartment that runs as this guest; the same one until it ends. */
  compartment(): Promise<{ readonly door: CompartmentDoor; readonly fresh: boolean }>;
  /** What code of this guest wrote to its console since this was asked last. */
  heard(): Promise<string>;
  emit(events: readonly RunnerEvent[]): Promise<void>;
  /** Keeps what a step added, whole or not at all. */
  step(messages: readonly AgentMessage[]): Promise<void>;
  /** The last word of a run. */
  end(words: RunnerEnd): Promise<void>;
}

export interface RunnerTask {
  readonly guest: string;
  readonly provider: 'openai' | 'anthropic' | 'ollama';
  readonly model: string;
  readonly mode: 'code' | 'tools';
  readonly steps: number;
  /** Most tokens of one answer. */
  readonly answerTokens: number;
  /** May it make agents of its own? */
  readonly agents: boolean;
  readonly messages: readonly AgentMessage[];
  /** How many older messages are no longer there. */
  readonly cut: number;
  /** Names of the tools that it made before. */
  readonly tools: readonly string[];
}

/** One message of a conversation, as it is kept. */
export type AgentMessage =
  | { readonly role: 'user'; readonly text: string }
  | {
      readonly role: 'assistant';
      readonly text: string;
      readonly calls: readonly AgentCall[];
    }
  | { readonly role: 'tool'; readonly results: readonly AgentResult[] };

export interface AgentCall {
  readonly id: string;
  readonly tool: string;
  /** JSON text of an object. */
  readonly input: string;
}

export interface AgentResult {
  readonly id: string;
  readonly tool: string;
  readonly text: string;
  readonly failed: boolean;
}

export type RunnerEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'step'; readonly step: number }
  | { readonly type: 'tool'; readonly tool: string; readonly text: string }
  | {
      readonly type: 'result';
      readonly tool: string;
      readonly text: string;
      readonly failed: boolean;
    };

export interface RunnerEnd {
  readonly why: 'done' | 'steps' | 'failed';
  /** Code of the error that ended it. */
  readonly code: string | null;
  readonly reason: string;
}
