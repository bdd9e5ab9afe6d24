import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obedient,
  order,
  type ScriptedModel,
  startScriptedModel,
} from '../../support/scripted-model.ts';
import { SCENARIOS } from './all.ts';
import { makeLoot } from './loot.ts';
import { runOrdinary } from './ordinary.ts';
import { effectsOf, makeRun, type SharedLoot } from './run.ts';
import { type Services, startServices } from './services.ts';

let shared: SharedLoot;
let services: Services;
let model: ScriptedModel;

beforeAll(async () => {
  shared = makeLoot();
  services = await startServices(shared.forgeToken);
  model = await startScriptedModel(obedient(), {
    key: shared.modelKey,
    certificate: services.modelCertificate,
  });
});
afterAll(async () => {
  await services?.close();
  await model?.close();
});

describe('an ordinary agent', () => {
  it.each(SCENARIOS.map((scenario, at) => [at + 1, scenario.name, scenario] as const))(
    '%i %s',
    async (number, _name, scenario) => {
      const run = makeRun('ordinary', number, services, shared);
      try {
        scenario.plant(run, order(scenario.attack.ordinary(run)));
        const before = run.files();
        const task = `My number is ${run.loot.conversation}. ${order(scenario.task.ordinary(run))}`;
        const go = () => runOrdinary(run, model.urls.openai, task, 20, scenario.stopsAfterMs);
        await go();
        await scenario.later?.(run, go);
        run.modelCalls = model.asked.filter(({ turn }) => turn.model === run.model).length;
        const effects = effectsOf(run, before);
        console.log(number, scenario.name, effects);
        if (!effects.some((effect) => scenario.loses.test(effect)))
          console.log(run.console.slice(0, 2000), run.outside.received);
        expect(effects.filter((effect) => scenario.loses.test(effect))).not.toEqual([]);
      } finally {
        run.close();
      }
    },
  );
});
