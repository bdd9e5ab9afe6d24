import { type Script, type ScriptedModel, startScriptedModel } from './scripted-model.ts';

/** What the model of docs/agents.md does with its tasks: source first, then words. */
const TASKS: readonly (readonly [task: RegExp, code: string, words: string])[] = [
  [/today/, '(await notes.readText("today.txt")).trim()', 'Call the plumber.'],
  [
    /tomorrow/,
    'await notes.write("tomorrow.txt", "Pay the plumber.\\n")',
    'Tomorrow says: pay the plumber.',
  ],
  [
    /tool/,
    `const count = await powerbox.tool({
  name: 'count',
  code: 'Far("count", { words: async (file) => (await notes.readText(file)).split(/\\\\s+/).filter(Boolean).length })',
  give: { notes: { power: 'notes', only: ['ro'] } },
});
await count.call('words', ['today.txt'])`,
    'There are 3 words.',
  ],
];

const script: Script = ({ messages }) => {
  const task = messages.findLast(({ role }) => role === 'user')?.text ?? '';
  const found = TASKS.find(([pattern]) => pattern.test(task));
  if (found === undefined) throw new Error(`The page gives a task that nobody knows: ${task}`);
  const [, code, words] = found;
  if (messages.at(-1)?.role === 'user')
    return { toolCalls: [{ name: 'evaluate', args: { code } }] };
  const isRefused = messages.at(-1)?.text.includes('is not allowed') === true;
  return { text: isRefused ? 'I may read the notes, and not write them.' : words };
};

export function startDocsModel(): Promise<ScriptedModel> {
  return startScriptedModel(script);
}
