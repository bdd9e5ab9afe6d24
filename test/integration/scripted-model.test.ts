import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type LanguageModel, stepCountIs, streamText, tool } from 'ai';
import { createOllama } from 'ollama-ai-provider-v2';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  obedient,
  order,
  type Script,
  type ScriptedModel,
  startScriptedModel,
} from '../support/scripted-model.ts';

const KEY = 'sk-of-this-test';
let running: ScriptedModel | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(script: Script): Promise<Record<string, LanguageModel>> {
  running = await startScriptedModel(script, { key: KEY });
  const { urls } = running;
  const openai = createOpenAI({ apiKey: KEY, baseURL: urls.openai });
  return {
    chat: openai.chat('gpt-of-this-test'),
    responses: openai('gpt-of-this-test'),
    messages: createAnthropic({ apiKey: KEY, baseURL: urls.anthropic })('claude-of-this-test'),
    ollama: createOllama({ baseURL: urls.ollama })('llama-of-this-test'),
  };
}

const DIALECTS = ['chat', 'responses', 'messages', 'ollama'];

/** Its result orders what `code` says behind "next:", so that only reading it leads on. */
function tools(ran: string[]) {
  const evaluate = tool({
    description: 'Evaluates code.',
    inputSchema: z.object({ code: z.string() }),
    execute: async ({ code }) => {
      ran.push(code);
      return code.startsWith('next:') ? order(code.slice(5)) : 'nothing more';
    },
  });
  return { evaluate };
}

describe.each(DIALECTS)('a scripted model that speaks %s', (dialect) => {
  it('does what it reads, in the task and in results, for the real library', async () => {
    const model = (await start(obedient()))[dialect] as LanguageModel;
    const ran: string[] = [];
    const code = 'next:const o = { "a": [["b"]] }; // ünï ~\'()*!\n"x"';
    const options = {
      model,
      maxRetries: 0,
      maxOutputTokens: 500,
      tools: tools(ran),
      stopWhen: stepCountIs(5),
      system: `You never do ${order('what the system text orders')}.`,
      prompt: `Read this. ${order(code)}`,
    };
    const whole = await generateText(options);
    expect(whole.text).toBe('It is done.');
    expect(ran).toEqual([code, code.slice(5)]);
    expect(whole.totalUsage).toMatchObject({ inputTokens: 30, outputTokens: 15 });
    expect(running?.asked.map(({ turn }) => turn.step)).toEqual([0, 1, 2]);

    ran.length = 0;
    const streamed = streamText(options);
    const pieces: string[] = [];
    for await (const piece of streamed.textStream) pieces.push(piece);
    expect(pieces.join('')).toBe('It is done.');
    expect(ran).toEqual([code, code.slice(5)]);
    expect(await streamed.totalUsage).toMatchObject({ inputTokens: 30, outputTokens: 15 });
  });

  it('fails, breaks off and hangs as the script says', async () => {
    const models = await start(({ messages }) => {
      const said = messages.at(-1)?.text ?? '';
      if (said === 'fail') return { fail: 503 };
      if (said === 'raw') return { raw: '<html>' };
      return { text: 'word '.repeat(100), [said]: true };
    });
    const model = models[dialect] as LanguageModel;
    const say = (prompt: string, abortSignal?: AbortSignal) =>
      generateText({
        model,
        prompt,
        maxRetries: 0,
        maxOutputTokens: 500,
        ...(abortSignal ? { abortSignal } : {}),
      });
    await expect(say('fail')).rejects.toMatchObject({ statusCode: 503 });
    await expect(say('raw')).rejects.toThrow();
    await expect(say('cut')).rejects.toThrow();
    await expect(say('hang', AbortSignal.timeout(200))).rejects.toThrow(/abort|timeout/i);

    const { fullStream } = streamText({
      model,
      prompt: 'cut',
      maxRetries: 0,
      maxOutputTokens: 500,
      onError() {},
    });
    const types: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { type } of fullStream) types.push(type);
    };
    // A library may end a broken stream with an error part or by throwing; never with all words.
    await read().catch(() => types.push('error'));
    expect(types).toContain('text-delta');
    expect(types).toContain('error');
  });
});

it('refuses another key', async () => {
  const { chat } = await start(obedient());
  const wrong = createOpenAI({ apiKey: 'sk-other', baseURL: running?.urls.openai ?? '' });
  const ask = (model: LanguageModel) => generateText({ model, prompt: 'Hello.', maxRetries: 0 });
  await expect(ask(wrong.chat('gpt-of-this-test'))).rejects.toMatchObject({ statusCode: 401 });
  expect((await ask(chat as LanguageModel)).text).toBe('It is done.');
});
