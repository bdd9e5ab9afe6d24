import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUNNER_MEMORY_BYTES } from '../../src/daemon/agents/limits.ts';
import type { AgentEvent, AgentRun } from '../../src/wire/agent.ts';
import {
  type AgentPlace,
  eventsOf,
  lastOf,
  openAgents,
  textsOf,
  until,
} from '../support/agents.ts';
import { within } from '../support/daemon.ts';
import { obedient, order, type Script } from '../support/scripted-model.ts';

const endless: Script = ({ step }) => ({
  toolCalls: [{ name: 'evaluate', args: { code: `${step}` } }],
});
const hang: Script = () => ({ text: 'I begin, and never end.\n', hang: true });
const flood: Script = () => ({
  toolCalls: Array.from({ length: 300 }, () => ({ name: 'evaluate', args: { code: '1' } })),
});
const busy: Script = ({ step, messages }) =>
  step === 0
    ? { toolCalls: Array.from({ length: 40 }, () => ({ name: 'evaluate', args: { code: '1' } })) }
    : { text: messages.at(-1)?.text ?? '' };
const ESCAPES = '\u001b]0;owned\u0007\u001b[2J';
const rude: Script = ({ step }) =>
  step === 0
    ? { text: ESCAPES, toolCalls: [{ name: `${ESCAPES}`, args: { code: ESCAPES } }] }
    : { text: `done\ud800${ESCAPES}` };

