import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LimitsInForce, Mount } from '../boxes/contract.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';

/** A process by number and birth, so that a reused number is never taken for it. */
export interface ProcessId {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat (proc(5)), in clock ticks since boot. */
  readonly start: string;
}

/** What is known of a box from outside. Lies in its state folder; holds placeholders at most. */
export interface BoxRecord {
  readonly id: string;
  readonly program: readonly string[];
  readonly cwd: string;
  readonly workspace: { readonly path: string; readonly access: string };
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly rules: readonly string[];
  readonly secrets: readonly string[];
  /** Whom it runs as; null until the daemon has said so. */
  readonly guest: { readonly id: string; readonly name: string } | null;
  readonly kit: string | null;
  readonly mounts: readonly Mount[];
  readonly detached: boolean;
  /** The box's whole environment, for commands that are run in it later. */
  readonly env: Readonly<Record<string, string>>;
  /** The command line that started it; when this process ends, so does the box. */
  readonly starter: ProcessId;
  /** Null until the box runs. */
  readonly running: {
    /** The first process in the box, as the host numbers it. */
    readonly inside: ProcessId;
    readonly limits: LimitsInForce;
    /** Every port arrives at the egress, or only the listed ones do. */
    readonly network: 'every port' | 'listed ports';
  } | null;
  /** Null while it runs. */
  readonly ended: {
    readonly time: number;
    readonly status: number | null;
    readonly reason: string;
  } | null;
}

/** `bx` and 40 random bits, in letters that are not mistaken for one another. */
export function newBoxId(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return `bx-${[...randomBytes(8)].map((byte) => letters[byte % letters.length]).join('')}`;
}

export function boxFolder(home: Home, id: string): string {
  return join(home.boxes, id);
}

export function makeBoxFolder(home: Home, id: string): string {
  const folder = boxFolder(home, id);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** See `claimEnd`. */
export function endMark(home: Home, id: string): string {
  return join(boxFolder(home, id), 'unended');
}

export function writeRecord(home: Home, record: BoxRecord): void {
  const path = join(boxFolder(home, record.id), 'record.json');
  // Two commands that put a box away write it at once.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
  renameSync(draft, path);
}

/** Finds a box by its id or an unmistakable beginning of it. Throws `box-unknown`. */
export function findRecord(home: Home, wanted: string): BoxRecord {
  const ids = boxIds(home).filter(
    (id) => id === wanted || (wanted.length >= 2 && id.startsWith(wanted)),
  );
  const id = ids.includes(wanted) ? wanted : ids[0];
  if (ids.length > 1 && id !== wanted) {
    throw new PowerboxError(
      'box-unknown',
      `Cannot choose a box: ${ids.length} of them begin with "${wanted.slice(0, 40)}".`,
    );
  }
  const record = id === undefined ? null : readRecord(home, id);
  if (record === null) {
    throw new PowerboxError('box-unknown', `Cannot find the box "${wanted.slice(0, 40)}".`);
  }
  return record;
}

export function listRecords(home: Home): BoxRecord[] {
  return boxIds(home)
    .map((id) => readRecord(home, id))
    .filter((record) => record !== null)
    .sort((a, b) => a.started - b.started);
}

function boxIds(home: Home): string[] {
  return readdirSync(home.boxes).filter((name) => name.startsWith('bx-'));
}

function readRecord(home: Home, id: string): BoxRecord | null {
  try {
    return JSON.parse(readFileSync(join(boxFolder(home, id), 'record.json'), 'utf8')) as BoxRecord;
  } catch {
    // A box that is being made, or being removed, has no record.
    return null;
  }
}

export function removeBox(home: Home, id: string): void {
  // Another command may write a draft into it meanwhile.
  rmSync(boxFolder(home, id), { recursive: true, force: true, maxRetries: 5, retryDelay: 10 });
}

/** A box runs while both its starter and its first process live. */
export function isRunning(record: BoxRecord): boolean {
  const { starter, running, ended } = record;
  return ended === null && running !== null && isAlive(starter) && isAlive(running.inside);
}

export function processId(pid: number): ProcessId {
  return { pid, start: startOf(pid) ?? '' };
}

export function isAlive({ pid, start }: ProcessId): boolean {
  return start !== '' && startOf(pid) === start;
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has a birth too, but does nothing any more.
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
