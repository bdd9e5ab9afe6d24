import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeInTurn } from './in-turn.ts';

describe('what is done in turn', () => {
  it('never goes on beside another, and goes on after one that failed', async () => {
    const inTurn = makeInTurn();
    let going = 0;
    let most = 0;
    const work = (fails: boolean) => async (): Promise<string> => {
      going += 1;
      most = Math.max(most, going);
      await turn();
      going -= 1;
      if (fails) throw new Error('no');
      return 'yes';
    };
    const all = await Promise.allSettled([false, true, false].map((fails) => inTurn(work(fails))));
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(most).toBe(1);
  });
});
