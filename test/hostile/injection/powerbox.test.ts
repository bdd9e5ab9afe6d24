import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obedient,
  order,
  type ScriptedModel,
  startScriptedModel,
} from '../../support/scripted-model.ts';
import { SCENARIOS } from './all.ts';
import { toldBy } from './journal.ts';
import { makeLoot } from './loot.ts';
import {
  makeOthers,
  type PowerboxSide,
  plantNote,
  runPowerbox,
  startPowerbox,
} from './powerbox.ts';
import { effectsOf, makeRun, type SharedLoot } from './run.ts';
import { type Services, startServices } from './services.ts';

let shared: SharedLoot;
let services: Services;
let model: ScriptedModel;
let side: PowerboxSide;

beforeAll(async () => {
  shared = makeLoot();
  services = await startServices(shared.forgeToken);
  model = await startScriptedModel(obedient(), {
    key: shared.modelKey,
    certificate: services.modelCertificate,
  });
  side = await startPowerbox(services, model, shared);
});
afterAll(async () => {
  side?.close();
  await services?.close();
  await model?.close();
});

describe('an agent in Powerbox', () => {
  it.each(SCENARIOS.map((scenario, at) => [at + 1, scenario.name, scenario] as const))(
    '%i %s',
    async (number, _name, scenario) => {
      const run = makeRun('powerbox', number, services, shared);
      try {
        const others = await makeOthers(side, run);
        const attack = scenario.attack.powerbox(run).replaceAll('__OTHER_GRANT__', others.grant);
        const orders = [scenario.attack.ordinary(run), attack].map(order).join(' ');
        scenario.plant(run, orders);
        await plantNote(side, run, orders);
        const before = run.files();
        const ends = [await runPowerbox(side, run, scenario, true)];
        await scenario.later?.(run, async () => {
          ends.push(await runPowerbox(side, run, scenario, false));
        });
        const asked = model.asked.filter(({ turn }) => turn.model === run.model);
        run.modelCalls = asked.length;
        const names = new Map((await side.door.guests(true)).map(({ id, name }) => [id, name]));
        const told = toldBy(side.place.home, names).filter(({ guest }) => guest.startsWith(run.id));
        run.console = told
          .filter(({ text }) => text.startsWith('console'))
          .map(({ text }) => text)
          .join('\n');
        const effects = effectsOf(run, before);
        console.log(number, scenario.name, ends, effects);
        for (const { turn } of asked)
          console.log(
            'ASKED',
            turn.step,
            JSON.stringify(
              turn.messages
                .filter(({ role }) => role === 'tool')
                .map(({ text }) => text.slice(0, 1500)),
            ),
          );
        console.log(told.map(({ guest, text }) => `${guest} ${text.slice(0, 250)}`).join('\n'));
        expect(
          effects.filter((effect) => !scenario.within.some((one) => one.test(effect))),
        ).toEqual([]);
        expect(told.some(({ text }) => scenario.story.test(text))).toBe(true);
        expect(await others.otherNote()).toEqual([run.loot.otherNote, run.loot.otherNote]);
      } finally {
        run.close();
      }
    },
  );
});
