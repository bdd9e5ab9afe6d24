import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Watched, type WatchLimits, watchWorker } from './watch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A worker whose thread is held, or waits for the processor, as the test says. */
function fake(limits: WatchLimits) {
  const state = { cpu: 0, moved: 0, free: true, asked: 0, ended: [] as string[], computes: 0 };
  const worker: Watched = {
    cpuMs: () => state.cpu,
    moved: () => state.moved,
    pulse: {
      ready: Promise.resolve(),
      ask: () => {
        state.asked += 1;
      },
      isAnswered: () => state.free,
      lastWords: () => '',
    },
    end: (why) => state.ended.push(why),
  };
  const watcher = watchWorker(limits, worker);
  const pass = (ms: number): void => {
    for (let at = 0; at < ms; at += 10) {
      state.cpu += 10 * state.computes;
      vi.advanceTimersByTime(10);
    }
  };
  return { state, watcher, pass };
}

test('a thread that is held is noticed within a turn and two looks', () => {
  const { state, pass } = fake({ turnMs: 1_000 });
  Object.assign(state, { free: false, computes: 1 });
  pass(900);
  expect(state.ended).toEqual([]);
  pass(350);
  expect(state.ended).toEqual(['turn']);
});

test('one that is held without computing is ended too, later', () => {
  const { state, pass } = fake({ turnMs: 1_000 });
  Object.assign(state, { free: false, moved: 1 });
  pass(5_000);
  expect(state.ended).toEqual([]);
  pass(5_000);
  expect(state.ended).toEqual(['turn']);
});

test('one that does not get the processor has its whole turn', () => {
  const { state, pass } = fake({ turnMs: 1_000 });
  Object.assign(state, { free: false, computes: 0.25 });
  pass(3_000);
  expect(state.ended).toEqual([]);
  pass(2_000);
  expect(state.ended).toEqual(['turn']);
});

test('one that answers may compute for as long as it may', () => {
  const { state, pass } = fake({ turnMs: 1_000, cpuMs: 5_000 });
  state.computes = 1;
  pass(4_900);
  expect(state.ended).toEqual([]);
  expect(state.asked).toBeGreaterThan(10);
  pass(300);
  expect(state.ended).toEqual(['processor']);
});

test('one that does nothing is not asked', () => {
  const { state, pass } = fake({ turnMs: 1_000, cpuMs: 1_000 });
  pass(2_000);
  const before = state.asked;
  pass(60_000);
  expect(state.asked).toBe(before);
  expect(state.ended).toEqual([]);
});

test('a loop that begins after a long rest is noticed', () => {
  const { state, pass } = fake({ turnMs: 1_000 });
  pass(60_000);
  Object.assign(state, { free: false, computes: 1 });
  pass(2_000);
  expect(state.ended).toEqual(['turn']);
});

test('a life ends, and a watcher that is stopped ends nothing', () => {
  const one = fake({ lifeMs: 500 });
  const two = fake({ lifeMs: 500 });
  two.watcher.stop();
  one.pass(600);
  expect(one.state.ended).toEqual(['time']);
  expect(two.state.ended).toEqual([]);
});
