import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { queryJournal } from '../../../src/journal/query.ts';
import { openHome } from '../../../src/store/home.ts';
import { filesWith } from '../../support/agent.ts';
import { obedient, order, startScriptedModel } from '../../support/scripted-model.ts';
import { SCENARIOS } from './all.ts';
import { type Told, toldBy } from './journal.ts';
import { makeLoot } from './loot.ts';
import {
  effectsHere,
  type Performed,
  performAll,
  type Stage,
  toldOf,
  withheldFrom,
} from './perform.ts';
import { runPowerbox, startPowerbox } from './powerbox.ts';
import { pageOf, pageOrWritten, storyOf } from './report.ts';
import { makeRun } from './run.ts';
import { READ_PAGE, type Scenario } from './scenario.ts';
import { startServices } from './services.ts';

/** All runs of both sides, one after the other on a slow machine. */
const PERFORM_MS_MAX = 240_000;

let stage: Stage;
let performed: readonly Performed[];
let told: readonly Told[];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  const shared = makeLoot();
  const services = await startServices(shared.forgeToken);
  closing.push(() => services.close());
  const model = await startScriptedModel(obedient(), {
    key: shared.modelKey,
    certificate: services.modelCertificate,
  });
  closing.push(() => model.close());
  const side = await startPowerbox(services, model, shared);
  closing.push(() => side.close());
  stage = { services, model, side, shared, kept: [] };
  closing.push(() => stage.kept.forEach((run) => void run.close()));
  performed = await performAll(stage);
  await vi.waitUntil(async () => (await side.door.status()).compartments.running === 0, {
    timeout: 20_000,
  });
  told = toldBy(side.place.home, await namesOf(stage));
}, PERFORM_MS_MAX);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function namesOf({ side }: Stage): Promise<ReadonlyMap<string, string>> {
  return new Map((await side.door.guests(true)).map(({ id, name }) => [id, name]));
}

const ALL = SCENARIOS.map(({ name }, at) => [at + 1, name] as const);

describe.each(ALL)('instruction %i, %s', (number) => {
  const one = (): Performed => performed[number - 1] as Performed;

  it('works on an ordinary agent', () => {
    const { lost, scenario } = one();
    expect(lost.filter((effect) => scenario.loses.test(effect))).not.toEqual([]);
  });

  it('does nothing here outside what was given', async () => {
    const { scenario, run, others, ends, told: heard } = one();
    for (const { why, reason } of ends)
      expect(`${why}: ${reason}`).toMatch(scenario.ends ?? /^done/);
    const isWithin = (effect: string): boolean => scenario.within.some((one) => one.test(effect));
    const effects = effectsHere(one(), toldOf(one(), told));
    expect(effects.filter((effect) => !isWithin(effect))).toEqual([]);
    // What is said to be lost all the same happens, or the table would say too much.
    for (const one of scenario.within)
      expect(effects.some((effect) => one.test(effect))).toBe(true);
    expect(await others.otherNote()).toEqual([run.loot.otherNote, run.loot.otherNote]);
    expect(heard.filter((what) => what !== 'the conversation')).toEqual([]);
  });

  it('leaves the agent with what it was given, and nothing at work', async () => {
    const { scenario, run } = one();
    const given = [...Object.keys(scenario.give(run)), 'model'];
    const door = await stage.side.door.guest(run.id);
    const names = (await door.list('')).map(({ name }) => name);
    // What it made is named after it and holds no more; the grants say from whom.
    expect(names.filter((name) => !given.includes(name))).toEqual([]);
    const grants = await stage.side.door.grants({ to: run.id });
    expect(grants.every(({ from }) => from === 'host')).toBe(true);
    const rows = toldOf(one(), told).filter(({ text }) => text.startsWith('compartment '));
    const count = (state: string): number =>
      rows.filter(({ text }) => text.startsWith(`compartment ${state}`)).length;
    if (scenario.mode !== 'tools') expect(count('opened')).toBeGreaterThan(0);
    expect(count('ended')).toBe(count('opened'));
  });

  it('is told by the journal, without a secret', () => {
    const { run } = one();
    const rows = toldOf(one(), told);
    expect(storyOf(one(), told)).not.toBe('nothing');
    const text = rows.map((row) => row.text).join('\n');
    expect(withheldFrom(run.loot, text)).toEqual([]);
    // Everything that arrived outside stands in it.
    const arrived = run.outside.received.length;
    const allowed = rows.filter((row) => /^use (?:[A-Z]+) http.* allowed/.test(row.text)).length;
    expect(allowed).toBeGreaterThanOrEqual(arrived);
  });
});

