import { setTimeout as sleep } from 'node:timers/promises';
import {
  IDLE_MS,
  MEMORY_BYTES_DEFAULT,
  MEMORY_BYTES_MIN,
  REFILL_PAUSE_MS,
  WARM_DEFAULT,
} from './limits.ts';
import { startWorker, type WorkerBox } from './start.ts';
import { sweepWorkers } from './sweep.ts';
import type { WatchLimits } from './watch.ts';

export interface PoolOptions {
  /** The home's `boxes`. */
  readonly boxes: string;
  /** Workers that are kept ready. */
  readonly warm?: number;
  /** How long they are kept when none is taken. */
  readonly idleMs?: number;
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
  /** Calls back with each that waits to be taken. */
  onReady(listener: (worker: WorkerBox) => void): void;
  /** Ends those that are ready; those that were taken are their takers'. */
  close(): Promise<void>;
}

/**
 * None is started before the first is taken: most daemons never need one. What killed daemons left
 * of theirs is removed.
 */
export function openPool(options: PoolOptions): Pool {
  sweepWorkers();
  const ready = new Ready(options);
  return {
    async take(limits) {
      const memoryBytes = Math.max(limits.memoryBytes ?? MEMORY_BYTES_DEFAULT, MEMORY_BYTES_MIN);
      const worker = (await ready.one(memoryBytes)) ?? (await startOne(options, memoryBytes));
      worker.watch(limits);
      return worker;
    },
    warm: () => ready.count(),
    onReady: (listener) => void ready.listeners.push(listener),
    close: () => ready.close(),
  };
}

function startOne({ boxes, main }: PoolOptions, memoryBytes: number): Promise<WorkerBox> {
  return startWorker({
    program: 'compartment',
    boxes,
    memoryBytes,
    ...(main === undefined ? {} : { main }),
  });
}

class Ready {
  readonly listeners: ((worker: WorkerBox) => void)[] = [];
  readonly #options: PoolOptions;
  readonly #wanted: number;
  readonly #idleMs: number;
  readonly #workers: WorkerBox[] = [];
  /** The one that is being started, until it is ready or a taker waits for it. */
  #coming: Promise<WorkerBox | undefined> | undefined;
  #filling = false;
  #closed = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#wanted = options.warm ?? WARM_DEFAULT;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  count(): number {
    return this.#workers.length;
  }

  /** Undefined where none is ready, or none can be held to so little memory, or given so much. */
  async one(memoryBytes: number): Promise<WorkerBox | undefined> {
    this.#stay();
    if (memoryBytes > MEMORY_BYTES_DEFAULT) return undefined;
    const worker = this.#workers.shift() ?? (await this.#claim());
    void this.#fill();
    if (worker === undefined || memoryBytes === MEMORY_BYTES_DEFAULT) return worker;
    if (worker.lowerMemory(memoryBytes)) return worker;
    void worker.kill();
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    const coming = await this.#claim();
    await Promise.all([...this.#workers.splice(0), coming].map((worker) => worker?.kill()));
  }

  /** To start another while one is nearly there would take longer. */
  #claim(): Promise<WorkerBox | undefined> {
    const coming = this.#coming;
    this.#coming = undefined;
    return coming ?? Promise.resolve(undefined);
  }

  /** Puts off the end of those that nobody takes. */
  #stay(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#idle = undefined;
      for (const worker of this.#workers.splice(0)) void worker.kill();
    }, this.#idleMs).unref();
  }

  /** One after the other, and not at once: whoever took one is about to use it. */
  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      do {
        await sleep(REFILL_PAUSE_MS, undefined, { ref: false });
        if (this.#closed || this.#idle === undefined || this.count() >= this.#wanted) break;
        const coming = this.#startReady();
        this.#coming = coming;
        const worker = await coming;
        // Of a machine that starts none now, the next taker is told.
        if (worker === undefined) break;
        if (this.#coming === coming) this.#keep(worker);
      } while (!this.#closed);
    } finally {
      this.#filling = false;
    }
  }

  async #startReady(): Promise<WorkerBox | undefined> {
    try {
      const worker = await startOne(this.#options, MEMORY_BYTES_DEFAULT);
      const isReady = await Promise.race([
        worker.ready.then(() => true),
        worker.ended.then(() => false),
      ]);
      return isReady ? worker : undefined;
    } catch {
      return undefined;
    }
  }

  #keep(worker: WorkerBox): void {
    this.#coming = undefined;
    if (this.#closed || this.#idle === undefined) {
      void worker.kill();
      return;
    }
    this.#workers.push(worker);
    for (const tell of this.listeners) tell(worker);
    // One that ends while nobody holds it is not given out.
    void worker.ended.then(() => {
      const index = this.#workers.indexOf(worker);
      if (index !== -1) this.#workers.splice(index, 1);
    });
  }
}
