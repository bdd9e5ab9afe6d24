import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AgentPlace,
  eventsOf,
  lastOf,
  openAgents,
  textsOf,
  until,
} from '../support/agents.ts';
import { isDaemon, within } from '../support/daemon.ts';
import { obedient, order } from '../support/scripted-model.ts';

const SIZE = `
  const tool = await powerbox.tool({
    name: 'size',
    code: 'Far("size", { of: async (path) => (await repo.readText(path)).length })',
    give: { repo: { power: 'repo', only: ['ro'] } },
  });
  await E(tool).call('of', ['a.txt'])`;

/** Has an agent of its own do what the code orders. */
const sub = (code: string, more = ''): string =>
  order(`await powerbox.agent({ name: 'sub', task: ${JSON.stringify(order(code))}${more} })`);

describe('the tools of an agent', () => {
  let place: AgentPlace;
  beforeAll(async () => {
    place = await openAgents({ obey: obedient(), hang: () => ({ text: 'I begin.', hang: true }) });
  });
  afterAll(() => place.close());

  it('are compartments that hold what it granted them, narrowed, and nothing else', async () => {
    const nosy = order(`
      const tool = await powerbox.tool({
        name: 'nosy',
        code: 'Far("nosy", { names: () => typeof powerbox + typeof model + typeof repo })',
      });
      await tool.call('names', [])`);
    const events = await place.task('maker', `${order(SIZE)} ${nosy}`, { give: place.repo });
    expect(textsOf(events, 'result')).toEqual(['5', 'undefinedundefinedundefined']);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'use', guest: 'maker.size', verdict: 'allow' }),
    );
    const { stdout } = await place.powerbox(['grants', '--tree']);
    expect(stdout).toMatch(/maker as repo[^\n]*\n[^\n]*└─ gr-\w+ {2}maker\.size as repo/);
    expect((await place.host.agents())[0]?.tools).toEqual(['nosy', 'size']);
  });

  it('lose what the agent loses', async () => {
    const held = await place.host.grants({ to: 'maker' });
    const id = held.find(({ kind }) => kind === 'files')?.id ?? '';
    await place.host.revoke({ what: 'grant', id }, 'enough');
    const use = order(`await (await powerbox.useTool('size')).call('of', ['a.txt'])`);
    const events = await place.task('maker', use, { model: null });
    expect(textsOf(events, 'result')[0]).toContain('works no more: the grant');
  });

  it('are not made of what is none', async () => {
    const bad = [
      `{ name: 'bad', code: 'throw new Error("no")' }`,
      `{ name: 'bad', code: '7' }`,
      `{ name: 'bad', code: '1', give: { x: { power: 'x' } } }`,
      `{ name: '../bad', code: '1' }`,
    ].map((words) => order(`await powerbox.tool(${words})`));
    const events = await place.task('failing', bad.join(' '));
    expect(textsOf(events, 'result')).toEqual([
      expect.stringContaining('no'),
      expect.stringContaining('must come to a function'),
      expect.stringContaining('"x"'),
      expect.stringContaining('is refused'),
    ]);
    const guests = await place.host.guests(false);
    expect(guests.map(({ name }) => name)).not.toContain('failing.bad');
  });

  it('and its own agents are ended with it', async () => {
    await place.task('whole', order(`await powerbox.tool({ name: 't', code: '() => 1' })`));
    await place.host.removeGuest('whole', 'enough');
    const names = (await place.host.guests(false)).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('whole'))).toEqual([]);
  });

  it('do its own agents with parts of what it holds, on its budget', async () => {
    const code = 'await repo.readText("a.txt") + typeof other';
    const give = ', give: { repo: { power: "repo" } }, tokens: 1000';
    const words = { give: { ...place.repo, other: { power: `files:${place.folder}` } } };
    const events = await place.task('chief', sub(code, give), words);
    const result = events.find((event) => event.type === 'result' && event.agent === 'chief.sub');
    expect(result).toMatchObject({ text: 'helloundefined', failed: false });
    expect(textsOf(events, 'result').at(-1)).toContain('"text": "It is done.", "why": "done"');
    expect(lastOf(events, 'ended').end.tokens).toBe(60);
    const [grant] = (await place.host.grants({ to: 'chief' })).filter(
      ({ kind }) => kind === 'model',
    );
    expect(grant?.spent.tokens).toBe(60);
    const names = (await place.host.guests(false)).map(({ name }) => name);
    expect(names).not.toContain('chief.sub');
  });

  it('stop with whatever is above them', async () => {
    const task = sub('console.log("below"); await new Promise(() => {})');
    const run = await place.host.agent({ name: 'top', model: 'openai/obey', task });
    await until(run, (event) => event.type === 'console' && event.guest === 'top.sub');
    const { stdout } = await place.powerbox(['grants', '--tree']);
    expect(stdout).toMatch(/top as model[^\n]*\n[^\n]*└─ gr-\w+ {2}top\.sub as model/);
    await run.stop('enough');
    expect(lastOf(await eventsOf(run), 'ended').end.why).toBe('stopped');
    let names: readonly string[] = ['top.sub'];
    await within(15_000, () => {
      void place.host.guests(false).then((guests) => {
        names = guests.map(({ name }) => name);
      });
      return !names.includes('top.sub');
    });
    expect(names).not.toContain('top.sub');
    expect((await place.host.status()).compartments.running).toBe(0);
  });

  it('outlive the daemon, as the conversation does, and every step is whole', async () => {
    await place.task('lasting', `${order(SIZE)} ${order('await powerbox.note("blue")')}`, {
      give: place.repo,
    });
    const words = { name: 'lasting', model: 'openai/hang', task: 'a last task' };
    const run = await place.host.agent(words);
    await until(run, (event) => event.type === 'text');
    const pid = place.daemonPid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await within(15_000, () => !isDaemon(pid));
    const use = order(`await (await powerbox.useTool('size')).call('of', ['a.txt'])`);
    const { status, stderr } = await place.agent(['lasting', '--model', 'openai/obey', use]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('cut off') });
    expect(stderr).toMatch(/got {4}5\n/);
    const said = place.model.asked
      .at(-1)
      ?.turn.messages.map(({ text }) => text)
      .join('\n');
    for (const text of ['a last task', '(Your notes, which are no task: "blue")', 'cut off'])
      expect(said).toContain(text);
  });
});
