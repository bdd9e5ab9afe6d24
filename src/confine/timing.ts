import type { Timers } from './contract.ts';
import { TIMER_MS_MAX, TIMERS_MAX } from './limits.ts';
import { freezeRecord } from './realm.ts';

type Work = (...args: readonly unknown[]) => unknown;

/** `setTimeout` and `clearTimeout` of one compartment, bounded. `report` is told what a timer threw. */
export function makeTimers(timers: Timers, report: (error: unknown) => void): object {
  const waiting = new Map<number, () => void>();
  let last = 0;
  return freezeRecord({
    setTimeout(work: unknown, delay?: unknown, ...args: readonly unknown[]): number {
      const call = asFunction(work, 'setTimeout');
      const ms = Math.min(Math.max(Number(delay) || 0, 0), TIMER_MS_MAX);
      if (waiting.size >= TIMERS_MAX) {
        throw new RangeError(`Cannot start a timer: ${TIMERS_MAX} are waiting.`);
      }
      last += 1;
      const id = last;
      const end = ofHost(() =>
        timers.start(() => {
          if (waiting.delete(id)) guarded(call, args, report);
        }, ms),
      );
      waiting.set(id, end);
      return id;
    },
    clearTimeout(id: unknown): void {
      const end = waiting.get(id as number);
      waiting.delete(id as number);
      if (end !== undefined) ofHost(end);
    },
  });
}

/** `queueMicrotask`; what the work throws would end the process that it runs in. */
export function makeQueueMicrotask(report: (error: unknown) => void): (work: unknown) => void {
  return (work) => {
    const call = asFunction(work, 'queueMicrotask');
    Promise.resolve().then(() => guarded(call, [], report));
  };
}

/** Calls what the host gave. What it throws is an object of the host, which no code may be handed. */
export function ofHost<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw new Error('It failed outside the compartment.');
  }
}

function asFunction(work: unknown, name: string): Work {
  if (typeof work === 'function') return work as Work;
  throw new TypeError(`Cannot call ${name}: its first argument is no function.`);
}

function guarded(call: Work, args: readonly unknown[], report: (error: unknown) => void): void {
  try {
    call(...args);
  } catch (error) {
    report(error);
  }
}

/** The constructor that can tell the time; SES takes it from all compartments. */
type DateMaker = new (...args: readonly unknown[]) => Date;

/** `Date` for a compartment that was given a clock. */
export function makeDate(clock: () => number): unknown {
  const now = (): number => Number(ofHost(clock));
  const PlatformDate = Date as unknown as DateMaker;
  const made = function DateOfCompartment(...args: readonly unknown[]): unknown {
    if (new.target === undefined) return String(new PlatformDate(now()));
    const given = args.length === 0 ? [now()] : args;
    return Reflect.construct(PlatformDate, given, new.target);
  };
  Object.defineProperties(made, {
    name: { value: 'Date' },
    length: { value: 7 },
    // Shared by all dates, so `instanceof` holds whoever made one.
    prototype: { value: Date.prototype, writable: false },
    now: { value: now },
    parse: { value: Date.parse },
    UTC: { value: Date.UTC },
  });
  return made;
}
