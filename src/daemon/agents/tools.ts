import { KEPT_TOOLS_MAX } from '../../agent/limits.ts';
import type { AgentDoor, ToolWords } from '../../agent/powerbox-words.ts';
import type { Compartment } from '../../gateway/compartments/compartment.ts';
import type { Compartments } from '../../gateway/compartments/service.ts';
import type { Session } from '../../gateway/session.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { AgentToolRow } from '../../store/kernel-agents-table.ts';
import type { HomeStore } from '../../store/kernel-database.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { makeInTurn } from './in-turn.ts';
import { TOOL_START_MS_MAX } from './limits.ts';

export interface ToolsParts {
  readonly kernel: Kernel;
  readonly store: HomeStore;
  readonly compartments: Pick<Compartments, 'make'>;
  /** The session of the agent's own code, which the tools are made for and end with. */
  readonly session: Session;
  readonly agent: string;
  readonly now: () => number;
}

/** Tools whose processes run, by name. */
type Open = Map<string, Compartment>;

/**
 * The tools of an agent: code in compartments of their own, each a guest that holds what the agent
 * granted it. What stays is the guest with its grants, and the source; the process is made anew
 * when the tool is used again.
 */
export function toolMethods(
  parts: ToolsParts,
): Pick<AgentDoor, 'tool' | 'useTool' | 'tools' | 'removeTool'> {
  const { store, agent } = parts;
  const open: Open = new Map();
  const inTurn = makeInTurn();
  return {
    tool: (words) => inTurn(() => makeTool(parts, open, words)),
    useTool: (name) => inTurn(() => useTool(parts, open, name)),
    tools: async () => store.agents.tools(agent).map(({ name, gives }) => ({ name, give: gives })),
    removeTool: (name) => inTurn(() => removeTool(parts, open, name)),
  };
}

async function makeTool(
  parts: ToolsParts,
  open: Open,
  { name, code, give = {} }: ToolWords,
): Promise<unknown> {
  const { store, agent, compartments, session, now } = parts;
  const others = store.agents.tools(agent).filter((tool) => tool.name !== name);
  if (others.length >= KEPT_TOOLS_MAX) {
    throw new PowerboxError(
      'limit-exceeded',
      `Cannot make another tool: ${KEPT_TOOLS_MAX} is the most.`,
    );
  }
  await removeTool(parts, open, name);
  const words = { name, give, keep: true, reason: 'a tool' };
  const made = await compartments.make(session, agent, words, {});
  const row = { agent, name, guest: made.guest, code, gives: Object.keys(give), created: now() };
  store.transaction(() => store.agents.putTool(row));
  try {
    return await started(open, row, made);
  } catch (error) {
    await removeTool(parts, open, name);
    throw error;
  }
}

async function useTool(parts: ToolsParts, open: Open, name: string): Promise<unknown> {
  const { store, agent, compartments, session } = parts;
  const row = toolOf(store, agent, name);
  if (row === undefined) {
    throw new PowerboxError('name-unknown', `Cannot use the tool ${name}: there is none.`);
  }
  await open.get(name)?.door.stop('it is made anew');
  const made = await compartments.make(session, agent, {}, { runAs: row.guest });
  return started(open, row, made);
}

/** What its code comes to; a tool whose code comes to nothing is none. */
async function started(
  open: Open,
  { name, code }: Pick<AgentToolRow, 'name' | 'code'>,
  made: Compartment,
): Promise<unknown> {
  open.set(name, made);
  const value = await made.door.evaluate({ code, file: `${name}.ts`, timeMs: TOOL_START_MS_MAX });
  if (isObject(value)) return value;
  await made.door.stop('its code came to no object');
  throw new PowerboxError(
    'not-passable',
    `Cannot use ${name} as a tool: its code must come to a function, or an object marked with Far.`,
  );
}

/** Data has the prototype of data; what is left is an object of the tool's code. */
function isObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) !== Object.prototype && 'call' in value;
}

async function removeTool(
  { kernel, store, agent }: ToolsParts,
  open: Open,
  name: string,
): Promise<void> {
  const row = toolOf(store, agent, name);
  if (row === undefined) return;
  open.delete(name);
  await removeGuest(kernel, row.guest, 'the tool was removed');
  store.transaction(() => store.agents.removeTool(agent, name));
}

function toolOf(store: HomeStore, agent: string, name: string): AgentToolRow | undefined {
  return store.agents.tools(agent).find((tool) => tool.name === name);
}

export async function removeGuest(kernel: Kernel, guest: string, reason: string): Promise<void> {
  const isThere = kernel.principals().some(({ id, removed }) => id === guest && removed === null);
  if (isThere) await kernel.removeGuest(guest, reason);
}
