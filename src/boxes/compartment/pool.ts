import type { WatchLimits, WorkerBox } from './start.ts';
import { startWorker } from './start.ts';

export interface PoolOptions {
  /** The home's `boxes`. */
  readonly boxes: string;
  /** Workers that are kept ready. */
  readonly warm?: number;
  /** A name for each worker's box. */
  readonly newId: () => string;
}

export interface TakeLimits extends WatchLimits {
  readonly memoryBytes: number;
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

export function openPool({ boxes, newId }: PoolOptions): Pool {
  return {
    async take({ memoryBytes, ...watch }) {
      const worker = await startWorker({ id: newId(), program: 'compartment', memoryBytes, boxes });
      worker.watch(watch);
      return worker;
    },
    warm: () => 0,
    close: async () => undefined,
  };
}
