import { KEPT_TOOLS_MAX } from '../../agent/limits.ts';
import type { AgentDoor, ToolWords } from '../../agent/powerbox-words.ts';
import type { Compartments } from '../../gateway/compartments/service.ts';
import type { Session } from '../../gateway/session.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { HomeStore } from '../../store/kernel-database.ts';
import { PowerboxError } from '../../wire/errors.ts';

export interface ToolsParts {
  readonly kernel: Kernel;
  readonly store: HomeStore;
  readonly compartments: Pick<Compartments, 'make'>;
  /** The session of the agent's own code, which the tools are made for and end with. */
  readonly session: Session;
  readonly agent: string;
  readonly now: () => number;
}

type ToolMethods = Pick<AgentDoor, 'tool' | 'useTool' | 'tools' | 'removeTool'>;

/**
 * The tools of an agent: code in compartments of their own, each a guest that holds what the agent
 * granted it. What stays is the guest with its grants, and the source; the process is made anew
 * when the tool is used again.
 */
export function toolMethods(parts: ToolsParts): ToolMethods {
  const { kernel, store, compartments, session, agent, now } = parts;
  const open = new Map<string, { end(reason: string): Promise<void> }>();

  async function remove(name: string): Promise<void> {
    const row = store.agents.tools(agent).find((tool) => tool.name === name);
    if (row === undefined) return;
    open.delete(name);
    await removeGuest(kernel, row.guest, 'the tool was removed');
    store.transaction(() => store.agents.removeTool(agent, name));
  }

  /** What its code came to; a tool whose code comes to nothing is none. */
  async function started(
    name: string,
    code: string,
    made: Awaited<ReturnType<Compartments['make']>>,
  ): Promise<unknown> {
    open.set(name, { end: (reason) => made.door.stop(reason) });
    const value = await made.door.evaluate({ code, file: `${name}.ts` });
    if (
      typeof value === 'object' &&
      value !== null &&
      Object.getPrototypeOf(value) !== Object.prototype
    ) {
      return value;
    }
    throw new PowerboxError(
      'not-passable',
      `Cannot use ${name} as a tool: its code must come to a function, or an object marked with Far.`,
    );
  }

  return {
    async tool({ name, code, give = {} }: ToolWords) {
      const others = store.agents.tools(agent).filter((tool) => tool.name !== name);
      if (others.length >= KEPT_TOOLS_MAX) {
        throw new PowerboxError(
          'limit-exceeded',
          `Cannot make another tool: ${KEPT_TOOLS_MAX} is the most.`,
        );
      }
      await remove(name);
      const words = { name, give, keep: true, reason: 'a tool' };
      const made = await compartments.make(session, agent, words, {});
      try {
        const tool = await started(name, code, made);
        const row = { agent, name, guest: made.guest, code, gives: Object.keys(give) };
        store.transaction(() => store.agents.putTool({ ...row, created: now() }));
        return tool;
      } catch (error) {
        open.delete(name);
        await removeGuest(kernel, made.guest, 'its code failed');
        throw error;
      }
    },
    async useTool(name) {
      const row = store.agents.tools(agent).find((tool) => tool.name === name);
      if (row === undefined) {
        throw new PowerboxError('name-unknown', `Cannot use the tool ${name}: there is none.`);
      }
      await open.get(name)?.end('it is made anew');
      const made = await compartments.make(session, agent, {}, { runAs: row.guest });
      return started(name, row.code, made);
    },
    tools: async () => store.agents.tools(agent).map(({ name, gives }) => ({ name, give: gives })),
    removeTool: remove,
  };
}

export async function removeGuest(kernel: Kernel, guest: string, reason: string): Promise<void> {
  const isThere = kernel.principals().some(({ id, removed }) => id === guest && removed === null);
  if (isThere) await kernel.removeGuest(guest, reason);
}
