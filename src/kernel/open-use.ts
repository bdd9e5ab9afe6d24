import type { Spend } from '../ocap/budget.ts';
import { type EndSignal, isLive, type UseContext } from '../ocap/live.ts';
import type { PowerboxError } from '../wire/errors.ts';
import type { Budgets } from './budgets.ts';
import { closeLive } from './close-live.ts';
import type { Node, OpenUse } from './graph.ts';
import { narrowingsByHost } from './replica.ts';
import { errorOf } from './validity.ts';
import { watchTime } from './watch-time.ts';

/** One use while it goes on: what the power is told of it, and how it is cut. */
export interface GoingUse extends OpenUse {
  readonly context: UseContext;
  readonly spent: Readonly<Record<string, number>>;
  /** Throws what the use was cut with, when it was. */
  throwIfCut(): void;
  /** The answer, or the error that the use was cut with, whichever comes first. */
  outcome(answer: unknown): Promise<unknown>;
  /** Takes the use off its grants. */
  close(): void;
}

/**
 * Hangs the use on every grant that it passes, so that the end of any of them cuts it, and on the
 * earliest of their ends in time.
 */
export function openUse(
  holder: string,
  passed: readonly Node[],
  budgets: Budgets,
  now: () => number,
  expired: () => PowerboxError,
): GoingUse {
  const spent: Record<string, number> = {};
  let controller: AbortController | undefined;
  let cutWith: PowerboxError | undefined;
  let reject: ((error: PowerboxError) => void) | undefined;
  const use: GoingUse = {
    context: {
      holder,
      narrowings: narrowingsOf(passed),
      // Few calls look at it.
      get byHost() {
        return passed[0] === undefined ? 0 : narrowingsByHost(passed[0]);
      },
      // Most calls are over before anybody asks for it.
      get signal(): EndSignal {
        controller ??= new AbortController();
        if (cutWith !== undefined && !controller.signal.aborted) controller.abort(cutWith);
        return controller.signal;
      },
      foresee(amounts) {
        const foreseen = budgets.foresee(passed, amounts);
        if (!foreseen.allow) throw errorOf(foreseen);
        return foreseen.release;
      },
      spend: (amounts) => spendAll(passed, budgets, amounts, now(), spent),
    },
    spent,
    cut(error) {
      if (cutWith !== undefined) return;
      cutWith = error;
      controller?.abort(error);
      reject?.(error);
    },
    throwIfCut() {
      if (cutWith !== undefined) throw cutWith;
    },
    outcome(answer) {
      if (!isThenable(answer)) {
        if (cutWith === undefined) return Promise.resolve(answer);
        drop(answer);
        return Promise.reject(cutWith);
      }
      return new Promise((done, fail) => {
        reject = fail;
        if (cutWith !== undefined) fail(cutWith);
        answer.then((value) => {
          if (cutWith === undefined) done(value);
          else drop(value);
        }, fail);
      });
    },
    close() {
      stopWatching();
      for (const node of passed) node.uses.delete(use);
    },
  };
  const stopWatching = watchTime(passed, now, () => use.cut(expired()));
  for (const node of passed) node.uses.add(use);
  return use;
}

function narrowingsOf(passed: readonly Node[]): readonly unknown[] {
  // The grant that is used comes first; the others only had to be valid.
  return passed[0]?.narrowings ?? [];
}

function spendAll(
  passed: readonly Node[],
  budgets: Budgets,
  amounts: Spend,
  now: number,
  spent: Record<string, number>,
): void {
  const verdict = budgets.spend(passed, amounts, now);
  if (!verdict.allow) throw errorOf(verdict);
  for (const [measure, amount] of Object.entries(amounts)) {
    spent[measure] = (spent[measure] ?? 0) + amount;
  }
}

/** Nobody will ever hold it. */
function drop(answer: unknown): void {
  if (isLive(answer)) closeLive(answer);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
