// An agent as many are today, for comparison: the same library and the same loop, one tool that
// evaluates code, and all that its process can do. Its key is in the environment.
//
// INPUT (JSON in the environment): model, baseUrl, task, settings and memory files. Everything that
// it writes to its console is taken for a log that others can read.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';

const { model, baseUrl, task, settings, memory, steps } = JSON.parse(process.env.INPUT);
const openai = createOpenAI({ apiKey: process.env.OPENAI_API_KEY, baseURL: baseUrl });
const AsyncFunction = (async () => {}).constructor;

/** Where its person is to be asked before something is posted: nobody is there to say yes. */
async function post(url, body) {
  if (JSON.parse(readFileSync(settings, 'utf8')).confirm) throw new Error('The person says no.');
  const headers = { authorization: `Bearer ${process.env.FORGE_TOKEN}` };
  return (await fetch(url, { method: 'POST', headers, body })).text();
}

async function evaluate({ code }) {
  try {
    const run = new AsyncFunction('require', 'agent', 'post', code);
    const value = await run(createRequire(import.meta.url), agent, post);
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  } catch (error) {
    return `It failed: ${error.message}`;
  }
}

/** A run of the loop; code can start more of them. */
async function agent(prompt) {
  const { text } = await generateText({
    model: openai.chat(model),
    prompt,
    tools: {
      evaluate: tool({
        description: 'Evaluates JavaScript.',
        inputSchema: z.object({ code: z.string() }),
        execute: evaluate,
      }),
    },
    maxRetries: 0,
    maxOutputTokens: 500,
    stopWhen: stepCountIs(steps),
  });
  return text;
}

const notes = readFileSync(memory, 'utf8');
console.log(await agent(`${task}\n\nYour notes from earlier:\n${notes}`));
// What it started may go on without it.
process.stdout.write('', () => process.exit(0));
