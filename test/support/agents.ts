import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { daemonDoor } from '../../src/daemon/client.ts';
import { openHome } from '../../src/store/home.ts';
import type { AgentEvent, AgentRun, AgentWords } from '../../src/wire/agent.ts';
import type { GiveWords } from '../../src/wire/compartment.ts';
import type { HostDoor } from '../../src/wire/doors.ts';
import { type DaemonPlace, makeDaemonPlace } from './daemon.ts';
import type { Outcome, ProgramOptions } from './powerbox.ts';
import { type Script, type ScriptedModel, startScriptedModel } from './scripted-model.ts';

export const PROVIDERS = ['openai', 'anthropic', 'ollama'] as const;

/** A person with a daemon, scripted models of all providers, and a folder to give. */
export interface AgentPlace extends DaemonPlace {
  readonly model: ScriptedModel;
  /** A folder that holds `a.txt`, which says hello. */
  readonly folder: string;
  /** That folder as `repo`, read-only. */
  readonly repo: Readonly<Record<string, GiveWords>>;
  /** The host's door, without a command that must start. */
  readonly host: HostDoor;
  agent(args: readonly string[], options?: ProgramOptions): Promise<Outcome>;
  /** All that happens in a run of this agent, from its begin to its end. */
  task(name: string, task: string, words?: Partial<AgentWords>): Promise<readonly AgentEvent[]>;
  close(): Promise<void>;
}

/** Each model answers by the script of its name: `--model openai/NAME`. */
export async function openAgents(scripts: Readonly<Record<string, Script>>): Promise<AgentPlace> {
  const place = makeDaemonPlace();
  const model = await startScriptedModel((turn) => {
    const script = scripts[turn.model];
    if (script === undefined) throw new Error(`There is no script for ${turn.model}.`);
    return script(turn);
  });
  const folder = join(place.workspace, 'repo');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.txt'), 'hello');
  await place.powerbox(['daemon', 'start']);
  const session = await daemonDoor(openHome({ POWERBOX_HOME: place.home }), { start: false });
  for (const provider of PROVIDERS) {
    const text = `model:${provider} ${model.urls[provider]} price=*:1:1`;
    await session.door.makePower(text, provider, 'for tests');
  }
  return {
    ...place,
    model,
    folder,
    repo: { repo: { power: `files:${folder}`, only: ['ro'] } },
    host: session.door,
    agent: (args, options) => place.powerbox(['agent', ...args], options),
    task: async (name, task, words = {}) =>
      eventsOf(await session.door.agent({ name, task, model: 'openai/obey', ...words })),
    async close() {
      session.close();
      place.close();
      await model.close();
    },
  };
}

export async function eventsOf(run: AgentRun): Promise<readonly AgentEvent[]> {
  const seen: AgentEvent[] = [];
  while (seen.at(-1)?.type !== 'ended') seen.push(...(await run.events(seen.length)));
  return seen;
}

/** The first such event, while the run goes on. */
export async function until(
  run: AgentRun,
  test: (event: AgentEvent) => boolean,
): Promise<AgentEvent> {
  for (let seen = 0; ; ) {
    const events = await run.events(seen);
    seen += events.length;
    const found = events.find(test);
    if (found !== undefined) return found;
    if (events.some(({ type }) => type === 'ended')) throw new Error('The run has ended before.');
  }
}

/** The last event of a kind. */
export function lastOf<Type extends AgentEvent['type']>(
  events: readonly AgentEvent[],
  type: Type,
): Extract<AgentEvent, { type: Type }> {
  const found = events.findLast((event) => event.type === type);
  if (found === undefined) throw new Error(`There is no ${type} in ${JSON.stringify(events)}.`);
  return found as Extract<AgentEvent, { type: Type }>;
}

export function textsOf(
  events: readonly AgentEvent[],
  type: 'text' | 'result' | 'console',
): readonly string[] {
  return events.flatMap((event) => (event.type === type ? [event.text] : []));
}
