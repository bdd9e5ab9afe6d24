import { fileURLToPath } from 'node:url';
import { startWorker } from '../../boxes/compartment/start.ts';
import type { AgentsSide } from '../../gateway/agents-side.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Home } from '../../store/home.ts';
import type { AgentRow } from '../../store/kernel-agents-table.ts';
import type { AgentConversation, AgentInfo, AgentRun, AgentWords } from '../../wire/agent.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { endAgent } from './end-agent.ts';
import { RUNNER_MEMORY_BYTES } from './limits.ts';
import { makeLookout } from './lookout.ts';
import { openRun } from './open-run.ts';
import { prepareAgent } from './prepare.ts';
import type { Run } from './run.ts';
import { modelText, rowOf } from './runner-target.ts';
import { startSub } from './start-sub.ts';
import { type AgentsParts, type AgentsState, checkRoom, remember } from './state.ts';

/** Models as guests of this daemon: their runs, and what is kept of them. */
export interface Agents extends AgentsSide {
  /** How many are at work. */
  running(): number;
  /** Ends all runs. Resolves when nothing of them is left. */
  close(): Promise<void>;
}

export function makeAgents(parts: AgentsParts): Agents {
  const { kernel, store, home } = parts;
  const runs = new Map<string, Run>();
  const state: AgentsState = { ...parts, runs, startRunner: () => startRunner(home) };
  makeLookout(state);
  void removeFormer(state).catch(() => undefined);
  const running = (): readonly Run[] => [...runs.values()].filter((run) => !run.isOver());
  const starting = new Set<string>();
  let closing = false;
  return {
    async start(words) {
      if (closing) throw new PowerboxError('daemon-unreachable', 'The daemon ends.');
      checkRoom(runs);
      return runDoor(state, await startAlone(state, words));
    },
    runOf: (name) => runDoor(state, knownRun(state, name)),
    list: () =>
      store.agents
        .all()
        .filter(({ parent }) => parent === null)
        .map((row) => infoOf(state, row)),
    conversation: (name) => conversationOf(state, name),
    async remove(name, reason) {
      await endAgent(state, agentNamed(state, name).guest, reason);
    },
    running: () => running().length,
    async close() {
      closing = true;
      await Promise.all(running().map((run) => run.finish('stopped', 'The daemon ends.')));
    },
  };

  /** Of two that are asked for at once by one name, one would run where nobody finds it. */
  async function startAlone(own: AgentsState, words: AgentWords): Promise<Run> {
    if (starting.has(words.name)) {
      const shown = JSON.stringify(words.name.slice(0, 64));
      throw new PowerboxError('agent-running', `Cannot give ${shown} a task: it is being started.`);
    }
    starting.add(words.name);
    try {
      return await startRun(own, words);
    } finally {
      starting.delete(words.name);
    }
  }

  async function startRun(own: AgentsState, words: AgentWords): Promise<Run> {
    const { spec, events } = await prepareAgent(own, words);
    const run = openRun(own, spec, {
      parent: undefined,
      startSub: (above, sub) => startSub(own, above, sub),
    });
    remember(runs, run);
    for (const event of events) run.log.add(event);
    const model = modelText(rowOf(store, spec.guest));
    await kernel.record({
      kind: 'agent',
      guest: spec.guest,
      state: 'began',
      model,
      reason: words.task.slice(0, 500),
    });
    await run.begin();
    return run;
  }
}

/** In the walls of a worker: no network, no files, one channel. */
function startRunner({ boxes }: Home): ReturnType<typeof startWorker> {
  const main = fileURLToPath(new URL('../../agent/runner/main.cjs', import.meta.url));
  return startWorker({ program: 'agent', main, memoryBytes: RUNNER_MEMORY_BYTES, boxes });
}

/** Agents of agents live as long as their task, and no task outlives the daemon. */
async function removeFormer(state: AgentsState): Promise<void> {
  for (const { guest, parent } of state.store.agents.all()) {
    if (parent !== null) await endAgent(state, guest, 'its run ended with the daemon');
  }
}

function agentNamed({ kernel, store }: AgentsState, name: string): AgentRow {
  const row = store.agents
    .all()
    .find(({ guest }) => guest === name || nameOf(kernel, guest) === name);
  if (row !== undefined) return row;
  throw new PowerboxError('agent-unknown', `Cannot find the agent "${name.slice(0, 64)}".`);
}

function nameOf(kernel: Kernel, guest: string): string {
  return kernel.principals().find(({ id }) => id === guest)?.name ?? guest;
}

function knownRun(state: AgentsState, name: string): Run {
  const { guest } = agentNamed(state, name);
  const run = state.runs.get(guest);
  if (run !== undefined) return run;
  throw new PowerboxError(
    'agent-unknown',
    `Cannot look at a run of "${name.slice(0, 64)}": none is going on.`,
  );
}

function infoOf({ kernel, store, runs }: AgentsState, row: AgentRow): AgentInfo {
  const { guest, mode, steps, created, lastRun } = row;
  const run = runs.get(guest);
  const isRunning = run !== undefined && !run.isOver();
  const spent = isRunning ? run.spent() : { tokens: 0, microdollars: 0 };
  return {
    name: nameOf(kernel, guest),
    guest,
    model: modelText(row),
    mode,
    state: isRunning ? 'running' : 'idle',
    steps,
    tokens: row.tokens + spent.tokens,
    microdollars: row.microdollars + spent.microdollars,
    created,
    lastRun,
    tools: store.agents.tools(guest).map(({ name }) => name),
  };
}

function conversationOf(state: AgentsState, name: string): AgentConversation {
  const row = agentNamed(state, name);
  const messages = state.store.agents.messages(row.guest);
  return { info: infoOf(state, row), cut: row.cut, messages, notes: row.notes };
}

function runDoor(state: AgentsState, run: Run): AgentRun {
  const { guest } = run.spec;
  return {
    async info() {
      const row = state.store.agents.get(guest);
      if (row !== undefined) return infoOf(state, row);
      throw new PowerboxError('agent-unknown', 'This agent was removed.');
    },
    events: (after) => run.log.after(after),
    stop: (reason) => run.finish('stopped', reason === '' ? 'It was stopped.' : reason),
  };
}
