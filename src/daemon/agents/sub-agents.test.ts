import { describe, expect, it } from 'vitest';
import type { AgentEnd } from '../../wire/agent.ts';
import { AGENT_DEPTH_MAX, SUB_AGENTS_MAX, SUB_AGENTS_PER_RUN_MAX } from './limits.ts';
import { makeRun, type Run } from './run.ts';
import { subAgentMethod } from './sub-agents.ts';

function runAt(depth: number): Run {
  return makeRun({
    spec: { guest: `gu-${depth}`, name: 'a', steps: 1, timeMs: 60_000, depth },
    startRunner: () => Promise.reject(new Error('not started')),
    openSession: () => {
      throw new Error('not opened');
    },
    door: () => {
      throw new Error('not opened');
    },
    over: () => undefined,
  });
}

const end: AgentEnd['why'] = 'done';
const words = { name: 's', task: 't' };

function subs(run: Run) {
  const started: Run[] = [];
  const removed: Run[] = [];
  const agent = subAgentMethod({
    run,
    async start() {
      const sub = runAt(run.spec.depth + 1);
      run.below.add(sub);
      started.push(sub);
      return sub;
    },
    answerOf: () => 'said',
    remove: async (sub) => void removed.push(sub),
  });
  return { agent, started, removed };
}

describe('agents of an agent', () => {
  it('give their last words, and are gone then', async () => {
    const run = runAt(0);
    const { agent, started, removed } = subs(run);
    const asked = agent(words);
    await Promise.resolve();
    void started[0]?.finish(end, 'over');
    expect(await asked).toEqual({ text: 'said', why: 'done', reason: 'over' });
    expect(removed).toEqual(started);
    expect(run.below.size).toBe(0);
  });

  it('are only so deep, so many at once, and so many in a run', async () => {
    const deep = subs(runAt(AGENT_DEPTH_MAX));
    await expect(deep.agent(words)).rejects.toMatchObject({ code: 'limit-exceeded' });

    const { agent, started } = subs(runAt(0));
    const asked = Array.from({ length: SUB_AGENTS_MAX + 3 }, () => agent(words));
    const settled = Promise.allSettled(asked);
    await new Promise((resolve) => setImmediate(resolve));
    expect(started.length).toBe(SUB_AGENTS_MAX);
    for (const sub of started) void sub.finish(end, '');
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBe(3);

    for (let made = SUB_AGENTS_MAX; made < SUB_AGENTS_PER_RUN_MAX; made += 1) {
      const one = agent(words);
      await new Promise((resolve) => setImmediate(resolve));
      void started.at(-1)?.finish(end, '');
      await one;
    }
    await expect(agent(words)).rejects.toMatchObject({ code: 'limit-exceeded' });
  });

  it('end with the one above, also its own', async () => {
    const run = runAt(0);
    const { agent, started } = subs(run);
    const asked = agent(words);
    await Promise.resolve();
    await run.finish('stopped', 'enough');
    expect(await asked).toMatchObject({ why: 'stopped' });
    expect(started[0]?.isOver()).toBe(true);
  });
});
