import type { startWorker } from '../../boxes/compartment/start.ts';
import type { ProgramSessions } from '../../gateway/doors.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Home } from '../../store/home.ts';
import type { HomeStore } from '../../store/kernel-database.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { EntryWatch } from './entry-watch.ts';
import { ENDED_RUNS_MAX, RUNS_MAX } from './limits.ts';
import type { Run } from './run.ts';

export interface AgentsParts {
  readonly kernel: Kernel;
  readonly store: HomeStore;
  readonly home: Home;
  readonly entries: EntryWatch;
  readonly programs: ProgramSessions;
  readonly now: () => number;
}

/** What the runs of a daemon have in common. */
export interface AgentsState extends AgentsParts {
  /** By guest: the run that goes on, or the last one. */
  readonly runs: Map<string, Run>;
  startRunner(): ReturnType<typeof startWorker>;
}

/** Throws `limit-exceeded` when as many runs go on as may. */
export function checkRoom(runs: ReadonlyMap<string, Run>): void {
  const going = [...runs.values()].filter((run) => !run.isOver()).length;
  if (going < RUNS_MAX) return;
  throw new PowerboxError(
    'limit-exceeded',
    `Cannot start another run: ${RUNS_MAX} are going on, and that is the most.`,
  );
}

/** The oldest that are over are forgotten. */
export function remember(runs: Map<string, Run>, run: Run): void {
  runs.delete(run.spec.guest);
  runs.set(run.spec.guest, run);
  for (const [guest, one] of runs) {
    if (runs.size <= ENDED_RUNS_MAX) break;
    if (one.isOver()) runs.delete(guest);
  }
}