const chunk = (delta: object, finish: string | null): string => {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'x', created: 1, model: 'cut', choices })}\n\n`;
};

const scripts = {
  obey: obedient(),
  ...{ endless, hang, flood, busy, rude },
  long: () => ({ text: 'x'.repeat(150_000) }),
  garbage: () => ({ raw: 'data: {"choices": 7}\n\ndata: nonsense\n\n' }),
  cut: () => ({
    raw: [chunk({ content: 'half' }, null), chunk({}, 'length'), 'data: [DONE]\n\n'].join(''),
  }),
  broken: () => ({ text: 'half of an answer', cut: true }),
  empty: () => ({ raw: '' }),
  failing: () => ({ fail: 500 }),
} satisfies Record<string, Script>;

let place: AgentPlace;
beforeAll(async () => {
  place = await openAgents(scripts);
});
afterAll(() => place.close());

/** The first event of a kind, while the run goes on. */
const firstOf = (run: AgentRun, type: AgentEvent['type']): Promise<AgentEvent> =>
  until(run, (event) => event.type === type);

describe('a run ends', () => {
  it.each([
    ['steps', { steps: 3 }, { steps: 3 }],
    ['tokens', { tokens: 40 }, { steps: 2 }],
    ['money', { microdollars: 40 }, { steps: 2 }],
  ] as const)('at its bound of %s', async (why, limits, end) => {
    const words = { model: 'openai/endless', limits };
    const events = await place.task(`bound-${why}`, 'go on', words);
    expect(lastOf(events, 'ended').end).toMatchObject({ why, ...end });
  });

  it('at the bound of its time', async () => {
    const words = { model: 'openai/hang', limits: { timeMs: 1_500 } };
    const { end } = lastOf(await place.task('bound-time', 'go', words), 'ended');
    expect(end).toMatchObject({ why: 'time', reason: expect.stringContaining('2 s') });
  });

  it('with an exit status and a sentence, and a budget holds over all its runs', async () => {
    const args = ['spender', '--model', 'openai/obey', '--budget', 'tokens=20', 'one'];
    expect((await place.agent(args)).status).toBe(0);
    const { status, stderr } = await place.agent(['spender', 'two']);
    expect({ status, stderr }).toEqual({ status: 75, stderr: expect.stringContaining('budget') });
  });

  it('when the grant of its model does, or its guest', async () => {
    const run = await place.host.agent({ name: 'revoked', model: 'openai/hang', task: 'go' });
    await firstOf(run, 'text');
    const grants = await place.host.grants({ to: 'revoked' });
    const id = grants.find(({ kind }) => kind === 'model')?.id ?? '';
    const before = place.model.cuts();
    await place.host.revoke({ what: 'grant', id }, 'enough');
    expect(await within(15_000, () => place.model.cuts() > before)).toBe(true);
    expect(lastOf(await eventsOf(run), 'ended').end).toMatchObject({
      why: 'revoked',
      reason: 'The grant of its model has ended.',
    });
    const other = await place.host.agent({ name: 'removed', model: 'openai/hang', task: 'go' });
    await firstOf(other, 'text');
    await place.host.removeGuest('removed', 'enough');
    expect(lastOf(await eventsOf(other), 'ended').end.why).toBe('revoked');
    expect((await place.host.agents()).map(({ name }) => name)).not.toContain('removed');
  });

  it('at once with Ctrl-C, whatever its model and its code do', async () => {
    const before = place.model.cuts();
    let pid = 0;
    let pressed = 0;
    const { status, stderr } = await place.agent(['waiting', '--model', 'openai/hang', 'go'], {
      onStart: (started) => {
        pid = started;
      },
      onOutput(text) {
        if (!text.includes('I begin')) return;
        pressed = performance.now();
        process.kill(pid, 'SIGINT');
      },
    });
    expect({ status, stderr }).toEqual({ status: 130, stderr: expect.stringContaining('Ctrl-C') });
    expect(performance.now() - pressed).toBeLessThan(6_000);
    expect(await within(15_000, () => place.model.cuts() > before)).toBe(true);

    const spinning = { name: 'spinning', model: 'openai/obey', task: order('for (;;) {}') };
    const run = await place.host.agent(spinning);
    await firstOf(run, 'tool');
    const stopped = performance.now();
    await run.stop('enough');
    expect(performance.now() - stopped).toBeLessThan(5_000);
    expect(lastOf(await eventsOf(run), 'ended').end).toMatchObject({
      why: 'stopped',
      reason: 'enough',
    });
    expect((await place.host.status()).compartments.running).toBe(0);
  });

  it('with what its code was about to do', async () => {
    const before = place.model.cuts();
    const body = { model: 'hang', max_tokens: 5, messages: [{ role: 'user', content: 'go' }] };
    const task = order(`await other.complete(${JSON.stringify(body)})`);
    const give = { other: { power: 'openai' } };
    const run = await place.host.agent({ name: 'doing', model: 'openai/obey', give, task });
    await until(run, (event) => event.type === 'use' && event.call.includes('"hang"'));
    await run.stop('enough');
    expect(await within(15_000, () => place.model.cuts() > before)).toBe(true);
    const rows = await place.json<{ outcome?: { code?: string } }>('log', '--guest', 'doing');
    expect(JSON.stringify(rows)).toContain('compartment-ended');
  });

  it.each([
    ['long', 'longer than any answer may be'],
    ['flood', 'a flood of calls'],
    ['garbage', 'cannot be used'],
    ['broken', 'broke off'],
    ['empty', 'without words'],
    ['cut', 'cut off at its 8192 tokens'],
    ['failing', 'status 500'],
  ])('when its model is %s, with a sentence', async (model, words) => {
    const { end } = lastOf(await place.task(model, 'go', { model: `openai/${model}` }), 'ended');
    expect(end).toMatchObject({ why: 'failed', reason: expect.stringContaining(words) });
    // What is kept can still be gone on with.
    const next = await place.task(model, 'go', { model: 'openai/obey' });
    expect(lastOf(next, 'ended').end.why).toBe('done');
  });
});

describe('the loop of a model', () => {
  it('runs in walls: no network, no environment, no file but its own program', async () => {
    const run = await place.host.agent({ name: 'walled', model: 'openai/hang', task: 'go' });
    await firstOf(run, 'text');
    const daemon = place.daemonPid() ?? 0;
    // A worker of compartments has less memory.
    const heap = RUNNER_MEMORY_BYTES / 1024 ** 2 - 64;
    const pid = descendants(daemon).find((one) =>
      new RegExp(`^/node .*size=${heap} .*/main\\.cjs$`).test(commandOf(one)),
    );
    const network = (of: number | string) => readlinkSync(`/proc/${of}/ns/net`);
    const environment = (of: number) => readFileSync(`/proc/${of}/environ`, 'latin1');
    expect(network(pid ?? 0)).not.toBe(network('self'));
    expect(environment(pid ?? 0)).not.toContain('POWERBOX_HOME');
    expect(readdirSync(`/proc/${pid}/root`)).not.toContain('home');
    expect(existsSync(`/proc/${pid}/root${place.home}`)).toBe(false);
    // What is looked at here is there to be seen.
    expect(network(daemon)).toBe(network('self'));
    expect(environment(daemon)).toContain('POWERBOX_HOME');
    expect(existsSync(`/proc/${daemon}/root${place.home}`)).toBe(true);
    await run.stop('enough');
    // A process that has ended has no command any more, also before it is put away.
    expect(await within(15_000, () => commandOf(pid ?? 0) === '')).toBe(true);
  });
});

function descendants(pid: number): readonly number[] {
  const children = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && parentOf(name) === pid,
  );
  return children.flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').filter(Boolean).join(' ');
  } catch {
    return '';
  }
}

describe('what a model writes', () => {
  it('is done only so many times in one answer', async () => {
    const events = await place.task('busy', 'go', { model: 'openai/busy' });
    expect(textsOf(events, 'result').length).toBe(32);
    expect(textsOf(events, 'text').join('')).toContain('Not done: an answer may make 32 calls');
  });

  it('never reaches a terminal as more than text', async () => {
    const { status, stdout, stderr } = await place.agent(['rude', '--model', 'openai/rude', 'go']);
    expect(status).toBe(0);
    expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(stdout).toContain('\\x1b[2J');
    const shown = await place.agent(['show', 'rude']);
    expect(shown.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('a call that waits for the host', () => {
  const writing = order('await repo.write("b.txt", "new"); "written"');
  const give = () => ({ repo: { power: `files:${place.folder}`, approval: 'writes' as const } });

  it('is told of, and goes on once it is approved', async () => {
    const words = { name: 'asking', model: 'openai/obey', give: give(), task: writing };
    const run = await place.host.agent(words);
    const waits = await firstOf(run, 'approval');
    expect(waits).toMatchObject({ guest: 'asking', call: expect.stringContaining('write') });
    expect(existsSync(join(place.folder, 'b.txt'))).toBe(false);
    await place.host.decide([(waits as { id: string }).id], 'approved', '');
    expect(textsOf(await eventsOf(run), 'result')).toEqual(['written']);
    expect(existsSync(join(place.folder, 'b.txt'))).toBe(true);
  });

  it.each([
    ['--yes', 'got    written'],
    ['--no', 'The host refused write /b.txt'],
  ])('is decided by %s', async (flag, words) => {
    const given = ['--give', `repo=files:${place.folder}`, '--approve', 'repo=writes'];
    const { status, stderr } = await place.agent([
      ...[`flag${flag}`, '--model', 'openai/obey', ...given, flag],
      writing,
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining(words) });
  });

  it('is never done when the run has ended', async () => {
    const words = { name: 'late', model: 'openai/obey', give: give(), task: writing };
    const run = await place.host.agent(words);
    const waits = await firstOf(run, 'approval');
    await run.stop('enough');
    expect(await place.host.pending()).toEqual([]);
    const { id } = waits as { id: string };
    await place.host.decide([id], 'approved', '').catch(() => undefined);
    const rows = await place.json<{ kind: string; state?: string }>('log', '--guest', 'late');
    expect(rows.filter(({ kind }) => kind === 'approval').at(-1)).toMatchObject({
      state: 'denied',
    });
  });
});
