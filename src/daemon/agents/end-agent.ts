import type { AgentsState } from './state.ts';
import { removeGuest } from './tools.ts';

/** Ends an agent with its tools and its own agents, and what was granted to any of them. */
export async function endAgent(state: AgentsState, guest: string, reason: string): Promise<void> {
  const { kernel, store, runs } = state;
  await runs.get(guest)?.finish('stopped', 'It was removed.');
  for (const { guest: tool } of store.agents.tools(guest)) await removeGuest(kernel, tool, reason);
  for (const { guest: sub, parent } of store.agents.all()) {
    if (parent === guest) await endAgent(state, sub, reason);
  }
  await removeGuest(kernel, guest, reason);
  store.transaction(() => store.agents.remove(guest));
  runs.delete(guest);
}
