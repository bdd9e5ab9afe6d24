import { constants, fstatSync, lstatSync, opendirSync, openSync, type Stats } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EndSignal } from '../../ocap/live.ts';
import { mustGoOn } from './fault.ts';
import { type Held, release } from './held.ts';
import { NAMES_AT_ONCE, QUOTA_DEPTH_MAX, QUOTA_ENTRIES_MAX } from './limits.ts';
import type { Tree } from './tree.ts';

interface Sum {
  bytes: number;
  entries: number;
}

/**
 * Bytes and entries of a whole tree, each file counted once for each of its names. Null when it is
 * larger or deeper than can be measured. Other file systems that are mounted in it do not count.
 */
export async function measureTree(tree: Tree, signal: EndSignal): Promise<Readonly<Sum> | null> {
  const sum = { bytes: 0, entries: 0 };
  const top = tree.hold('/');
  try {
    const whole = await measure(top, fstatSync(top.fd).dev, 0, sum, signal);
    return whole ? sum : null;
  } finally {
    release(top);
  }
}

async function measure(
  held: Held,
  device: number,
  depth: number,
  sum: Sum,
  signal: EndSignal,
): Promise<boolean> {
  if (depth > QUOTA_DEPTH_MAX) return false;
  const own = `/proc/self/fd/${held.fd}`;
  // Names as bytes: files with names that are no UTF-8 take room as well.
  const directory = opendirSync(own, { encoding: 'buffer' as BufferEncoding });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      sum.entries += 1;
      if (sum.entries > QUOTA_ENTRIES_MAX) return false;
      if (sum.entries % NAMES_AT_ONCE === 0) {
        await nextTurn();
        mustGoOn(signal);
      }
      const path = Buffer.concat([Buffer.from(`${own}/`), entry.name as unknown as Buffer]);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory() !== true) sum.bytes += stat?.size ?? 0;
      else if (!(await measureBelow(path, stat, device, depth, sum, signal))) return false;
    }
    return true;
  } finally {
    directory.closeSync();
  }
}

async function measureBelow(
  path: Buffer,
  { dev }: Stats,
  device: number,
  depth: number,
  sum: Sum,
  signal: EndSignal,
): Promise<boolean> {
  if (dev !== device) return true;
  const inner = openInner(path);
  if (inner === undefined) return true;
  try {
    return await measure(inner, device, depth + 1, sum, signal);
  } finally {
    release(inner);
  }
}

/** Undefined for a directory that is gone meanwhile; others must be counted, so they must open. */
function openInner(path: Buffer): Held | undefined {
  try {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return { fd: openSync(path, flags) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}
