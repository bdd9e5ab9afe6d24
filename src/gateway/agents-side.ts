import type { RpcTarget } from 'capnweb';
import { z } from 'zod';
import type { MethodDefinition } from '../ocap/power.ts';
import type {
  AgentConversation,
  AgentInfo,
  AgentLimits,
  AgentRun,
  AgentWords,
} from '../wire/agent.ts';
import { Give } from './compartments/words.ts';
import { AGENT_GIVES_MAX, AGENT_LIMITS, LETTER_CHARS_MAX } from './limits.ts';
import { method, Word } from './method.ts';

/** An object of a session, made by `targetsOf`. */
export type SessionObject = RpcTarget;

/** As much of the daemon's agents as the host's door needs. */
export interface AgentsSide {
  start(words: AgentWords): Promise<AgentRun>;
  /** The run of an agent that goes on, or its last one. Throws `agent-unknown`. */
  runOf(name: string): AgentRun;
  list(): readonly AgentInfo[];
  conversation(name: string): AgentConversation;
  /** Ends it with all that it made and was given. */
  remove(name: string, reason: string): Promise<void>;
}

function upTo(most: number): z.ZodOptional<z.ZodInt> {
  return z.int().min(1).max(most).optional();
}

const Limits: z.ZodType<AgentLimits> = z.strictObject({
  steps: upTo(AGENT_LIMITS.steps),
  tokens: upTo(AGENT_LIMITS.tokens),
  microdollars: upTo(AGENT_LIMITS.microdollars),
  timeMs: upTo(AGENT_LIMITS.timeMs),
}) as z.ZodType<AgentLimits>;

/** What the host's door is asked for with. */
export const AgentAsk: z.ZodType = z.strictObject({
  name: Word,
  model: Word.nullable(),
  modelPower: Word.optional(),
  give: z
    .record(z.string(), Give)
    .refine((give) => Object.keys(give).length <= AGENT_GIVES_MAX)
    .optional(),
  mode: z.enum(['code', 'tools']).optional(),
  limits: Limits.optional(),
  task: z.string().min(1).max(LETTER_CHARS_MAX),
});

export const AGENT_RUN_METHODS: Readonly<Record<keyof AgentRun, MethodDefinition>> = {
  info: method({}),
  events: method({ after: z.int().min(0) }),
  stop: method({ reason: Word }),
};
