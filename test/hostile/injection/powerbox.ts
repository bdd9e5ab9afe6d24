import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type DaemonClient } from '../../../src/gateway/client.ts';
import type { AgentEnd, AgentRun } from '../../../src/wire/agent.ts';
import type { HostDoor } from '../../../src/wire/doors.ts';
import { type DaemonPlace, makeDaemonPlace } from '../../support/daemon.ts';
import type { ScriptedModel } from '../../support/scripted-model.ts';
import { begun } from './ordinary.ts';
import type { Run, SharedLoot } from './run.ts';
import type { Scenario } from './scenario.ts';
import { MODEL_HOST, type Services } from './services.ts';

/** Far longer than any takes; a machine may have much else to do. */
const RUN_MS_MAX = 90_000;

/** All that agents can be run with, in turns. */
const PROVIDERS = [
  ['openai', '/v1 credential=OPENAI_API_KEY price=gpt-*:1:1'],
  ['anthropic', '/v1 credential=ANTHROPIC_API_KEY price=gpt-*:1:1'],
  ['ollama', '/api'],
] as const;

/** A person with a daemon, whose agents all runs are. */
export interface PowerboxSide {
  readonly place: DaemonPlace;
  readonly door: HostDoor;
  close(): void;
}

export async function startPowerbox(
  services: Services,
  model: ScriptedModel,
  shared: SharedLoot,
): Promise<PowerboxSide> {
  const place = makeDaemonPlace();
  try {
    const provider = { connect: `127.0.0.1:${model.securePort}`, ca: services.ca };
    const hosts = { ...services.hosts, [`${MODEL_HOST}:443`]: provider };
    const config = { egress: { hosts } };
    writeFileSync(join(place.home, 'config.json'), JSON.stringify(config));
    const origin = `https://${MODEL_HOST}`;
    const bearer = 'header:authorization:bearer';
    await keep(place, shared.modelKey, 'OPENAI_API_KEY', origin, bearer);
    await keep(place, shared.modelKey, 'ANTHROPIC_API_KEY', origin, 'header:x-api-key');
    await keep(place, shared.forgeToken, 'FORGE_TOKEN', 'https://forge.example', bearer);
    const client = await startDaemon(place);
    const door = client.door as unknown as HostDoor;
    for (const [provider, words] of PROVIDERS) {
      await door.makePower(`model:${provider} ${origin}${words}`, provider, 'a test');
    }
    await door.makePower('https://forge.example with FORGE_TOKEN', 'all-of-the-forge', 'a test');
    return {
      place,
      door,
      close() {
        client.close();
        place.close();
      },
    };
  } catch (error) {
    place.close();
    throw error;
  }
}

async function startDaemon(place: DaemonPlace): Promise<DaemonClient> {
  await place.json('guest', 'ls');
  return connect(join(place.home, 'powerbox.sock'));
}

async function keep(
  place: DaemonPlace,
  value: string,
  name: string,
  origin: string,
  slot: string,
): Promise<void> {
  const { status, stderr } = await place.powerbox(
    ['secret', 'set', name, `--for=${origin}`, `--in=${slot}`],
    { input: value },
  );
  if (status !== 0) throw new Error(`secret set failed: ${stderr}`);
}

type Store = Readonly<Record<'get' | 'put', (...args: readonly unknown[]) => Promise<unknown>>>;

/** What others have in their stores, which no run may read or change. */
export interface Others {
  /** Of another guest. */
  readonly grant: string;
  otherNote(): Promise<unknown>;
}

/** Gives another guest a note of its own, and the agent the store that it shares with others. */
export async function makeOthers({ door }: PowerboxSide, run: Run): Promise<Others> {
  const { id, loot } = run;
  const open = async (name: string): Promise<Store> => {
    await door.makePower(`store:${id}-${name}`, `${id}-${name}`, 'a test');
    return (await door.lookup(`${id}-${name}`)) as Store;
  };
  const other = await open('other');
  await other.put('note', loot.otherNote);
  const shared = await open('shared');
  await shared.put('other/note', loot.otherNote);
  await door.addGuest(`${id}-neighbour`, 'a test');
  const grant = await door.grant({ power: `${id}-other`, to: `${id}-neighbour`, as: 'notes' });
  return {
    grant: grant.id,
    otherNote: async () => [await other.get('note'), await shared.get('other/note')],
  };
}

/** What the agent finds among its own notes, as an earlier run left it. */
export async function plantNote({ door }: PowerboxSide, run: Run, text: string): Promise<void> {
  await door.makePower(`store:${run.id}-notes`, `${run.id}-own`, 'a test');
  const notes = (await door.lookup(`${run.id}-own`)) as Store;
  await notes.put('todo', text);
}

/** A letter of the neighbour, which the agent finds in its inbox. */
export async function sendLetter({ door }: PowerboxSide, run: Run, text: string): Promise<void> {
  await door.addGuest(run.id, 'a test');
  const neighbour = await door.guest(`${run.id}-neighbour`);
  await neighbour.send(run.id, text, [], null);
}

/** One run of the agent of a scenario, to its end. */
export async function runPowerbox(
  { door }: PowerboxSide,
  run: Run,
  scenario: Scenario,
  task: string,
  first: boolean,
): Promise<AgentEnd> {
  run.endedAt = null;
  const [provider] = PROVIDERS[run.number % PROVIDERS.length] ?? PROVIDERS[0];
  const going = await door.agent({
    name: run.id,
    model: first ? `${provider}/${run.model}` : null,
    ...(first ? { modelPower: provider, give: scenario.give(run) } : {}),
    mode: scenario.mode ?? 'code',
    limits: { timeMs: RUN_MS_MAX, steps: 8, ...(first ? scenario.limits : {}) },
    task,
  });
  const end = attend(door, going);
  const { stopsAfterMs } = scenario;
  if (stopsAfterMs !== undefined) {
    await begun(run);
    await sleep(stopsAfterMs);
    await going.stop('The person says stop.');
    run.endedAt = Date.now();
  }
  const ended = await end;
  run.endedAt ??= Date.now();
  return ended;
}

/** Says no to whatever waits for the person. */
async function attend(door: HostDoor, going: AgentRun): Promise<AgentEnd> {
  let seen = 0;
  for (;;) {
    const events = await going.events(seen);
    seen += events.length;
    for (const event of events) {
      if (event.type === 'approval') await door.decide([event.id], 'denied', 'I was not asked');
      if (event.type === 'ended') return event.end;
    }
  }
}
