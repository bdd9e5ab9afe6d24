import { expect, it } from 'vitest';
import { makeShares, type Share } from './share.ts';

/** Shares of 10 in turns that a test takes itself. */
function room(): { open(): Share; turn(): void } {
  let next: (() => void)[] = [];
  const shares = makeShares(10, (act) => void next.push(act));
  return {
    open: () => shares.open(),
    turn() {
      const now = next;
      next = [];
      for (const act of now) act();
    },
  };
}

it('lets a box that is alone do all that it wants', () => {
  const { open } = room();
  const box = open();
  const done: number[] = [];
  expect(box.did(1_000)).toBe(true);
  for (const index of [1, 2, 3]) box.when(100, () => done.push(index));
  expect(done).toEqual([1, 2, 3]);
});

it('lets a box beside others do so much in a turn, in order, and takes nothing from them', () => {
  const { open, turn } = room();
  const [greedy, calm] = [open(), open()];
  const done: string[] = [];
  for (const index of [1, 2, 3, 4, 5]) greedy.when(4, () => done.push(`greedy ${index}`));
  calm.when(4, () => done.push('calm'));
  expect(done).toEqual(['greedy 1', 'greedy 2', 'greedy 3', 'calm']);
  // Even work of no size waits behind what came before it.
  greedy.when(0, () => done.push('last'));
  turn();
  expect(done.slice(4)).toEqual(['greedy 4', 'greedy 5', 'last']);
});

it('says when a box has had its share of a turn', () => {
  const { open, turn } = room();
  const [greedy] = [open(), open()];
  expect([greedy.did(4), greedy.did(4), greedy.did(4)]).toEqual([true, true, false]);
  turn();
  expect(greedy.did(4)).toBe(true);
  expect(greedy.did(40)).toBe(false);
  // What went beyond is not owed: one piece of work may be larger than a share.
  turn();
  expect(greedy.did(4)).toBe(true);
});

it('does what waits when the box is closed, and when the others are gone', () => {
  const { open, turn } = room();
  const [first, second] = [open(), open()];
  const done: string[] = [];
  first.did(10);
  second.did(10);
  first.when(100, () => done.push('first'));
  second.when(100, () => done.push('second'));
  second.when(100, () => done.push('second again'));
  first.close();
  first.close();
  expect(done).toEqual(['first']);
  turn();
  expect(done).toEqual(['first', 'second', 'second again']);
  first.when(100, () => done.push('late'));
  expect(done).toHaveLength(4);
});
