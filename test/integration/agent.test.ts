import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentPlace, lastOf, openAgents, PROVIDERS, textsOf } from '../support/agents.ts';
import { makeDaemonPlace } from '../support/daemon.ts';
import { obedient, order, type Script } from '../support/scripted-model.ts';

/** Calls the method that reads, as any model in tool mode would find it among its tools. */
const caller: Script = ({ step, tools, messages }) => {
  const tool = tools.find(({ name }) => name === 'repo__readText');
  if (tool === undefined) return { text: `no tool among ${tools.map(({ name }) => name)}` };
  const [path = ''] = Object.keys((tool.parameters.properties ?? {}) as object);
  if (step === 0) return { toolCalls: [{ name: tool.name, args: { [path]: 'a.txt' } }] };
  return { text: `It says ${messages.at(-1)?.text}.` };
};

const misuser: Script = ({ step, messages }) => {
  const toolCalls = [
    { name: 'nothing__at_all', args: {} },
    { name: 'object_call', args: { object: 'object_9', method: 'next' } },
    { name: 'repo__readText', args: { path: '../../etc/passwd' } },
    { name: 'repo__readText', args: { path: 7 } },
  ];
  if (step === 0) return { toolCalls };
  const results = messages.slice(-4).map(({ text }) => text);
  return { text: results.join('\n') };
};

/** Asks for a part of the folder, which is an object, and reads in it by its name. */
const holder: Script = ({ step, messages }) => {
  const last = messages.at(-1)?.text ?? '';
  if (step === 0) return { toolCalls: [{ name: 'repo__readOnly', args: {} }] };
  const object = /object_\d+/.exec(last)?.[0];
  if (step > 1 || object === undefined) return { text: `At last: ${last}` };
  const args = { object, method: 'readText', args: ['a.txt'] };
  return { toolCalls: [{ name: 'object_call', args }] };
};

let place: AgentPlace;
beforeAll(async () => {
  place = await openAgents({ obey: obedient(), caller, misuser, holder });
});
afterAll(() => place.close());

describe('a model that writes code', () => {
  it('does so in a compartment; its words are printed, and beside them what it does', async () => {
    const task = `${order('console.log("seen"); await repo.readText("a.txt")')} please`;
    const give = ['--give', `repo=files:${place.folder}`, '--only', 'repo=ro'];
    const { status, stdout, stderr } = await place.agent([
      'coder',
      '--model',
      'openai/obey',
      ...give,
      task,
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'It is done.\n' });
    expect(stderr).toContain('does   evaluate: console.log("seen"); await repo.readText("a.txt")');
    expect(stderr).toContain('allow  coder: readText /a.txt');
    expect(stderr).toContain('says   coder: seen');
    expect(stderr).toMatch(/got {4}seen\n {7}hello\n/);
    expect(stderr).toContain('powerbox: coder has answered (2 steps, 30 tokens, $0.0000)');
    const rows = await place.json<{ kind: string; state?: string }>('log', '--guest', 'coder');
    const states = (kind: string) =>
      rows.filter((row) => row.kind === kind).map(({ state }) => state);
    expect(states('agent')).toEqual(['began', 'step', 'step', 'ended']);
    expect(states('compartment')).toEqual(['opened', 'evaluated', 'ended']);
    expect(states('use').length).toBeGreaterThan(2);
  });

  it.each(PROVIDERS)('is spoken with by the library of %s', async (provider) => {
    const words = { model: `${provider}/obey`, give: place.repo };
    const events = await place.task(provider, order('await repo.readText("a.txt")'), words);
    expect(textsOf(events, 'result')).toEqual(['hello']);
    expect(textsOf(events, 'text').join('')).toBe('It is done.');
    expect(lastOf(events, 'ended').end).toMatchObject({ why: 'done', steps: 2, tokens: 30 });
  });

  it('is told of its powers by their declarations, and of nothing that others wrote', () => {
    const asked = place.model.asked.find(({ body }) => body.model === 'obey');
    const [system] = asked?.turn.messages ?? [];
    expect(system?.text).toContain('declare const repo: Files;');
    expect(system?.text).toContain('readText(');
    expect(system?.text).not.toContain(place.folder);
    expect(asked?.turn.tools.map(({ name }) => name)).toEqual(['evaluate']);
  });

  it('holds what it was given and nothing else', async () => {
    const codes = [
      'typeof process + typeof require + typeof fetch',
      'await repo.write("b.txt", new Uint8Array(1))',
      'await powerbox.lookup("host")',
      'await powerbox.compartment({ as: "coder" })',
      'globalThis.kept = 7',
      'kept + 1',
      'nowhere.readText("a.txt")',
    ];
    const events = await place.task('held', codes.map(order).join(' '), { give: place.repo });
    const results = textsOf(events, 'result');
    expect(results).toEqual([
      'undefinedundefinedundefined',
      expect.stringContaining('write /b.txt'),
      expect.stringContaining('Cannot find the name "host"'),
      expect.stringContaining('a guest can name only itself'),
      '7',
      '8',
      expect.stringContaining('[endowment-missing]'),
    ]);
    expect(existsSync(join(place.folder, 'b.txt'))).toBe(false);
    expect(readFileSync(join(place.folder, 'a.txt'), 'utf8')).toBe('hello');
  });
});

