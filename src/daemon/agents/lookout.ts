import type { AgentEvent } from '../../wire/agent.ts';
import type { JournalEntry } from '../../wire/journal-entry.ts';
import { endAgent } from './end-agent.ts';
import { EVENT_CHARS_MAX } from './limits.ts';
import { eventsOf, type Run } from './run.ts';
import type { AgentsState } from './state.ts';

/**
 * Watches the record and the grants for those who look on at a run: what an agent, its tools and
 * its own agents do is told as it is written, and the end of its model or its guest ends the run.
 */
export function makeLookout(state: AgentsState): void {
  const { kernel, entries } = state;
  const waiting = new Set<string>();
  entries.onEntry((entry) => tell(state, entry));
  kernel.onPending(() => tellPending(state, waiting));
  kernel.onReplica(async (_, ended) => {
    for (const run of going(state)) {
      const row = state.store.agents.get(run.spec.guest);
      if (row === undefined || !ended.has(row.modelGrant)) continue;
      await run.finish('revoked', 'The grant of its model has ended.');
    }
    return 0;
  });
  kernel.onRemoved(async (guest) => {
    if (state.store.agents.get(guest) !== undefined) {
      await endAgent(state, guest, 'its guest was removed');
    }
  });
}

function going({ runs }: AgentsState): readonly Run[] {
  return [...runs.values()].filter((run) => !run.isOver());
}

function tell(state: AgentsState, entry: JournalEntry): void {
  const guest = guestOf(entry);
  const runs = guest === undefined ? [] : going(state);
  if (guest === undefined || runs.length === 0) return;
  const name = nameOf(state, guest);
  const kindOf = (grant: string): string => state.kernel.view(grant).power.kind;
  for (const run of runs) {
    if (!isBelow(name, run)) continue;
    if (entry.kind === 'console' && guest === run.spec.guest) {
      run.hear(entry.level === 'log' ? entry.text : `${entry.level}: ${entry.text}`);
    }
    if (entry.kind === 'done') {
      const { tokens = 0, microdollars = 0 } = entry.spent ?? {};
      run.spend({ tokens, microdollars });
    }
    for (const event of eventsOf(entry, name, kindOf)) run.log.add(shortened(event));
  }
}

function guestOf(entry: JournalEntry): string | undefined {
  if (entry.kind === 'mail') return entry.from;
  return 'guest' in entry ? entry.guest : undefined;
}

/** What an agent makes has a name that begins with its own. */
function isBelow(name: string, { spec }: Run): boolean {
  return name === spec.name || name.startsWith(`${spec.name}.`);
}

/** Asked at every row of the record, so by its key. */
function nameOf({ store }: AgentsState, guest: string): string {
  return store.principals.get(guest)?.name ?? guest;
}

function tellPending(state: AgentsState, told: Set<string>): void {
  const pending = state.kernel.pending();
  const now = new Set(pending.map(({ id }) => id));
  for (const id of [...told]) if (!now.has(id)) told.delete(id);
  for (const { id, guest, call } of pending) {
    if (told.has(id)) continue;
    told.add(id);
    const name = nameOf(state, guest);
    for (const run of going(state)) {
      if (isBelow(name, run)) {
        run.log.add(shortened({ type: 'approval', id, guest: name, call }));
      }
    }
  }
}

function shortened(event: AgentEvent): AgentEvent {
  if ('call' in event) return { ...event, call: event.call.slice(0, EVENT_CHARS_MAX) };
  if ('text' in event) return { ...event, text: event.text.slice(0, EVENT_CHARS_MAX) };
  return event;
}
