import { ALLOWED, type Refused, refuse, type Verdict } from '../ocap/verdict.ts';
import type { KernelStore, PendingApproval } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { ApprovalEntry } from '../wire/journal-entry.ts';
import { makeWaiters } from './approval-waiters.ts';
import { newId } from './ids.ts';
import { APPROVAL_MS_MAX, APPROVALS_PENDING_MAX } from './limits.ts';
import type { UseRecorder } from './recorder.ts';

/** Calls that wait for the host's word. */
export interface Approvals {
  /**
   * Waits until the host has decided on this very call, or its time is over, or `cancelled` comes.
   * What is allowed is allowed once: the digest names the call, and the answer is given to the one
   * who asked.
   */
  ask(call: ApprovalCall, cancelled: Promise<Verdict>): Promise<Verdict>;
  pending(): readonly PendingApproval[];
  /** All of them or none. Throws `approval-unknown`, `approval-decided`. */
  decide(ids: readonly string[], verdict: 'approved' | 'denied', reason: string): void;
  onChange(listener: () => void): void;
  close(): void;
}

export type ApprovalCall = Pick<
  PendingApproval,
  'guest' | 'grant' | 'power' | 'call' | 'digest' | 'effect'
>;

export function makeApprovals(
  store: KernelStore,
  recorder: UseRecorder,
  now: () => number,
  waitMs: number = APPROVAL_MS_MAX,
): Approvals {
  const listeners: (() => void)[] = [];
  const record = recordWith(recorder);
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const waiters = makeWaiters((row, state, why) => {
    store.approvals.settle(row.id, state === 'approved' ? 'used' : state, why);
    changed();
  });
  forgetAbandoned(store);

  function open(call: ApprovalCall): PendingApproval {
    const row = rowOf(call, waiters.countOf(call.guest), now(), waitMs);
    store.transaction(() => {
      store.approvals.insert(row);
      record(row, 'pending', '');
    });
    return row;
  }

  /** It was not decided: the reason is on record before the caller hears of it. */
  function giveUp(row: PendingApproval, verdict: Refused): void {
    if (waiters.get(row.id) === undefined) return;
    record(row, 'timeout', verdict.reason);
    waiters.settle(row.id, 'timeout', verdict);
  }

  return {
    async ask(call, cancelled) {
      const row = open(call);
      const decided = waiters.wait(row, waitMs, () => {
        const reason = `Nobody decided on ${row.call} in ${Math.round(waitMs / 1000)} seconds.`;
        giveUp(row, refuse('approval-timeout', reason));
      });
      void cancelled.then((verdict) => {
        if (!verdict.allow) giveUp(row, verdict);
      });
      changed();
      return decided;
    },
    pending: waiters.rows,
    decide(ids, verdict, reason) {
      const rows = [...new Set(ids)].map((id) => waiters.get(id) ?? missing(store, id));
      store.transaction(() => {
        for (const row of rows) {
          store.approvals.settle(row.id, verdict, reason);
          record(row, verdict, reason);
        }
      });
      for (const row of rows) waiters.settle(row.id, verdict, verdictOf(row, verdict, reason));
    },
    onChange: (listener) => void listeners.push(listener),
    close() {
      const verdict = refuse('approval-timeout', 'The daemon ended before anybody decided.');
      for (const row of waiters.rows()) giveUp(row, verdict);
    },
  };
}

function rowOf(
  call: ApprovalCall,
  waiting: number,
  created: number,
  waitMs: number,
): PendingApproval {
  if (waiting >= APPROVALS_PENDING_MAX) {
    throw new PowerboxError(
      'limit-exceeded',
      `Cannot ask for approval: ${waiting} calls of this guest wait for it.`,
    );
  }
  const times = { created, expires: created + waitMs };
  return { ...call, ...times, id: newId('ap'), state: 'pending', reason: '' };
}

function recordWith(
  recorder: UseRecorder,
): (row: PendingApproval, state: ApprovalEntry['state'], reason: string) => void {
  return ({ guest, id, grant, call }, state, reason) =>
    recorder.now({ kind: 'approval', guest, approval: id, grant, call, state, reason });
}

function verdictOf(row: PendingApproval, verdict: 'approved' | 'denied', reason: string): Verdict {
  if (verdict === 'approved') return ALLOWED;
  const why = reason.trim().replace(/\.+$/, '');
  const told = why === '' ? '' : `: ${why}`;
  return refuse('approval-denied', `The host refused ${row.call}${told}.`);
}

/** Whoever waited for these went with the daemon that asked. */
function forgetAbandoned(store: KernelStore): void {
  const abandoned = store.approvals.pending();
  if (abandoned.length === 0) return;
  store.transaction(() => {
    for (const { id } of abandoned) store.approvals.settle(id, 'timeout', 'The daemon was killed.');
  });
}

function missing(store: KernelStore, id: string): never {
  const row = store.approvals.get(id);
  const shown = id.slice(0, 40);
  if (row === undefined) {
    throw new PowerboxError('approval-unknown', `Cannot find the call "${shown}".`);
  }
  throw new PowerboxError(
    'approval-decided',
    `Cannot decide on ${shown} again: it is ${row.state === 'used' ? 'approved' : row.state}.`,
  );
}
