import type { Verdict } from '../ocap/verdict.ts';
import type { PendingApproval } from '../store/kernel-store.ts';

type Outcome = 'approved' | 'denied' | 'timeout';

/** The callers that wait for the host's word, each settled once. */
export interface Waiters {
  /** Calls `late` after the time; whoever is called settles. */
  wait(row: PendingApproval, ms: number, late: () => void): Promise<Verdict>;
  get(id: string): PendingApproval | undefined;
  rows(): readonly PendingApproval[];
  countOf(guest: string): number;
  settle(id: string, outcome: Outcome, verdict: Verdict): void;
}

interface Waiter {
  readonly row: PendingApproval;
  readonly timer: NodeJS.Timeout;
  readonly done: (verdict: Verdict) => void;
}

export function makeWaiters(
  settled: (row: PendingApproval, outcome: Outcome, reason: string) => void,
): Waiters {
  const waiters = new Map<string, Waiter>();
  const rows = (): readonly PendingApproval[] => [...waiters.values()].map(({ row }) => row);
  return {
    wait: (row, ms, late) =>
      new Promise((done) => void waiters.set(row.id, { row, timer: setTimeout(late, ms), done })),
    get: (id) => waiters.get(id)?.row,
    rows,
    countOf: (guest) => rows().filter((row) => row.guest === guest).length,
    settle(id, outcome, verdict) {
      const waiter = waiters.get(id);
      if (waiter === undefined) return;
      waiters.delete(id);
      clearTimeout(waiter.timer);
      settled(waiter.row, outcome, verdict.allow ? '' : verdict.reason);
      waiter.done(verdict);
    },
  };
}
