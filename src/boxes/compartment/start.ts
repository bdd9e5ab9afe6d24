import { chmodSync, mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningBox } from '../process/running.ts';
import { startBox } from '../process/start.ts';
import { MEMORY_BYTES_DEFAULT } from './limits.ts';
import { newWorkerId } from './sweep.ts';
import { workerSpec } from './walls.ts';
import type { WatchLimits } from './watch.ts';
import { workerBox } from './worker-box.ts';

/** A program of ours in a box that holds nothing: no network, no files, one channel. */
export type WorkerProgram = 'compartment' | 'agent';

export interface WorkerOptions {
  readonly program: WorkerProgram;
  /** Of the whole process, kept by the operating system. */
  readonly memoryBytes?: number;
  /** The home's `boxes`; nothing of a worker stays in it. */
  readonly boxes: string;
  /** The bundled file of a program that is not of this layer: an agent's, or a test's. */
  readonly main?: string;
}

export type WorkerEndReason =
  /** It ended by itself, as it does when its channel is closed. */
  | 'closed'
  /** `kill` was called. */
  | 'killed'
  | 'memory'
  /** It held its thread longer than a turn may. */
  | 'turn'
  /** Its processor time was used up. */
  | 'processor'
  /** Its life was over. */
  | 'time'
  /** It ended in a way that nobody asked for. */
  | 'failed';

export interface WorkerEnd {
  readonly why: WorkerEndReason;
  /** 0 to 255; 128+n when a signal n ended it. */
  readonly status: number;
}

/** One process of ours in walls of its own. */
export interface WorkerBox {
  /** Process number on the host of what runs in it; 0 when it is gone. */
  readonly pid: number;
  /** Its one way out: lines of JSON. The worker ends by itself when it is destroyed. */
  readonly channel: Socket;
  /** Resolves when the program has loaded and answers; never, when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves, and never rejects, when nothing of it is left. */
  readonly ended: Promise<WorkerEnd>;
  /** At once, whatever it does; resolves when nothing of it is left. */
  kill(): Promise<WorkerEnd>;
  /** Holds it to these limits from now on. */
  watch(limits: WatchLimits): void;
  /** Lowers the limit of its memory; false where that cannot be while it runs. */
  lowerMemory(bytes: number): boolean;
  /** Bytes of memory that it holds alone, and processor time that it has used. */
  stats(): WorkerStats;
}

export interface WorkerStats {
  readonly memoryBytes: number;
  readonly cpuMs: number;
}

const COMPARTMENT = new URL('./worker/main.cjs', import.meta.url);

/** Rejects with `box-failed` or `box-forbidden`. It is there to be written to at once. */
export async function startWorker(options: WorkerOptions): Promise<WorkerBox> {
  const starting = await startBox(
    workerSpec({
      id: newWorkerId(),
      stateDir: workersFolder(options.boxes),
      main: options.main ?? fileURLToPath(COMPARTMENT),
      memoryBytes: options.memoryBytes ?? MEMORY_BYTES_DEFAULT,
    }),
  );
  starting.handedOver();
  const box: RunningBox = await starting.go();
  return workerBox(box, box.stdout as unknown as Socket, box.stderr as unknown as Socket);
}

/** One folder serves all: the files that a start hands on have no names. */
function workersFolder(boxes: string): string {
  const folder = join(boxes, 'workers');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return folder;
}
