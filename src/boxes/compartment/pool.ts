import { startWorker, type WorkerBox } from './start.ts';
import type { WatchLimits } from './watch.ts';

export interface PoolOptions {
  /** The home's `boxes`. */
  readonly boxes: string;
  /** Workers that are kept ready. */
  readonly warm?: number;
  /** Another file than the worker's own; for tests, which run from the sources. */
  readonly main?: string;
}

export interface TakeLimits extends WatchLimits {
  readonly memoryBytes?: number;
}

/** Compartment workers that are started before they are asked for. Each is given out once. */
export interface Pool {
  /** One that nobody has used, held to these limits from now on. */
  take(limits: TakeLimits): Promise<WorkerBox>;
  /** How many are ready. */
  warm(): number;
  /** Ends those that are ready; those that were taken are their takers'. */
  close(): Promise<void>;
}

export function openPool({ boxes, main }: PoolOptions): Pool {
  return {
    async take(limits) {
      const { memoryBytes } = limits;
      const worker = await startWorker({
        program: 'compartment',
        boxes,
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
        ...(main === undefined ? {} : { main }),
      });
      worker.watch(limits);
      return worker;
    },
    warm: () => 0,
    close: async () => undefined,
  };
}
