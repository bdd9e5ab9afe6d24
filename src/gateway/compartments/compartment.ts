import type { Principal } from '../../store/kernel-store.ts';
import type {
  CompartmentDoor,
  CompartmentInfo,
  CompartmentLimits,
  ProgramWords,
} from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { WorkerCompartment, WorkerSide } from '../../wire/worker.ts';
import {
  COMPARTMENT_OPEN_MS_MAX,
  EVALUATIONS_MAX,
  FAR_OBJECTS_MAX,
  PROGRAM_BYTES_MAX,
} from '../limits.ts';
import type { Session } from '../session.ts';
import { CompartmentConsole } from './console.ts';
import { type Cut, makeCut } from './cut.ts';
import { declarationsOf } from './declarations.ts';
import { overLimit } from './end-error.ts';
import { farTarget, workerObjectOf } from './far-target.ts';
import { endHolder, type Holder } from './holder.ts';
import { dataOf, letGo, outward, type Relay } from './relay.ts';
import { endedRow, evaluatedRow } from './rows.ts';
import { dropSide, type EndowedObjects, sideTarget } from './side-target.ts';
import type { Worker } from './worker.ts';
import { workerError } from './worker-error.ts';

/** What a compartment is made of. */
export interface CompartmentParts {
  readonly id: string;
  readonly session: Session;
  readonly maker: Principal;
  readonly holder: Holder;
  readonly objects: EndowedObjects;
  readonly worker: Worker;
  readonly isolation: 'own' | 'shared';
  readonly limits: Required<CompartmentLimits>;
  readonly clock: boolean;
  readonly random: boolean;
  readonly created: number;
  /** Takes it out of its process, or ends the process with it. */
  leave(error: PowerboxError): Promise<unknown>;
  /** Called when all of it is over. */
  ended(): void;
}

/** Code in a room of its own, as the daemon knows it. */
export interface Compartment {
  readonly id: string;
  readonly guest: string;
  readonly maker: string;
  readonly door: CompartmentDoor;
  /** Opens it in its process. What is evaluated waits for that, and fails when that does. */
  begin(): void;
  /**
   * Cuts what goes on, ends its process, then what was given to it. Resolves when all of it is
   * over, also for who comes second.
   */
  end(error: PowerboxError): Promise<void>;
  /** Nothing can be evaluated in it any more. */
  isOver(): boolean;
  /** Its process takes no more part: resolves before what was given to it has ended. */
  left(): Promise<void>;
}

export function makeCompartment(parts: CompartmentParts): Compartment {
  const { id, worker, holder, limits, session, maker } = parts;
  const { kernel } = session.host;
  const cut = makeCut();
  const console = new CompartmentConsole(limits.outputChars, (line) => {
    note(kernel.record({ kind: 'console', guest: holder.guest.id, compartment: id, ...line }));
  });
  const side = sideTarget({
    session: worker.session,
    holder: holder.guest.id,
    powers: holder.powers,
    objects: parts.objects,
    say(level, text) {
      if (!console.say(level, text)) void end(overLimit('it wrote too much to its console'));
    },
  });
  let ending: { readonly left: Promise<unknown>; readonly over: Promise<void> } | undefined;

  function end(error: PowerboxError): Promise<void> {
    if (ending !== undefined) return ending.over;
    cut.end(error);
    dropSide(side);
    const left = parts.leave(error);
    const over = finish(left, error);
    // Whoever waits for it hears what could not be written; the log does in any case.
    over.catch(session.host.log);
    ending = { left, over };
    return over;
  }

  let far: WorkerCompartment | undefined;

  const begin = (): void => {
    far = openIn(parts, side, cut, (why) => {
      void end(new PowerboxError('compartment-ended', stopped(why)));
    });
  };

  async function finish(left: Promise<unknown>, error: PowerboxError): Promise<void> {
    await left;
    console.close();
    note(kernel.record(endedRow(id, holder, error)));
    try {
      await endHolder(kernel, id, holder, error.message);
    } finally {
      parts.ended();
    }
  }

  return {
    id,
    guest: holder.guest.id,
    maker: maker.id,
    door: makeDoor(parts, () => far, cut, console, end),
    begin,
    end,
    isOver: () => ending !== undefined,
    async left() {
      await ending?.left;
    },
  };
}

/** Opens it in its process, and gives what can be sent to at once; `fail` is told when it is not. */
function openIn(
  { id, worker, holder, objects, clock, random, limits }: CompartmentParts,
  side: WorkerSide,
  cut: Cut,
  fail: (why: string) => void,
): WorkerCompartment | undefined {
  const powers = [...holder.powers.keys(), ...objects.keys()];
  // A program that is sent on may hold the thread before the word that it has begun has left.
  const patience = COMPARTMENT_OPEN_MS_MAX + limits.turnMs;
  const late = setTimeout(() => fail('it did not begin in time'), patience);
  try {
    const opening = worker.main.open({ id, powers, clock, random, limits }, side);
    cut
      .race(opening)
      .catch(() => {
        // When its process has ended, that is the reason, and told as one.
        if (!worker.session.ended.aborted) fail('it could not begin');
      })
      .finally(() => clearTimeout(late));
    // Calls are sent on to what is not there yet, so that the first does not wait to be sent.
    return opening as unknown as WorkerCompartment;
  } catch {
    // The session with its process is over already.
    clearTimeout(late);
    fail('its process is gone');
    return undefined;
  }
}

