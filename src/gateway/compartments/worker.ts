import type { TakeLimits } from '../../boxes/compartment/pool.ts';
import type { WorkerBox, WorkerEnd } from '../../boxes/compartment/start.ts';
import type { PowerboxError } from '../../wire/errors.ts';
import type { WorkerMain } from '../../wire/worker.ts';
import { lineWire } from '../line-wire.ts';
import { openSession, type Session, type SessionHost } from '../session.ts';
import type { WireEnd, WireEvents } from '../wire-end.ts';
import { NoDoor } from './no-door.ts';
import { takeTurns } from './turns.ts';

/** As much of the boxes of compartments as the gateway needs. */
export interface Workers {
  take(limits: TakeLimits): Promise<WorkerBox>;
  /** How many are ready. */
  warm(): number;
  /** Calls back with each that waits to be taken. */
  onReady(listener: (box: WorkerBox) => void): void;
}

/** A process with compartments, and the session with it. It is never believed. */
export interface Worker {
  readonly session: Session;
  readonly main: WorkerMain;
  /** Resolves when nothing of it is left, with how it ended. */
  readonly ended: Promise<WorkerEnd>;
  /** At once, whatever it does. */
  kill(): Promise<WorkerEnd>;
}

/** The peer begins with nothing: each compartment that is made in it is handed its own side. */
export function openWorker(host: SessionHost, box: WorkerBox): Worker {
  const session = openSession(
    host,
    (events) => openChannel(box, events),
    () => new NoDoor(),
    // A peer that ended its session, or did not keep to its rules, is of no use.
    () => void box.kill(),
  );
  return {
    session,
    main: session.main<WorkerMain>(),
    ended: box.ended,
    kill: () => box.kill(),
  };
}

/** Whose last words nobody waits for is cut at once. */
function openChannel(box: WorkerBox, events: WireEvents): WireEnd {
  const wire = lineWire(box.channel, Buffer.alloc(0), events);
  return { ...wire, ...takeTurns(box.channel), close: wire.destroy };
}

/** Ends the session for this reason, of which the peer is told when it still hears. */
export function endWorker(worker: Worker, error: PowerboxError): Promise<WorkerEnd> {
  const gone = worker.kill();
  worker.session.end(error);
  return gone;
}
