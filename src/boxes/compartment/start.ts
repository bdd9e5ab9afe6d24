import type { Socket } from 'node:net';
import { PowerboxError } from '../../wire/errors.ts';

/** A program of ours in a box that holds nothing: no network, no files, one channel. */
export type WorkerProgram = 'compartment' | 'agent';

export type WorkerEndReason =
  /** It ended by itself, as when its channel was closed. */
  | 'closed'
  /** `kill` was called. */
  | 'killed'
  | 'memory'
  /** It held its thread longer than a turn may, or used up its processor time. */
  | 'turn'
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

/** What the host holds a worker to, as `watch.ts` does. What is left out has no bound. */
export interface WatchLimits {
  readonly turnMs?: number;
  readonly cpuMs?: number;
  readonly lifeMs?: number;
}

/** One process of ours in walls of its own. */
export interface WorkerBox {
  /** Process number on the host of what runs in it. */
  readonly pid: number;
  /** Its one way out: lines of JSON. Destroying it makes the worker end by itself. */
  readonly channel: Socket;
  /** Resolves, and never rejects, when nothing of it is left. */
  readonly ended: Promise<WorkerEnd>;
  /** At once, whatever it does; resolves when nothing of it is left. */
  kill(): Promise<WorkerEnd>;
  /** Holds it to limits from now on; a second call replaces the first. */
  watch(limits: WatchLimits): void;
  /** Bytes of memory that it holds, and processor time that it has used. */
  stats(): { readonly memoryBytes: number; readonly cpuMs: number };
}

export interface WorkerOptions {
  /** Names the box and its control groups; a-z, 0-9 and `-`. */
  readonly id: string;
  readonly program: WorkerProgram;
  /** Of the whole process, kept by the operating system. */
  readonly memoryBytes: number;
  /** Folder in which the box may have one of its own; the home's `boxes`. */
  readonly boxes: string;
}

/** Rejects with `box-failed` or `box-forbidden`. */
export function startWorker(options: WorkerOptions): Promise<WorkerBox> {
  return Promise.reject(
    new PowerboxError('box-failed', `Cannot start ${options.program}: this is not built yet.`),
  );
}
