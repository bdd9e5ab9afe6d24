import type { GiveWords } from './compartment.ts';
import type { AgentMessage } from './runner.ts';

/** The words about models as guests. */
export interface AgentWords {
  /** Of the guest; one that is there goes on where it was. */
  readonly name: string;
  /** `openai/gpt-5`, `anthropic/claude-…`, `ollama/llama3`; null goes on with what it had. */
  readonly model: string | null;
  /** Petname of the host's power to take it from; found by the provider when left out. */
  readonly modelPower?: string;
  readonly give?: Readonly<Record<string, GiveWords>>;
  /** `code`: one tool, evaluate. `tools`: each method of each power is a tool. */
  readonly mode?: 'code' | 'tools';
  readonly limits?: AgentLimits;
  readonly task: string;
}

export interface AgentLimits {
  /** Answers of the model. */
  readonly steps?: number;
  readonly tokens?: number;
  /** Millionths of a dollar. */
  readonly microdollars?: number;
  readonly timeMs?: number;
}

/** What happens in a run, in order; `agent` is the name of whose it is. */
export type AgentEvent =
  | { readonly type: 'text'; readonly agent: string; readonly text: string }
  | { readonly type: 'step'; readonly agent: string; readonly step: number }
  /** What the model does: source that it has evaluated, or a method with its arguments. */
  | {
      readonly type: 'tool';
      readonly agent: string;
      readonly tool: string;
      readonly text: string;
    }
  | {
      readonly type: 'result';
      readonly agent: string;
      readonly tool: string;
      readonly text: string;
      readonly failed: boolean;
    }
  /** A power was used, by the agent or by what it made. */
  | {
      readonly type: 'use';
      readonly guest: string;
      readonly call: string;
      readonly verdict: 'allow' | 'deny';
      readonly reason: string | null;
    }
  /** A call waits for the host. */
  | {
      readonly type: 'approval';
      readonly id: string;
      readonly guest: string;
      readonly call: string;
    }
  /** A guest asks the host for a power. */
  | {
      readonly type: 'request';
      readonly id: string;
      readonly guest: string;
      readonly text: string;
    }
  | {
      readonly type: 'console';
      readonly guest: string;
      readonly level: string;
      readonly text: string;
    }
  | { readonly type: 'ended'; readonly end: AgentEnd };

export interface AgentEnd {
  readonly why: 'done' | 'stopped' | 'steps' | 'tokens' | 'money' | 'time' | 'failed' | 'revoked';
  /** One sentence. */
  readonly reason: string;
  readonly steps: number;
  readonly tokens: number;
  readonly microdollars: number;
}

export interface AgentInfo {
  readonly name: string;
  readonly guest: string;
  readonly model: string;
  readonly mode: 'code' | 'tools';
  readonly state: 'running' | 'idle';
  readonly steps: number;
  readonly tokens: number;
  readonly microdollars: number;
  readonly created: number;
  readonly lastRun: number | null;
  readonly tools: readonly string[];
}

/** A run, as its starter holds it. It goes on when nobody listens, and ends with `stop`. */
export interface AgentRun {
  info(): Promise<AgentInfo>;
  /** The events after the first `after`; waits until there is one. */
  events(after: number): Promise<readonly AgentEvent[]>;
  stop(reason: string): Promise<void>;
}

/** What is kept of an agent over its runs. */
export interface AgentConversation {
  readonly info: AgentInfo;
  /** How many older messages are no longer there. */
  readonly cut: number;
  readonly messages: readonly AgentMessage[];
  readonly notes: string;
}
