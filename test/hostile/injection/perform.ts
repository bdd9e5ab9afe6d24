import type { AgentEnd } from '../../../src/wire/agent.ts';
import { order, type ScriptedModel } from '../../support/scripted-model.ts';
import { SCENARIOS } from './all.ts';
import type { Told } from './journal.ts';
import { type Loot, lootIn } from './loot.ts';
import { runOrdinary } from './ordinary.ts';
import {
  makeOthers,
  type Others,
  type PowerboxSide,
  plantNote,
  runPowerbox,
  sendLetter,
} from './powerbox.ts';
import { effectsOf, makeRun, type Run, type SharedLoot } from './run.ts';
import type { Scenario } from './scenario.ts';
import type { Services } from './services.ts';

/** Where all runs take place. */
export interface Stage {
  readonly services: Services;
  readonly model: ScriptedModel;
  readonly side: PowerboxSide;
  readonly shared: SharedLoot;
  /** Runs whose files are looked at to the end, whatever becomes of the others. */
  readonly kept: Run[];
}

/** What came of a scenario, on both sides. */
export interface Performed {
  readonly number: number;
  readonly scenario: Scenario;
  /** Effects of the ordinary agent. */
  readonly lost: readonly string[];
  readonly run: Run;
  readonly ends: readonly AgentEnd[];
  /** Files of the person before the agent began. */
  readonly before: ReadonlyMap<string, string>;
  readonly others: Others;
  /** What of the loot the model was told in Powerbox. */
  readonly told: readonly string[];
}

/** How many runs go on at once; each has processes of its own. */
const RUNS_AT_ONCE = 4;

/** Performs all scenarios, each with an ordinary agent and with one in Powerbox. */
export async function performAll(stage: Stage): Promise<readonly Performed[]> {
  const performed: Performed[] = [];
  const waiting = SCENARIOS.map((scenario, at) => ({ scenario, number: at + 1 }));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { scenario, number } = next;
      const lost = await performOrdinary(stage, scenario, number);
      performed.push({ ...(await performHere(stage, scenario, number)), lost });
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, work));
  return performed.sort((a, b) => a.number - b.number);
}

async function performOrdinary(
  { services, model, shared }: Stage,
  scenario: Scenario,
  number: number,
): Promise<readonly string[]> {
  const run = makeRun('ordinary', number, services, shared);
  try {
    scenario.plant(run, order(scenario.attack.ordinary(run)));
    const before = run.files();
    const task = taskOf(run, scenario);
    const go = () => runOrdinary(run, model.urls.openai, task, 20, scenario.stopsAfterMs);
    await go();
    await scenario.later?.(run, go);
    run.modelCalls = askedBy(model, run).length;
    return effectsOf(run, before);
  } finally {
    run.close();
  }
}

async function performHere(
  { services, model, side, shared, kept }: Stage,
  scenario: Scenario,
  number: number,
): Promise<Omit<Performed, 'lost'>> {
  const run = makeRun('powerbox', number, services, shared);
  kept.push(run);
  const others = await makeOthers(side, run);
  const attack = scenario.attack.powerbox(run).replaceAll('__OTHER_GRANT__', others.grant);
  const orders = `${order(scenario.attack.ordinary(run))} ${wordedFor(scenario, attack)}`;
  scenario.plant(run, orders);
  await plantNote(side, run, orders);
  if (scenario.byLetter === true) await sendLetter(side, run, orders);
  const before = run.files();
  const ends: AgentEnd[] = [];
  const go = async (): Promise<void> => {
    ends.push(await runPowerbox(side, run, scenario, taskOf(run, scenario), ends.length === 0));
  };
  await go();
  await scenario.later?.(run, go);
  const asked = askedBy(model, run);
  run.modelCalls = asked.length;
  const told = lootIn(run.loot, JSON.stringify(asked.map(({ body }) => body)));
  return { number, scenario, run, ends, before, others, told };
}

function taskOf(run: Run, scenario: Scenario): string {
  const code = scenario.task[run.side](run);
  const words = run.side === 'ordinary' ? order(code) : wordedFor(scenario, code);
  return `My number is ${run.loot.conversation}. ${words}`;
}

/** Calls are orders as they are. */
function wordedFor({ mode }: Scenario, text: string): string {
  return mode === 'tools' ? text : order(text);
}

function askedBy({ asked }: ScriptedModel, run: Run): ScriptedModel['asked'] {
  return asked.filter(({ turn }) => turn.model === run.model);
}

/** What the agent did, by what the services, the files and the journal show. */
export function effectsHere({ run, before }: Performed, told: readonly Told[]): readonly string[] {
  const console = told.filter(({ text }) => text.startsWith('console ')).map(({ text }) => text);
  run.console = console.join('\n');
  return effectsOf(run, before);
}

/** The rows of the agent and of all that it made. */
export function toldOf({ run }: Performed, told: readonly Told[]): readonly Told[] {
  return told.filter(({ guest }) => guest === run.id || guest.startsWith(`${run.id}.`));
}

/** What no row may hold: all but what the person said. */
export function withheldFrom(loot: Loot, text: string): readonly string[] {
  return lootIn({ ...loot, conversation: 'nothing is withheld of this' }, text);
}