describe('a model that calls tools', () => {
  it.each(PROVIDERS)(
    'is offered each method of each power with the library of %s',
    async (provider) => {
      const words = { model: `${provider}/caller`, mode: 'tools', give: place.repo } as const;
      const events = await place.task(`tools-${provider}`, 'what does it say?', words);
      expect(textsOf(events, 'text').join('')).toBe('It says hello.');
      const call = { type: 'tool', tool: 'repo__readText', text: '{"path":"a.txt"}' };
      expect(events).toContainEqual(expect.objectContaining(call));
    },
  );

  it('is told of what is not there, and of what is refused', async () => {
    const words = { model: 'openai/misuser', mode: 'tools', give: place.repo } as const;
    const events = await place.task('misuser', 'go', words);
    const said = textsOf(events, 'text').join('').split('\n');
    expect(said).toEqual([
      expect.stringContaining('There is no tool nothing__at_all.'),
      expect.stringContaining('There is no object object_9.'),
      expect.stringMatching(/^\[[a-z-]+\] Cannot /),
      expect.stringContaining('[call-invalid]'),
    ]);
    expect(lastOf(events, 'ended').end.why).toBe('done');
  });

  it('calls objects that a method gave by their names', async () => {
    const words = { model: 'openai/holder', mode: 'tools', give: place.repo } as const;
    const events = await place.task('holder', 'go', words);
    expect(textsOf(events, 'result')).toEqual(['<object_1>', 'hello']);
    expect(textsOf(events, 'text').join('')).toBe('At last: hello');
  });
});

describe('an agent', () => {
  it('says what to do when there is no way to its model', async () => {
    const other = makeDaemonPlace();
    try {
      const { status, stderr } = await other.powerbox([
        'agent',
        'x',
        '--model',
        'anthropic/y',
        'go',
      ]);
      expect({ status, stderr }).toEqual({
        status: 66,
        stderr: expect.stringMatching(
          /no secret ANTHROPIC_API_KEY[\s\S]*secret set ANTHROPIC_API_KEY/,
        ),
      });
    } finally {
      other.close();
    }
  });

  it('goes on where it was, with the same guest, grants and words', async () => {
    await place.task('again', 'first', { give: place.repo });
    const task = order('await repo.readText("a.txt")');
    const events = await place.task('again', task, { model: null });
    expect(textsOf(events, 'result')).toEqual(['hello']);
    expect(place.model.asked.at(-1)?.turn.messages.map(({ text }) => text)).toContain('first');
    const { stdout } = await place.agent(['show', 'again']);
    expect(stdout).toContain('you: first');
    expect(stdout).toContain('got: hello');
    const found = (await place.host.agents()).find(({ name }) => name === 'again');
    expect(found).toMatchObject({ state: 'idle', model: 'openai/obey', steps: 3, tokens: 45 });
  });

  it('holds by a name what it was last given by it, and keeps what is worded as before', async () => {
    const held = async () =>
      (await place.host.grants({ to: 'regiven' })).map(({ id, names }) => `${names} ${id}`).sort();
    await place.task('regiven', 'first', { give: place.repo });
    const first = await held();
    await place.task('regiven', 'second', { give: place.repo, model: null });
    expect(await held()).toEqual(first);
    const other = { repo: { power: `files:${place.folder}` } };
    await place.task('regiven', 'third', { give: other, model: null });
    const third = await held();
    expect(third.map((line) => line.split(' ')[0])).toEqual(['model', 'repo']);
    expect(third).not.toEqual(first);
    await place.task('regiven', 'fourth', { limits: { tokens: 500 } });
    const fourth = await place.host.grants({ to: 'regiven' });
    expect(fourth.find(({ kind }) => kind === 'model')?.budget).toEqual(['tokens=500']);
    expect(fourth.length).toBe(2);
  });

  it('ends with all that it was given, and its words are gone', async () => {
    await place.task('gone', 'first', { give: place.repo });
    expect((await place.agent(['rm', 'gone'])).status).toBe(0);
    await expect(place.host.conversation('gone')).rejects.toMatchObject({ code: 'agent-unknown' });
    await expect(place.host.grants({ to: 'gone' })).rejects.toMatchObject({
      code: 'guest-unknown',
    });
  });

  it('takes each line of standard input for a task when it is given none', async () => {
    const input = `${order('1 + 1')}\n\n${order('2 + 2')}\n`;
    const { status, stdout, stderr } = await place.agent(['turns', '--model', 'openai/obey'], {
      input,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'It is done.\nIt is done.\n' });
    expect(stderr).toMatch(/got {4}2\n[\s\S]*got {4}4\n/);
  });

  it.each([
    [{ model: null }, 'model-unknown', 'without a model'],
    [{ model: 'gpt-5' }, 'model-unknown', 'none of openai, anthropic, ollama'],
    [{ model: 'openai/gpt*' }, 'model-unknown', 'Cannot use the model'],
    [{ modelPower: 'none' }, 'name-unknown', 'none'],
    [{ modelPower: 'ollama' }, 'power-unknown', 'no power for models of openai'],
    [{ give: { model: { power: 'openai' } } }, 'call-invalid', 'no name'],
    [{ give: { repo: { power: 'nowhere' } } }, 'name-unknown', 'nowhere'],
    [{ name: 'host' }, 'guest-invalid', 'the host'],
  ] as const)('is refused with %j, and nothing is made', async (words, code, reason) => {
    await expect(place.task('refused', 'task', words)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(reason),
    });
    const guests = await place.host.guests(true);
    expect(guests.map(({ name }) => name)).not.toContain('refused');
  });
});