function makeDoor(
  parts: CompartmentParts,
  far: () => WorkerCompartment | undefined,
  cut: Cut,
  console: CompartmentConsole,
  end: (error: PowerboxError) => Promise<void>,
): CompartmentDoor {
  const { id, session, worker, holder, isolation, created, maker } = parts;
  const relay: Relay = {
    maker: session,
    worker: worker.session,
    ask: (work) => askWorker(worker, cut, work),
    untilEnd: cut.race,
    throwIfEnded: cut.throwIfEnded,
    keepObject: makeKeeper(),
    makeFar: (stub) => farTarget(relay, stub),
    workerObject: (target) => workerObjectOf(target, relay),
  };
  let going = 0;
  return {
    async info(): Promise<CompartmentInfo> {
      const gives = [...holder.powers.keys()];
      return { id, guest: holder.guest.name, maker: maker.name, isolation, gives, created };
    },
    async evaluate(program) {
      checkSize(program);
      if (going >= EVALUATIONS_MAX) {
        throw new PowerboxError(
          'limit-exceeded',
          `Cannot evaluate more than ${EVALUATIONS_MAX} programs at once in one compartment.`,
        );
      }
      const { timeMs, ...source } = { ...program, ...withData(program) };
      going += 1;
      const timer = startTimer(timeMs, (error) => void end(error));
      try {
        await session.host.kernel.record(evaluatedRow(id, holder, program));
        const answer = await relay.ask(() => evaluateIn(far(), source));
        try {
          return outward(relay, answer).value;
        } finally {
          letGo(answer);
        }
      } finally {
        clearTimeout(timer);
        going -= 1;
      }
    },
    declarations: async () => declarationsOf(session.host.kernel, holder.powers),
    console: (after) => console.read(after),
    stop: (reason) => end(new PowerboxError('compartment-ended', stopped(reason))),
  };
}

/** Neither side can make the other hold more than this by way of one compartment. */
function makeKeeper(): Relay['keepObject'] {
  let count = 0;
  return (session, object, dropped = () => undefined) => {
    try {
      if (count >= FAR_OBJECTS_MAX) {
        throw new PowerboxError(
          'limit-exceeded',
          `Cannot hold more than ${FAR_OBJECTS_MAX} objects of one compartment, or of its maker.`,
          { hint: 'Let go of those that are not needed any more.' },
        );
      }
      const drop = session.keepObject(() => {
        count -= 1;
        dropped();
        object[Symbol.dispose]();
      });
      count += 1;
      return drop;
    } catch (error) {
      object[Symbol.dispose]();
      throw error;
    }
  };
}

async function askWorker<T>(worker: Worker, cut: Cut, work: () => PromiseLike<T>): Promise<T> {
  try {
    cut.throwIfEnded();
    return await cut.race(work());
  } catch (error) {
    throw await whatFailed(error, worker, cut);
  }
}

function withData(program: ProgramWords): Pick<ProgramWords, 'with'> {
  if (program.with === undefined) return {};
  return { with: dataOf(program.with) as Readonly<Record<string, unknown>> };
}

function evaluateIn(
  far: WorkerCompartment | undefined,
  program: ProgramWords,
): PromiseLike<unknown> {
  if (far !== undefined) return far.evaluate(program);
  throw new PowerboxError('compartment-unknown', 'The compartment has not begun.');
}

/** A session that breaks rejects what goes on before it is known how its process ended. */
async function whatFailed(error: unknown, worker: Worker, cut: Cut): Promise<PowerboxError> {
  if (!worker.session.ended.aborted) return workerError(error);
  await worker.ended;
  return cut.ended();
}

function startTimer(
  ms: number | undefined,
  over: (error: PowerboxError) => void,
): NodeJS.Timeout | undefined {
  if (ms === undefined) return undefined;
  return setTimeout(() => over(overLimit(`an evaluation took longer than ${ms} ms`)), ms);
}

function stopped(reason: string): string {
  return `The compartment has ended: ${reason === '' ? 'it was stopped' : reason}.`;
}

/** All of it is sent in one message, whatever it is made of. */
function checkSize({ code, modules = {} }: ProgramWords): void {
  let size = code.length;
  for (const [specifier, source] of Object.entries(modules)) {
    size += specifier.length + source.length;
  }
  if (size <= PROGRAM_BYTES_MAX) return;
  throw new PowerboxError(
    'source-invalid',
    `Cannot evaluate sources of ${size} characters: ${PROGRAM_BYTES_MAX} is the most.`,
  );
}

/** The kernel tells the daemon when the record cannot be written; here nothing can be done. */
function note(written: Promise<void>): void {
  written.catch(() => {});
}
