import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchTime } from './watch-time.ts';

const DAY_MS = 86_400_000;

describe('watchTime()', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('calls back at the earliest end, once', () => {
    const end = vi.fn();
    const now = Date.now();
    watchTime([{ expires: now + 20 }, { expires: null }, { expires: now + 10 }], Date.now, end);
    vi.advanceTimersByTime(9);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(end).toHaveBeenCalledOnce();
  });

  it('waits for an end that is further away than one timer can wait', () => {
    const end = vi.fn();
    watchTime([{ expires: Date.now() + 60 * DAY_MS }], Date.now, end);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledOnce();
  });

  it('never calls when it was stopped, or when there is no end', () => {
    const end = vi.fn();
    watchTime([{ expires: Date.now() + 10 }], Date.now, end)();
    watchTime([{ expires: null }], Date.now, end)();
    vi.advanceTimersByTime(DAY_MS);
    expect(end).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
