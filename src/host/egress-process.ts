import type { BoxListener } from '../boxes/process/start.ts';
import type { BoxEgress, FromEgress, SecretChange } from '../egress/protocol.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { type EgressChild, startEgressChild } from './egress-child.ts';
import { type KeptBox, keepBox } from './kept-box.ts';
import { EGRESS_ENDS_MAX, EGRESS_ENDS_MS } from './limits.ts';

/**
 * The egress as its parent sees it. When its process ends, however it does, the next one is
 * started and given all that the last one had; meanwhile connections of a box wait in its
 * listeners, of which the parent keeps copies, and nothing leaves.
 */
export interface EgressProcess {
  /** Of the process that is the egress now. */
  readonly pid: number | undefined;
  open(config: BoxEgress): void;
  /** Tells a box's egress what has changed of its secrets. */
  changeSecrets(box: string, change: SecretChange): void;
  /**
   * Hands listeners over; resolves when it has them. Copies that are closed then are not there for
   * the next process.
   */
  listen(box: string, listeners: readonly BoxListener[]): Promise<unknown>;
  /**
   * Cuts the box's connections and waits until its rows are written. False when there is no egress
   * that could do so: what waits in the listeners was then seen by nobody.
   */
  close(box: string): Promise<boolean>;
  /** Ends a process that has nothing to finish. */
  kill(): void;
  /** Ends the process. */
  end(): void;
  /** Rejects, once, when the process has ended more often than EGRESS_ENDS_MAX. */
  readonly lost: Promise<never>;
}

export interface EgressEvents {
  refused(line: string): void;
  failed(line: string): void;
  /** It ended, and another is on its way; what was under way has no outcome. */
  restarted(): void;
}

/**
 * Starts the process at once and without waiting: what is sent before it is up waits in the pipe,
 * and connections of a box wait in its listeners.
 */
export function startEgress(home: Home, journalKey: Buffer, events: EgressEvents): EgressProcess {
  const boxes = new Map<string, KeptBox>();
  const mayRestart = makeRestarts();
  let ended = false;
  let giveUp: (error: PowerboxError) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  lost.catch(() => {});

  function heard(message: FromEgress): void {
    if (message.type === 'refused') events.refused(message.line);
    if (message.type === 'failed') events.failed(message.line);
    if (message.type === 'named') boxes.get(message.box)?.named(message.name);
  }

  function begin(): EgressChild {
    const next = startEgressChild(heard);
    next.tell({ type: 'start', home, key: journalKey.toString('hex') });
    for (const box of boxes.values()) void box.giveTo(next);
    void next.gone.then(again);
    return next;
  }

  function again(): void {
    if (ended) return;
    if (mayRestart()) {
      child = begin();
      events.restarted();
      return;
    }
    ended = true;
    giveUp(new PowerboxError('egress-down', 'The egress of the box ended again and again.'));
  }

  let child = begin();
  return {
    get pid() {
      return child.pid;
    },
    lost,
    open(config) {
      const box = keepBox(config);
      boxes.set(config.box, box);
      void box.giveTo(child);
    },
    changeSecrets(box, change) {
      boxes.get(box)?.changeSecrets(change);
      child.tell({ type: 'secrets', box, change });
    },
    async listen(box, listeners) {
      boxes.get(box)?.keepListeners(listeners);
      await Promise.all(listeners.map((listener) => child.handOver(box, listener)));
    },
    close(box) {
      // From here on no other process is given anything of it.
      boxes.delete(box);
      if (boxes.size === 0) ended = true;
      return child.closeBox(box);
    },
    kill() {
      ended = true;
      child.kill();
    },
    end() {
      ended = true;
      child.end();
    },
  };
}

/** True for each end of the process after which another is started. */
function makeRestarts(): () => boolean {
  let ends: readonly number[] = [];
  return () => {
    const now = Date.now();
    ends = [...ends.filter((time) => now - time < EGRESS_ENDS_MS), now];
    return ends.length < EGRESS_ENDS_MAX;
  };
}
