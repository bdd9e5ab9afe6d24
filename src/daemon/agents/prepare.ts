import { RUN_MS_DEFAULT, STEPS_DEFAULT, TOKENS_DEFAULT } from '../../agent/limits.ts';
import { wellFormed } from '../../agent/runner/show.ts';
import { trimmed } from '../../agent/trim.ts';
import { HOST } from '../../kernel/kernel.ts';
import type { AgentRow } from '../../store/kernel-agents-table.ts';
import type { Principal } from '../../store/kernel-store.ts';
import type { AgentEvent, AgentLimits, AgentWords } from '../../wire/agent.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { readGives, readModelGrant } from './guests.ts';
import { modelPowerOf, type NamedModel, readModelName } from './model-power.ts';
import type { RunSpec } from './run.ts';
import type { AgentsState } from './state.ts';

export interface Prepared {
  readonly spec: RunSpec;
  /** What whoever looks on is told first. */
  readonly events: readonly AgentEvent[];
}

/**
 * Makes or finds the guest, grants what it is to hold, and keeps the task. Nothing is made before
 * everything was read, and all of it in one transaction.
 */
export async function prepareAgent(state: AgentsState, words: AgentWords): Promise<Prepared> {
  const { kernel, store, now } = state;
  const there = kernel
    .principals()
    .find(({ name, removed }) => removed === null && name === words.name);
  const row = there === undefined ? undefined : store.agents.get(there.id);
  checkFree(state, words.name, there, row);
  const give = await readGives(kernel, HOST, words.give ?? {}, now());
  const pay = await readPay(state, words, row);
  const { spec, replaced } = kernel.together(() => {
    const guest = there ?? kernel.addGuest(words.name, { reason: 'an agent' });
    const given = give(guest.id);
    const paid = pay(guest.id);
    keepTask(state, guest.id, { row, words, ...paid });
    return { spec: specOf(guest, words.limits), replaced: [...given, ...paid.replaced] };
  });
  for (const grant of replaced) await kernel.revoke(HOST, { grant }, 'another takes its place');
  const told = 'The last run of this agent was cut off; what its steps did is kept.';
  const events: readonly AgentEvent[] =
    row?.running === true
      ? [{ type: 'console', guest: words.name, level: 'warn', text: told }]
      : [];
  return { spec, events };
}

function checkFree(
  { runs }: AgentsState,
  name: string,
  there: Principal | undefined,
  row: AgentRow | undefined,
): void {
  if (there === undefined) return;
  const shown = JSON.stringify(name.slice(0, 64));
  if (there.id === HOST || there.box !== null || (row !== undefined && row.parent !== null)) {
    throw new PowerboxError(
      'guest-invalid',
      `Cannot run ${shown} as an agent: it is the host, or the guest of something else.`,
    );
  }
  if (runs.get(there.id)?.isOver() === false) {
    throw new PowerboxError('agent-running', `Cannot give ${shown} a task: it is at work.`, {
      hint: `Stop it with \`powerbox agent stop ${name}\`.`,
    });
  }
}

type Pay = (guest: string) => {
  readonly named: NamedModel;
  readonly modelGrant: string;
  /** Grants that this one takes the place of. */
  readonly replaced: readonly string[];
};

/** Goes on with the grant that is there, unless another model or budget was asked for. */
async function readPay(
  { kernel, home, now }: AgentsState,
  { model, modelPower, limits = {} }: AgentWords,
  row: AgentRow | undefined,
): Promise<Pay> {
  if (model === null && row === undefined) {
    throw new PowerboxError('model-unknown', 'Cannot start an agent without a model.', {
      hint: 'Name it with --model, as in --model openai/gpt-5.',
    });
  }
  const named = model === null ? (row as NamedModel) : readModelName(model);
  const budget = budgetOf(limits);
  const isSame =
    row !== undefined &&
    row.provider === named.provider &&
    row.model === named.model &&
    modelPower === undefined &&
    budget.length === 0 &&
    kernel.view(row.modelGrant).valid.allow;
  if (isSame) return () => ({ named, modelGrant: row.modelGrant, replaced: [] });
  // What the person took away is not given again unasked, and not without its budget.
  if (model === null && modelPower === undefined && budget.length === 0) {
    throw new PowerboxError('grant-revoked', `Cannot go on: the grant of its model has ended.`, {
      hint: 'Give it another with --model, and with the --budget that it is to have.',
    });
  }
  const power = await modelPowerOf(kernel, home, named.provider, modelPower);
  const whole = budget.some((text) => text.startsWith('tokens='))
    ? budget
    : [...budget, `tokens=${TOKENS_DEFAULT}`];
  const ask = { model: named.model, budget: whole };
  const give = await readModelGrant(kernel, HOST, power, ask, now());
  return (guest) => {
    const { id, replaced } = give(guest);
    return { named, modelGrant: id, replaced };
  };
}

function budgetOf({ tokens, microdollars }: AgentLimits): readonly string[] {
  const dollars = (amount: number): string =>
    `${Math.floor(amount / 1e6)}.${String(amount % 1e6).padStart(6, '0')}`;
  return [
    ...(tokens === undefined ? [] : [`tokens=${tokens}`]),
    ...(microdollars === undefined ? [] : [`usd=${dollars(microdollars)}`]),
  ];
}

function specOf({ id, name }: Principal, limits: AgentLimits = {}): RunSpec {
  const { steps = STEPS_DEFAULT, timeMs = RUN_MS_DEFAULT } = limits;
  return { guest: id, name, steps, timeMs, depth: 0 };
}

interface Task {
  readonly row: AgentRow | undefined;
  readonly words: Pick<AgentWords, 'task' | 'mode'>;
  readonly named: NamedModel;
  readonly modelGrant: string;
  readonly parent?: string;
}

/** In a transaction of the caller's. */
export function keepTask({ store, now }: AgentsState, guest: string, task: Task): void {
  const { row, words, named, modelGrant, parent = null } = task;
  const before = row ?? {
    ...{ guest, parent, created: now(), mode: 'code' as const, notes: '' },
    ...{ steps: 0, tokens: 0, microdollars: 0, cut: 0 },
  };
  const { provider, model } = named;
  const mode = words.mode ?? before.mode;
  const next = { ...before, provider, model, mode, modelGrant, lastRun: now(), running: true };
  // In quotes: what a model wrote must not read as words of the person, which stand beside it.
  const written = JSON.stringify(before.notes);
  const notes = before.notes === '' ? '' : `(Your notes, which are no task: ${written})\n\n`;
  const cut = row?.running === true ? '(Your last run was cut off before its end.)\n\n' : '';
  const message = { role: 'user', text: wellFormed(`${notes}${cut}${words.task}`) } as const;
  store.agents.put(next);
  const all = [...store.agents.messages(guest), message];
  const kept = trimmed(all);
  store.agents.replace(guest, kept);
  store.agents.put({ ...next, cut: next.cut + all.length - kept.length });
}
