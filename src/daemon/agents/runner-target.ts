import { ANSWER_TOKENS_DEFAULT } from '../../agent/limits.ts';
import { RUNNER_METHODS } from '../../agent/runner-words.ts';
import { trimmed } from '../../agent/trim.ts';
import type { SessionObject } from '../../gateway/agents-side.ts';
import { targetsOf } from '../../gateway/door-target.ts';
import type { Session } from '../../gateway/session.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { AgentRow } from '../../store/kernel-agents-table.ts';
import type { HomeStore } from '../../store/kernel-database.ts';
import type { AgentEvent } from '../../wire/agent.ts';
import type { CompartmentDoor } from '../../wire/compartment.ts';
import type { GuestDoor } from '../../wire/doors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { AgentMessage, RunnerEnd, RunnerEvent, RunnerSide } from '../../wire/runner.ts';
import { makeInTurn } from './in-turn.ts';
import { AGENT_DEPTH_MAX } from './limits.ts';
import type { Run } from './run.ts';

export interface RunnerTargetParts {
  readonly kernel: Kernel;
  readonly store: HomeStore;
  readonly run: Run;
  /** A compartment that runs as the agent. */
  openCompartment(session: Session): Promise<OpenedCompartment>;
  guestDoor(session: Session): SessionObject;
  tell(event: AgentEvent): void;
}

export interface OpenedCompartment {
  readonly target: SessionObject;
  isOver(): boolean;
}

const makeTarget = targetsOf<RunnerSide>(RUNNER_METHODS);

/** What the runner of a run holds of the daemon, beside the door of its guest. */
export function runnerTarget(session: Session, parts: RunnerTargetParts): SessionObject {
  const { run } = parts;
  const { guest } = run.spec;
  let compartment: OpenedCompartment | undefined;
  let begun = false;
  const inTurn = makeInTurn();
  return makeTarget(session, guest, {
    async begin() {
      // It reads the whole conversation; asked for on and on it would keep the daemon from others.
      if (begun) throw new PowerboxError('call-invalid', 'Cannot begin: this run has begun.');
      begun = true;
      return taskOf(parts);
    },
    door: async () => parts.guestDoor(session) as unknown as GuestDoor,
    compartment: () =>
      inTurn(async () => {
        const fresh = compartment === undefined || compartment.isOver();
        if (fresh) compartment = await parts.openCompartment(session);
        const { target } = compartment as OpenedCompartment;
        return { door: target as unknown as CompartmentDoor, fresh };
      }),
    heard: async () => run.heard(),
    async emit(events) {
      for (const event of events) parts.tell(namedEvent(run, event));
    },
    async step(messages) {
      run.step();
      keepStep(parts, messages);
    },
    async end(words) {
      // The answer to this must leave first.
      setImmediate(() => void finishAs(parts, words));
    },
  });
}

function namedEvent({ spec }: Run, event: RunnerEvent): AgentEvent {
  return { ...event, agent: spec.name };
}

function taskOf({
  kernel,
  store,
  run,
}: RunnerTargetParts): Awaited<ReturnType<RunnerSide['begin']>> {
  const { guest, name, steps, depth } = run.spec;
  const row = rowOf(store, guest);
  return {
    guest: name,
    provider: row.provider,
    model: row.model,
    mode: row.mode,
    steps,
    answerTokens: answerTokens(kernel, row.modelGrant),
    agents: depth < AGENT_DEPTH_MAX,
    messages: store.agents.messages(guest),
    cut: row.cut,
    tools: store.agents.tools(guest).map((tool) => tool.name),
  };
}

export function rowOf(store: HomeStore, guest: string): AgentRow {
  const row = store.agents.get(guest);
  if (row !== undefined) return row;
  throw new PowerboxError('agent-unknown', 'Cannot go on: this agent was removed.');
}

/** As many as the rules of its model allow in one answer, when they say. */
function answerTokens(kernel: Kernel, grant: string): number {
  const said = kernel.view(grant).chain.flatMap((id) => {
    const bounds = kernel.view(id).only.map((text) => /(?:^| )tokens=(\d+)/.exec(text)?.[1]);
    // Of several rules one must hold.
    return bounds.length === 0 || bounds.includes(undefined)
      ? []
      : [Math.max(...bounds.map(Number))];
  });
  return Math.max(1, Math.min(ANSWER_TOKENS_DEFAULT, ...said));
}

/** One transaction: whatever ends the daemon leaves each step whole. */
function keepStep({ kernel, store, run }: RunnerTargetParts, added: readonly AgentMessage[]): void {
  const { guest, name } = run.spec;
  kernel.together(() => {
    const row = rowOf(store, guest);
    const all = [...store.agents.messages(guest), ...added];
    const kept = trimmed(all);
    if (kept.length === all.length) store.agents.add(guest, added);
    else store.agents.replace(guest, kept);
    const cut = row.cut + all.length - kept.length;
    store.agents.put({ ...row, cut, steps: row.steps + 1 });
  });
  const [said] = added;
  const calls = said?.role === 'assistant' ? said.calls.map(({ tool }) => tool) : [];
  const reason = calls.length === 0 ? 'answers in words' : `calls ${calls.slice(0, 8).join(', ')}`;
  void kernel
    .record({ kind: 'agent', guest, state: 'step', model: modelText(rowOf(store, guest)), reason })
    .catch(() => run.finish('failed', `The record of ${name} cannot be written.`));
}

export function modelText({ provider, model }: AgentRow): string {
  return `${provider}/${model}`;
}

/** Why a run ended, in the words of whoever looks on. */
function finishAs({ kernel, store, run }: RunnerTargetParts, end: RunnerEnd): Promise<void> {
  const { why, code, reason } = end;
  if (why !== 'failed') return run.finish(why, reason);
  if (code === 'budget-spent') return run.finish(spentMeasure(kernel, store, run), reason);
  if (code === 'grant-revoked' || code === 'grant-expired' || code === 'grant-unknown') {
    return run.finish('revoked', reason);
  }
  return run.finish('failed', reason);
}

/** Of the budgets on the way, which one is used up. */
function spentMeasure(kernel: Kernel, store: HomeStore, run: Run): 'money' | 'tokens' {
  const { modelGrant } = rowOf(store, run.spec.guest);
  const isMoney = kernel.view(modelGrant).chain.some((id) => {
    const { grant, spent } = kernel.view(id);
    const most = grant.budget?.microdollars;
    return most !== undefined && (spent.microdollars ?? 0) >= most;
  });
  return isMoney ? 'money' : 'tokens';
}
