import { describe, expect, it } from 'vitest';
import { makeEventLog } from './event-log.ts';
import { EVENTS_MAX, EVENTS_PER_READ_MAX } from './limits.ts';

const text = (words: string) => ({ type: 'text', agent: 'a', text: words }) as const;
const end = {
  type: 'ended',
  end: { why: 'done', reason: '', steps: 0, tokens: 0, microdollars: 0 },
} as const;

describe('the events of a run', () => {
  it('are read from where one was, and waited for', async () => {
    const log = makeEventLog();
    log.add(text('one'));
    expect(await log.after(0)).toEqual([text('one')]);
    const next = log.after(1);
    log.add(text('two'));
    expect(await next).toEqual([text('two')]);
    const last = log.after(2);
    log.add(end);
    expect(await last).toEqual([end]);
    expect(await log.after(3)).toEqual([]);
  });

  it('are bounded, which is said, and end all the same', async () => {
    const log = makeEventLog();
    for (let count = 0; count < EVENTS_MAX + 100; count += 1) log.add(text('x'));
    log.add(end);
    log.add(text('after the end'));
    expect((await log.after(0)).length).toBe(EVENTS_PER_READ_MAX);
    expect(await log.after(EVENTS_MAX)).toEqual([
      expect.objectContaining({ type: 'console', level: 'warn' }),
      end,
    ]);
  });

  it('come in pieces that a message can hold', async () => {
    const log = makeEventLog();
    for (let count = 0; count < 20; count += 1) log.add(text('x'.repeat(200_000)));
    expect((await log.after(0)).length).toBeLessThan(6);
  });
});
