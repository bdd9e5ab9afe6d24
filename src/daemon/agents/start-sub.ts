import type { SubAgentWords } from '../../agent/powerbox-words.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { readGives, readModelGrant } from './guests.ts';
import { openRun } from './open-run.ts';
import { keepTask } from './prepare.ts';
import type { Run } from './run.ts';
import { type AgentsState, checkRoom, remember } from './state.ts';

/** An agent of an agent, with parts of what that one holds. */
export async function startSub(state: AgentsState, above: Run, words: SubAgentWords): Promise<Run> {
  const { kernel, store, now } = state;
  const { guest: giver, name, depth, timeMs } = above.spec;
  const row = store.agents.get(giver);
  if (row === undefined) throw new PowerboxError('agent-unknown', 'This agent was removed.');
  const give = await readGives(kernel, giver, words.give ?? {}, now());
  const budget = words.tokens === undefined ? [] : [`tokens=${words.tokens}`];
  const pay = await readModelGrant(
    kernel,
    giver,
    row.modelGrant,
    { model: row.model, budget },
    now(),
  );
  checkRoom(state.runs);
  const spec = kernel.together(() => {
    const made = kernel.addGuest(`${name}.${words.name}`, { reason: `an agent of ${name}` });
    give(made.id);
    const { id: modelGrant } = pay(made.id);
    const task = { task: words.task, mode: row.mode };
    keepTask(state, made.id, {
      row: undefined,
      words: task,
      named: row,
      modelGrant,
      parent: giver,
    });
    const steps = Math.min(words.steps ?? above.spec.steps, above.spec.steps);
    return { guest: made.id, name: made.name, steps, timeMs, depth: depth + 1 };
  });
  const run = openRun(state, spec, {
    parent: above,
    startSub: (own, sub) => startSub(state, own, sub),
  });
  // Whoever ends the one above while this is being made ends this one, too.
  above.below.add(run);
  remember(state.runs, run);
  if (above.isOver()) await run.finish('stopped', 'What started it has ended.');
  else await run.begin();
  return run;
}
