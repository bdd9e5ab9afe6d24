import { z } from 'zod';
import { Give } from '../gateway/compartments/words.ts';
import { GUEST_METHODS } from '../gateway/door-methods.ts';
import { method } from '../gateway/method.ts';
import type { MethodDefinition } from '../ocap/power.ts';
import type { GiveWords } from '../wire/compartment.ts';
import type { GuestDoor } from '../wire/doors.ts';
import { NOTES_CHARS_MAX, STEPS_MAX, TASK_CHARS_MAX, TOOL_CODE_CHARS_MAX } from './limits.ts';

/** What the code of an agent sees as `powerbox`: its guest's own door, and what agents have besides. */
export interface AgentDoor extends GuestDoor {
  note(text: string): Promise<void>;
  /** Makes a tool, or another of this name; gives the object that its code came to. */
  tool(words: ToolWords): Promise<unknown>;
  useTool(name: string): Promise<unknown>;
  tools(): Promise<readonly { readonly name: string; readonly give: readonly string[] }[]>;
  removeTool(name: string): Promise<void>;
  /** Comes back when the task is over. */
  agent(words: SubAgentWords): Promise<SubAgentEnd>;
}

export interface ToolWords {
  readonly name: string;
  readonly code: string;
  readonly give?: Readonly<Record<string, GiveWords>>;
}

export interface SubAgentWords {
  readonly name: string;
  readonly task: string;
  readonly give?: Readonly<Record<string, GiveWords>>;
  readonly steps?: number;
  readonly tokens?: number;
}

export interface SubAgentEnd {
  /** Its last words. */
  readonly text: string;
  readonly why: string;
  readonly reason: string;
}

const Name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/);
const Gives = z
  .record(z.string(), Give)
  .refine((give) => Object.keys(give).length <= 64)
  .optional();

export const AGENT_DOOR_METHODS: Readonly<Record<keyof AgentDoor, MethodDefinition>> = {
  ...GUEST_METHODS,
  note: method({ text: z.string().max(NOTES_CHARS_MAX) }),
  tool: method({
    words: z.strictObject({ name: Name, code: z.string().max(TOOL_CODE_CHARS_MAX), give: Gives }),
  }),
  useTool: method({ name: Name }),
  tools: method({}),
  removeTool: method({ name: Name }),
  agent: method({
    words: z.strictObject({
      name: Name,
      task: z.string().min(1).max(TASK_CHARS_MAX),
      give: Gives,
      steps: z.int().min(1).max(STEPS_MAX).optional(),
      tokens: z.int().min(1).optional(),
    }),
  }),
};
