import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts';

describe('an agent', () => {
  let place: DaemonPlace;
  let model: ScriptedModel;
  beforeAll(async () => {
    place = makeDaemonPlace();
    model = await startScriptedModel(({ step }) =>
      step === 0
        ? {
            text: 'Let me see.',
            toolCalls: [{ name: 'evaluate', args: { code: 'console.log("hi"); 6 * 7' } }],
          }
        : { text: 'It is 42.' },
    );
    for (const provider of ['openai', 'anthropic', 'ollama'] as const) {
      await place.json(
        'power',
        'add',
        `model:${provider} ${model.urls[provider]}`,
        '--as',
        provider,
      );
    }
  });
  afterAll(async () => {
    place.close();
    await model.close();
  });

  it.each(['openai/gpt-5', 'anthropic/claude-x', 'ollama/llama3'])(
    'does a task with %s',
    async (name) => {
      const { status, stdout, stderr } = await place.powerbox([
        'agent',
        name.replace(/[^a-z0-9]/g, '-'),
        '--model',
        name,
        'What is 6 times 7?',
      ]);
      console.log(stdout, stderr);
      expect({ status, stdout }).toEqual({
        status: 0,
        stdout: expect.stringContaining('It is 42.'),
      });
    },
  );
});