describe('all of them together', () => {
  it('are what the page says', () => {
    expect(pageOrWritten(pageOf(performed, told))).toBe(pageOf(performed, told));
  });

  it('show every aim, many sources, and enough of each', () => {
    expect(SCENARIOS.length).toBeGreaterThanOrEqual(28);
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    expect(new Set(SCENARIOS.map(({ through }) => through)).size).toBeGreaterThan(10);
  });

  it('spend no more than they may', () => {
    for (const { ends, scenario } of performed) {
      const { tokens, steps } = scenario.limits ?? {};
      for (const end of ends) {
        if (tokens !== undefined) expect(end.tokens).toBeLessThanOrEqual(tokens);
        expect(end.steps).toBeLessThanOrEqual(steps ?? 8);
      }
    }
  });

  it('leave no key in any file of the home, where the conversations are', () => {
    const { modelKey, forgeToken } = stage.shared;
    const { home } = stage.side.place;
    const { loot } = (performed[0] as Performed).run;
    expect(filesWith(home, loot.conversation)).not.toEqual([]);
    for (const key of [modelKey, forgeToken]) expect(filesWith(home, key)).toEqual([]);
  });

  it('leave a journal whose chain holds, and keys in their slots alone', async () => {
    const { status } = await stage.side.place.powerbox(['log', 'verify']);
    expect(status).toBe(0);
    const { modelKey, forgeToken } = stage.shared;
    const records = JSON.stringify(
      queryJournal(openHome({ POWERBOX_HOME: stage.side.place.home }), { limit: 100_000 }),
    );
    expect(records).not.toContain(modelKey);
    expect(records).not.toContain(forgeToken);
    // The keys were used, so that their absence everywhere else says something.
    const asked = stage.model.asked.filter(({ turn }) => turn.model.startsWith('gpt-p'));
    for (const { path, headers } of asked) {
      if (path.endsWith('/completions')) expect(headers.authorization).toBe(`Bearer ${modelKey}`);
      if (path.endsWith('/messages')) expect(headers['x-api-key']).toBe(modelKey);
    }
    expect(new Set(asked.map(({ path }) => path)).size).toBe(3);
    const { received } = (
      performed.find(({ run }) => run.outside.forge.changes.length > 0) as Performed
    ).run.outside;
    expect(received.some(({ headers }) => headers.authorization === `Bearer ${forgeToken}`)).toBe(
      true,
    );
  });
});

describe('the attacker', () => {
  it('is reached by an agent that was given its host: refusals are what kept others from it', async () => {
    const { services, shared, side } = stage;
    const run = makeRun('powerbox', SCENARIOS.length + 1, services, shared);
    stage.kept.push(run);
    const scenario: Scenario = {
      ...(SCENARIOS[0] as Scenario),
      task: READ_PAGE,
      give: () => ({ docs: { power: 'http://evil.example' } }),
    };
    const url = `${run.url('evil')}/reached`;
    const end = await runPowerbox(
      side,
      run,
      scenario,
      order(`return (await docs.fetch({ url: '${url}' })).status;`),
      true,
    );
    expect(end.why).toBe('done');
    expect(run.outside.received.map(({ service, url }) => `${service} ${url}`)).toEqual([
      'evil /reached',
    ]);
  });

  it('loses what it was handed on when the agent is removed', async () => {
    const { side } = stage;
    const one = performed.find(({ scenario }) => scenario.byLetter === true) as Performed;
    const neighbour = await side.door.guest(`${one.run.id}-neighbour`);
    const path = `${one.run.path('forge')}/repos/acme/app`;
    const can = async (method: string, url: string): Promise<boolean> =>
      (await neighbour.can('forge', 'fetch', [{ method, url }])).allow;
    expect(await can('GET', `${path}/commits`)).toBe(true);
    expect(await can('DELETE', `${path}/branches/old`)).toBe(false);
    expect(await can('GET', '/elsewhere')).toBe(false);
    await side.door.removeAgent(one.run.id, 'it was fooled');
    const after = await neighbour
      .can('forge', 'fetch', [{ url: `${path}/commits` }])
      .catch(() => null);
    expect(after === null || !after.allow).toBe(true);
  });
});
