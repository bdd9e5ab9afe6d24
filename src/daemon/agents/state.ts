import type { startWorker } from '../../boxes/compartment/start.ts';
import type { ProgramSessions } from '../../gateway/doors.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Home } from '../../store/home.ts';
import type { HomeStore } from '../../store/kernel-database.ts';
import type { EntryWatch } from './entry-watch.ts';
import { ENDED_RUNS_MAX } from './limits.ts';
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

/** The oldest that are over are forgotten. */
export function remember(runs: Map<string, Run>, run: Run): void {
  runs.delete(run.spec.guest);
  runs.set(run.spec.guest, run);
  for (const [guest, one] of runs) {
    if (runs.size <= ENDED_RUNS_MAX) break;
    if (one.isOver()) runs.delete(guest);
  }
}
