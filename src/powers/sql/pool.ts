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

interface Waiting {
  go(): void;
  fail(error: PowerboxError): void;
}

/** At most so many at once; who comes later waits in order, and not in a line without an end. */
export function makePool<Item extends Pooled>(
  make: () => Promise<Item>,
  options: PoolOptions = {},
): Pool<Item> {
  const most = options.connections ?? CONNECTIONS_MAX;
  const idle: { readonly item: Item; readonly timer: NodeJS.Timeout }[] = [];
  const waiting: Waiting[] = [];
  const taken = new Set<Item>();
  let busy = 0;
  let closed = false;

  function free(): void {
    busy -= 1;
    waiting.shift()?.go();
  }

  function forget(item: Item): void {
    const at = idle.findIndex((one) => one.item === item);
    if (at >= 0) idle.splice(at, 1);
    item.close();
  }

  async function turn(signal: EndSignal): Promise<void> {
    if (busy < most && waiting.length === 0) return;
    if (waiting.length >= (options.waiting ?? WAITING_MAX)) {
      throw new PowerboxError('limit-exceeded', 'Too many statements wait for the database.');
    }
    await new Promise<void>((done, failed) => {
      const leave = (error: PowerboxError): void => {
        const at = waiting.indexOf(entry);
        if (at >= 0) waiting.splice(at, 1);
        failed(error);
      };
      const end = (): void => leave(ended());
      const entry: Waiting = {
        go() {
          signal.removeEventListener('abort', end);
          done();
        },
        fail: leave,
      };
      waiting.push(entry);
      signal.addEventListener('abort', end, { once: true });
    });
  }

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
          free();
          failed(ended());
        },
        (error: unknown) => {
          signal.removeEventListener('abort', leave);
          free();
          failed(error);
        },
      );
    });
  }

  return {
    async take(signal) {
      if (closed || signal.aborted) throw ended();
      await turn(signal);
      busy += 1;
      try {
        for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
          clearTimeout(kept.timer);
          if (kept.item.isClean()) {
            taken.add(kept.item);
            return kept.item;
          }
          kept.item.close();
        }
      } catch (error) {
        free();
        throw error;
      }
      return made(signal);
    },
    give(item) {
      if (!taken.delete(item)) return;
      if (closed || !item.isClean()) item.close();
      else {
        const timer = setTimeout(() => forget(item), options.idleMs ?? IDLE_MS_MAX);
        timer.unref();
        idle.push({ item, timer });
      }
      free();
    },
    close() {
      closed = true;
      for (const { item, timer } of idle.splice(0)) {
        clearTimeout(timer);
        item.close();
      }
      for (const item of taken) item.close();
      for (const entry of [...waiting]) entry.fail(ended());
    },
  };
}

function ended(): PowerboxError {
  return new PowerboxError('reference-closed', 'The use of the database has ended.');
}
