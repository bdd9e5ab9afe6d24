import type { Heartbeat } from './heartbeat.ts';
import { CHECK_MS_MAX, CHECK_MS_MIN, IDLE_CHECK_MS_MAX } from './limits.ts';

/** What the host holds a worker to. What is left out has no bound. */
export interface WatchLimits {
  /** Longest that code may hold the thread without coming back. */
  readonly turnMs?: number;
  /** Processor time of the whole process. */
  readonly cpuMs?: number;
  /** From now until it is ended, whatever it does. */
  readonly lifeMs?: number;
}

export interface Watched {
  /** Processor time that the process has used. */
  cpuMs(): number;
  /** Grows with whatever it says or is told. */
  moved(): number;
  readonly pulse: Heartbeat;
  end(why: 'turn' | 'processor' | 'time'): void;
}

export interface Watcher {
  stop(): void;
}

/**
 * Looks at a worker from outside. One that neither moves nor computes is only looked at, rarely;
 * else its thread is asked for a sign of life, and ended when it gives none in the time of a turn.
 * Nothing that it does or leaves undone puts this off.
 */
export function watchWorker(limits: WatchLimits, worker: Watched): Watcher {
  const { lifeMs } = limits;
  const state = new Watching(limits, worker);
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const why = state.look(performance.now());
    if (why === undefined) timer = setTimeout(look, state.pauseMs()).unref();
    else worker.end(why);
  };
  timer = setTimeout(look, state.pauseMs()).unref();
  const life =
    lifeMs === undefined ? undefined : setTimeout(() => worker.end('time'), lifeMs).unref();
  return {
    stop() {
      clearTimeout(timer);
      clearTimeout(life);
    },
  };
}

/** What the looks remember of each other. */
class Watching {
  readonly #limits: WatchLimits;
  readonly #worker: Watched;
  readonly #cpuBefore: number;
  #cpu: number;
  #moved: number;
  #isBusy = true;
  #asked: { readonly at: number; readonly cpu: number } | undefined;

  constructor(limits: WatchLimits, worker: Watched) {
    this.#limits = limits;
    this.#worker = worker;
    this.#cpuBefore = worker.cpuMs();
    this.#cpu = this.#cpuBefore;
    this.#moved = worker.moved();
  }

  pauseMs(): number {
    const { turnMs = Number.POSITIVE_INFINITY, cpuMs = Number.POSITIVE_INFINITY } = this.#limits;
    const shortest = Math.min(turnMs, cpuMs);
    return this.#isBusy
      ? Math.min(CHECK_MS_MAX, Math.max(CHECK_MS_MIN, shortest / 4))
      : Math.min(IDLE_CHECK_MS_MAX, Math.max(CHECK_MS_MIN, shortest / 2));
  }

  look(now: number): 'turn' | 'processor' | undefined {
    const cpu = this.#worker.cpuMs();
    const moved = this.#worker.moved();
    this.#isBusy = cpu !== this.#cpu || moved !== this.#moved;
    this.#cpu = cpu;
    this.#moved = moved;
    const { cpuMs, turnMs } = this.#limits;
    if (cpuMs !== undefined && cpu - this.#cpuBefore > cpuMs) return 'processor';
    if (this.#asked !== undefined && this.#worker.pulse.isAnswered()) this.#asked = undefined;
    if (this.#asked !== undefined) {
      this.#isBusy = true;
      return turnMs !== undefined && this.#holds(now, cpu, turnMs) ? 'turn' : undefined;
    }
    if (this.#isBusy && turnMs !== undefined) {
      this.#asked = { at: now, cpu };
      this.#worker.pulse.ask();
    }
    return undefined;
  }

  /**
   * A machine that is busy with others can keep a worker waiting for its turn; what counts is the
   * time that it had, unless it gives no sign for many times as long.
   */
  #holds(now: number, cpu: number, turnMs: number): boolean {
    const { at, cpu: cpuAtAsking } = this.#asked as { at: number; cpu: number };
    const waited = now - at;
    const computed = cpu - cpuAtAsking;
    return (waited >= turnMs && computed >= turnMs * 0.9) || waited >= turnMs * STARVED_TURNS;
  }
}

/** So many times a turn may pass without a sign, when the worker did not get the processor. */
const STARVED_TURNS = 8;
