import {
  AGENT_DOOR_METHODS,
  type AgentDoor,
  type SubAgentWords,
} from '../../agent/powerbox-words.ts';
import type { SessionObject } from '../../gateway/agents-side.ts';
import { type Compartments, compartmentTarget } from '../../gateway/compartments/service.ts';
import { guestTarget, targetsOf } from '../../gateway/door-target.ts';
import type { Session } from '../../gateway/session.ts';
import type { AgentEnd, AgentEvent } from '../../wire/agent.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { AgentEntry } from '../../wire/journal-entry.ts';
import { endAgent } from './end-agent.ts';
import { makeRun, type Run, type RunSpec } from './run.ts';
import { modelText, type OpenedCompartment, rowOf, runnerTarget } from './runner-target.ts';
import type { AgentsState } from './state.ts';
import { subAgentMethod } from './sub-agents.ts';
import { toolMethods } from './tools.ts';

export interface RunFamily {
  readonly parent: Run | undefined;
  startSub(above: Run, words: SubAgentWords): Promise<Run>;
}

const agentTarget = targetsOf<AgentDoor>(AGENT_DOOR_METHODS);

/** A run with what its runner and its code hold of the daemon. */
export function openRun(state: AgentsState, spec: RunSpec, family: RunFamily): Run {
  const { kernel, store, programs } = state;
  const tell = (event: AgentEvent): void => {
    run.log.add(event);
    for (let above = family.parent; above !== undefined; above = PARENTS.get(above)) {
      above.log.add(event);
    }
  };
  const run = makeRun({
    spec,
    startRunner: state.startRunner,
    openSession: (box, door) => programs.open(box.channel, door),
    door: (session) =>
      runnerTarget(session, {
        ...{ kernel, store, run, tell },
        openCompartment: (own) => openCompartment(state, run, own, endowed),
        guestDoor: (own) => guestTarget(own, spec.guest, programs.guestDoor(own, spec.guest)),
      }),
    over(end) {
      try {
        cutUses(state, run);
        refuseWaiting(state, run);
        keepEnd(state, run, end);
      } catch {
        // The run is over all the same, and marked as cut off until the next one.
      }
    },
  });
  const endowed = (session: Session): SessionObject =>
    agentTarget(session, spec.guest, agentDoor(state, run, session, family));
  if (family.parent !== undefined) PARENTS.set(run, family.parent);
  return run;
}

const PARENTS = new WeakMap<Run, Run>();

/** The compartments of a run end with it, whatever session they were made in. */
function ownCompartments({ programs }: AgentsState, run: Run): Pick<Compartments, 'make'> {
  return {
    async make(...words) {
      const made = await programs.compartments.make(...words);
      run.own(made);
      return made;
    },
  };
}

async function openCompartment(
  state: AgentsState,
  run: Run,
  session: Session,
  powerbox: (session: Session) => SessionObject,
): Promise<OpenedCompartment> {
  const { spec } = run;
  const made = await ownCompartments(state, run).make(
    session,
    spec.guest,
    { as: 'self', clock: true, random: true },
    { objects: new Map([['powerbox', powerbox]]) },
  );
  const target = compartmentTarget(session, spec.guest, made.door);
  return { target, isOver: made.isOver };
}

function agentDoor(state: AgentsState, run: Run, session: Session, family: RunFamily): AgentDoor {
  const { kernel, store, programs, now } = state;
  const { guest } = run.spec;
  const compartments = ownCompartments(state, run);
  return {
    ...programs.guestDoor(session, guest),
    ...toolMethods({ kernel, store, compartments, session, agent: guest, now }),
    async note(text) {
      store.transaction(() => store.agents.put({ ...rowOf(store, guest), notes: text }));
    },
    agent: subAgentMethod({
      run,
      start: (words) => family.startSub(run, words),
      answerOf: ({ spec }) => lastWords(state, spec.guest),
      remove: ({ spec }) => endAgent(state, spec.guest, 'its task is over'),
    }),
  };
}

function lastWords({ store }: AgentsState, guest: string): string {
  const last = store.agents.messages(guest).at(-1);
  return last?.role === 'assistant' ? last.text : '';
}

/** What is on its way is cut, of the agent and of its tools. */
function cutUses({ kernel, store }: AgentsState, { spec }: Run): void {
  const error = new PowerboxError('compartment-ended', 'The run has ended.');
  const tools = store.agents.tools(spec.guest).map(({ guest }) => guest);
  for (const guest of [spec.guest, ...tools]) kernel.cutUses(guest, error);
}

/** What still waits for the host is of nobody any more: approved later, it would be done. */
function refuseWaiting({ kernel }: AgentsState, { spec }: Run): void {
  const waiting = kernel
    .pending()
    .filter(({ grant }) =>
      kernel.view(grant).chain.some((id) => kernel.view(id).grant.to === spec.guest),
    );
  if (waiting.length === 0) return;
  kernel.decide(
    waiting.map(({ id }) => id),
    'denied',
    'the run that it was part of has ended',
  );
}

/** What stays of a run that is over. */
function keepEnd({ kernel, store }: AgentsState, { spec }: Run, end: AgentEnd): void {
  const row = store.agents.get(spec.guest);
  if (row === undefined) return;
  const { tokens, microdollars } = end;
  store.transaction(() =>
    store.agents.put({
      ...row,
      running: false,
      tokens: row.tokens + tokens,
      microdollars: row.microdollars + microdollars,
    }),
  );
  const entry: AgentEntry = {
    kind: 'agent',
    guest: spec.guest,
    state: 'ended',
    model: modelText(row),
    reason: `${end.why}: ${end.reason}`,
    spent: { tokens, microdollars },
  };
  kernel.record(entry).catch(() => undefined);
}
