import type { EndSignal } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { CONNECTIONS_MAX, IDLE_MS_MAX, WAITING_MAX } from './limits.ts';

/** A connection or a process that does one thing at a time. */
export interface Pooled {
  /** False when it has ended or may be in the middle of something. */
  isClean(): boolean;
  close(): void;
}

export interface Pool<Item extends Pooled> {
  /** Waits for a free one. It is the caller's alone until it is given back. */
  take(signal: EndSignal): Promise<Item>;
  /** Keeps a clean one for the next caller and closes any other. */
  give(item: Item): void;
  close(): void;
}

export interface PoolOptions {
  readonly connections?: number;
  readonly waiting?: number;
  readonly idleMs?: number;
}

/** At most so many at once; who comes later waits in order, and not in a line without an end. */
export function makePool<Item extends Pooled>(
  make: () => Promise<Item>,
  options: PoolOptions = {},
): Pool<Item> {
  const turns = makeTurns(options.connections ?? CONNECTIONS_MAX, options.waiting ?? WAITING_MAX);
  const shelf = makeShelf<Item>(options.idleMs ?? IDLE_MS_MAX);
  const taken = new Set<Item>();
  let closed = false;

  /** Whoever asked does not wait for it beyond the end of its grant; its place is free after. */
  function made(signal: EndSignal): Promise<Item> {
    return new Promise((done, failed) => {
      let left = false;
      const leave = (): void => {
        left = true;
        failed(ended());
      };
      signal.addEventListener('abort', leave, { once: true });
      make().then(
        (item) => {
          signal.removeEventListener('abort', leave);
          if (!left && !closed) {
            taken.add(item);
            done(item);
            return;
          }
          item.close();
          turns.end();
          failed(ended());
        },
        (error: unknown) => {
          signal.removeEventListener('abort', leave);
          turns.end();
          failed(error);
        },
      );
    });
  }

  return {
    async take(signal) {
      if (closed || signal.aborted) throw ended();
      await turns.begin(signal);
      const kept = shelf.pick();
      if (kept === undefined) return made(signal);
      taken.add(kept);
      return kept;
    },
    give(item) {
      if (!taken.delete(item)) return;
      if (closed || !item.isClean()) item.close();
      else shelf.put(item);
      turns.end();
    },
    close() {
      closed = true;
      shelf.clear();
      for (const item of taken) item.close();
      turns.close();
    },
  };
}

interface Turns {
  begin(signal: EndSignal): Promise<void>;
  end(): void;
  /** Whoever waits is refused. */
  close(): void;
}

interface Waiting {
  go(): void;
  leave(error: PowerboxError): void;
}

function makeTurns(most: number, waitingMax: number): Turns {
  const waiting: Waiting[] = [];
  let busy = 0;

  function wait(signal: EndSignal): Promise<void> {
    return new Promise((done, failed) => {
      const end = (): void => entry.leave(ended());
      const entry: Waiting = {
        go() {
          signal.removeEventListener('abort', end);
          done();
        },
        leave(error) {
          waiting.splice(waiting.indexOf(entry), 1);
          signal.removeEventListener('abort', end);
          failed(error);
        },
      };
      waiting.push(entry);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  return {
    async begin(signal) {
      if (busy < most) {
        busy += 1;
        return;
      }
      if (waiting.length >= waitingMax) {
        throw new PowerboxError('limit-exceeded', 'Too many statements wait for the database.');
      }
      await wait(signal);
    },
    end() {
      // A place goes to the next in line without being free in between.
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next.go();
    },
    close() {
      for (const entry of [...waiting]) entry.leave(ended());
    },
  };
}

interface Shelf<Item> {
  put(item: Item): void;
  /** One that is clean; any other is closed. */
  pick(): Item | undefined;
  clear(): void;
}

function makeShelf<Item extends Pooled>(idleMs: number): Shelf<Item> {
  const idle: { readonly item: Item; readonly timer: NodeJS.Timeout }[] = [];
  return {
    put(item) {
      const timer = setTimeout(() => {
        const at = idle.findIndex((one) => one.item === item);
        if (at >= 0) idle.splice(at, 1);
        item.close();
      }, idleMs);
      timer.unref();
      idle.push({ item, timer });
    },
    pick() {
      for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
        clearTimeout(kept.timer);
        if (kept.item.isClean()) return kept.item;
        kept.item.close();
      }
      return undefined;
    },
    clear() {
      for (const { item, timer } of idle.splice(0)) {
        clearTimeout(timer);
        item.close();
      }
    },
  };
}

function ended(): PowerboxError {
  return new PowerboxError('reference-closed', 'The use of the database has ended.');
}
