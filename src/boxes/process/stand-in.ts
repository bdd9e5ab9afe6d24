import {
  type BigIntStats,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { identityHere, mountedPaths } from './mount-table.ts';
import type { Guards } from './protect.ts';
import type { StandIn } from './protected-names.ts';

/** The record of a box's stand-ins, in its state folder until the last of them is gone. */
const RECORD = 'stand-ins.json';
/** The same of a box that has ended: it needs them no more, but others may. */
const LEAVING = 'stand-ins-left.json';
/** File systems keep times coarsely. */
const TIME_LEEWAY_MS = 50;

interface StandInRecord {
  readonly path: string;
  /** `device:inode`; null before it was made. */
  readonly inode: string | null;
  readonly size: number;
  /** Milliseconds of the clock; what is older and has no inode here is not ours. */
  readonly since: number;
}

/**
 * Says that this box will need these paths, before it looks whether they are there: from then on
 * no other box of this home takes a stand-in at one of them away.
 */
export function announceStandIns(stateDir: string, paths: readonly string[]): void {
  const since = Date.now() - TIME_LEEWAY_MS;
  const intended = paths.map((path) => ({ path, inode: null, size: -1, since }));
  writeRecord(stateDir, RECORD, [...readRecord(stateDir, RECORD), ...intended]);
}

/** The paths below `root`, relative to it, at which another box of this home has a stand-in. */
export function standInsOfOthers(stateDir: string, root: string): Set<string> {
  const others = recordsOfOthers(stateDir).filter(isThere);
  return new Set(
    others.map(({ path }) => relative(root, path)).filter((path) => !path.startsWith('..')),
  );
}

/** Is it the very file that was recorded? */
function isThere({ path, inode: recorded }: StandInRecord): boolean {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && inode(stat) === recorded;
}

/**
 * Makes the stand-ins of a workspace on the host, owned as the workspace is, and records them so
 * that they are removed even when this process is killed. Boxes that share a workspace share them,
 * and the last one out removes them.
 */
export function makeStandIns(stateDir: string, root: string, guards: Guards): void {
  const announced = readRecord(stateDir, RECORD);
  const before = announced.filter(({ path }) => !within(path, root));
  const others = new Map(recordsOfOthers(stateDir).map((one) => [one.path, one]));
  const { uid, gid } = lstatSync(root);
  const since = Date.now() - TIME_LEEWAY_MS;
  const intended = guards.missing.map(({ path, standIn }) => ({
    path: join(root, path),
    inode: null,
    size: 'folder' in standIn ? 0 : standIn.content.length,
    since,
  }));
  writeRecord(stateDir, RECORD, [...announced, ...intended]);
  const made = guards.missing.flatMap(({ path, standIn }): StandInRecord[] => {
    const at = join(root, path);
    const stat = makeOne(at, standIn, uid, gid);
    if (stat !== null) return [{ path: at, inode: inode(stat), size: sizeOf(stat), since }];
    // Another box's; or made by someone else since it was looked for, and then it is theirs.
    const shared = others.get(at);
    return shared !== undefined && isThere(shared) ? [shared] : [];
  });
  writeRecord(stateDir, RECORD, [...before, ...made]);
}

function makeOne(at: string, standIn: StandIn, uid: number, gid: number): BigIntStats | null {
  try {
    if ('folder' in standIn) mkdirSync(at, { mode: 0o755 });
    else writeFileSync(at, standIn.content, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  }
  try {
    if (process.getuid?.() === 0) lchownSync(at, uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // Taken away again by a box that is leaving: then it is looked for once more.
  return lstatSync(at, { bigint: true, throwIfNoEntry: false }) ?? null;
}

function recordsOfOthers(stateDir: string): StandInRecord[] {
  // What was only announced has no inode, and so covers nothing that has one.
  const all = [LEAVING, RECORD].flatMap((name) => otherRecords(stateDir, name));
  return all.filter(({ inode }) => inode !== null);
}

/** The stand-ins that the other boxes of this home have recorded under this name. */
function otherRecords(stateDir: string, name: string): StandInRecord[] {
  const boxes = dirname(stateDir);
  return readdirSync(boxes)
    .map((id) => join(boxes, id))
    .filter((folder) => folder !== stateDir)
    .flatMap((folder) => readRecord(folder, name));
}

/**
 * Removes the stand-ins of a box that has ended, where they are as they were made and no other box
 * needs them. Gives true when none is left; else it is to be called again when another box has
 * ended. Two boxes that end at once need none of each other's, so both remove all.
 */
export function removeStandIns(stateDir: string): boolean {
  const record = [...readRecord(stateDir, RECORD), ...readRecord(stateDir, LEAVING)];
  if (record.length === 0) return true;
  writeRecord(stateDir, LEAVING, record);
  rmSync(join(stateDir, RECORD), { force: true });
  const mounted = mountedPaths();
  const identity = identityHere();
  const needed = new Set(otherRecords(stateDir, RECORD).map(({ path }) => path));
  // The deepest first: a folder goes only when it is empty.
  const deepest = [...record].sort((a, b) => b.path.length - a.path.length);
  const left = deepest.filter((one) => {
    return needed.has(one.path) || !removeOne(one, mounted.has(identity(one.path)));
  });
  if (left.length > 0) writeRecord(stateDir, LEAVING, left);
  else rmSync(join(stateDir, LEAVING), { force: true });
  return left.length === 0;
}

function removeOne(one: StandInRecord, inUse: boolean): boolean {
  const stat = lstatSync(one.path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || sizeOf(stat) !== one.size) return true;
  const ours = one.inode === null ? Number(stat.ctimeMs) >= one.since : inode(stat) === one.inode;
  if (!ours) return true;
  // Taking it away on the host would take the mount away from the other box as well.
  if (inUse) return false;
  try {
    if (stat.isDirectory()) rmdirSync(one.path);
    else unlinkSync(one.path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EBUSY';
  }
}

function within(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function inode(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stat.dev}:${stat.ino}`;
}

/** A folder's own size says nothing; whether it is empty, rmdir finds out. */
function sizeOf(stat: BigIntStats): number {
  return stat.isDirectory() ? 0 : Number(stat.size);
}

function readRecord(stateDir: string, name: string): StandInRecord[] {
  try {
    const record: unknown = JSON.parse(readFileSync(join(stateDir, name), 'utf8'));
    return Array.isArray(record) ? record.filter(isRecord) : [];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is StandInRecord {
  const { path, inode, size, since } = (value ?? {}) as Partial<StandInRecord>;
  const numbers = typeof size === 'number' && typeof since === 'number';
  return typeof path === 'string' && (inode === null || typeof inode === 'string') && numbers;
}

/** Whole or not at all: other boxes read it at any moment, and other commands may write it too. */
function writeRecord(stateDir: string, name: string, record: readonly StandInRecord[]): void {
  const path = join(stateDir, name);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
  renameSync(draft, path);
}
