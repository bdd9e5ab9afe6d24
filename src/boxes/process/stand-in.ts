import {
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { identityHere, mountedPaths } from './mount-table.ts';
import type { Guards } from './protect.ts';

/** The record of a box's stand-ins, in its state folder until the last of them is gone. */
const RECORD = 'stand-ins.json';

interface StandInRecord {
  readonly path: string;
  /** `device:inode`; null before it was made. */
  readonly inode: string | null;
  readonly size: number;
  /** Milliseconds of the clock; what is older and has no inode here is not ours. */
  readonly since: number;
}

/**
 * Makes the stand-ins of a workspace on the host, owned as the workspace is, and records them so
 * that they are removed even when this process is killed.
 */
export function makeStandIns(stateDir: string, root: string, guards: Guards): void {
  if (guards.missing.length === 0) return;
  const before = readRecord(stateDir);
  const { uid, gid } = lstatSync(root);
  // File systems keep times coarsely, so some leeway is given.
  const since = Date.now() - 50;
  const intended = guards.missing.map(({ path, standIn }) => ({
    path: join(root, path),
    inode: null,
    size: 'folder' in standIn ? 0 : standIn.content.length,
    since,
  }));
  writeRecord(stateDir, [...before, ...intended]);
  const made = guards.missing.flatMap(({ path, standIn }): StandInRecord[] => {
    const at = join(root, path);
    try {
      if ('folder' in standIn) mkdirSync(at, { mode: 0o755 });
      else writeFileSync(at, standIn.content, { flag: 'wx', mode: 0o644 });
    } catch (error) {
      // Made by someone else since it was looked for; then it is theirs, and guarded as such.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return [];
      throw error;
    }
    if (process.getuid?.() === 0) lchownSync(at, uid, gid);
    const stat = lstatSync(at, { bigint: true });
    return [{ path: at, inode: inode(stat), size: sizeOf(stat), since }];
  });
  writeRecord(stateDir, [...before, ...made]);
}

/**
 * Removes the stand-ins of a box that has ended, where they are as they were made and no other
 * box is using them; gives true when none is left. Safe to call again.
 */
export function removeStandIns(stateDir: string): boolean {
  const record = readRecord(stateDir);
  if (record.length === 0) return true;
  const mounted = mountedPaths();
  const identity = identityHere();
  // The deepest first: a folder goes only when it is empty.
  const deepest = [...record].sort((a, b) => b.path.length - a.path.length);
  const left = deepest.filter((one) => !removeOne(one, mounted.has(identity(one.path))));
  if (left.length === 0) rmSync(join(stateDir, RECORD), { force: true });
  else writeRecord(stateDir, left);
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

function inode(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stat.dev}:${stat.ino}`;
}

/** A folder's own size says nothing; whether it is empty, rmdir finds out. */
function sizeOf(stat: import('node:fs').BigIntStats): number {
  return stat.isDirectory() ? 0 : Number(stat.size);
}

function readRecord(stateDir: string): StandInRecord[] {
  try {
    const record: unknown = JSON.parse(readFileSync(join(stateDir, RECORD), 'utf8'));
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

function writeRecord(stateDir: string, record: readonly StandInRecord[]): void {
  writeFileSync(join(stateDir, RECORD), JSON.stringify(record), { mode: 0o600 });
}
