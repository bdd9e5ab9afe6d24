import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { PowerboxError } from '../../wire/errors.ts';
import type { Mount } from '../contract.ts';
import { type CopyChange, listChanges, upperFolder } from './copy-changes.ts';
import {
  at,
  type HeldFolder,
  holdFolder,
  names,
  release,
  remove,
  stat,
  within,
} from './held-folder.ts';

export interface Applied {
  readonly applied: readonly CopyChange[];
  /** The paths left out, because no box may write them or what they lie below. */
  readonly refused: readonly string[];
}

export interface ApplyOptions {
  /** Also over what the host changed since the box started. */
  readonly force?: boolean;
  /** Milliseconds of the clock: a later change of the host is a conflict. Default: the copy's start. */
  readonly since?: number;
}

/** See `applyCopy`. */
export function applyChanges(mount: Mount, options: ApplyOptions): Applied {
  const changes = listChanges(mount);
  const refusedPaths = changes.filter(({ refused }) => refused).map(({ path }) => path);
  const isRefused = ({ path }: CopyChange): boolean =>
    refusedPaths.some((refused) => path === refused || path.startsWith(`${refused}/`));
  const refused = changes.filter(isRefused).map(({ path }) => path);
  const wanted = changes.filter((change) => !isRefused(change));
  const root = holdFolder(mount.source);
  try {
    const since = options.since ?? startOf(mount);
    const conflicts = options.force
      ? []
      : wanted.filter((change) => isConflict(root, change, since));
    if (conflicts.length > 0) {
      const list = conflicts.map(({ path }) => JSON.stringify(path)).join(', ');
      throw new PowerboxError(
        'copy-conflict',
        `Cannot apply the copy of ${mount.source}: the host changed ${list} since the box started.`,
      );
    }
    const owner = lstatSync(mount.source);
    for (const change of wanted) applyOne(mount, root, change, owner);
  } finally {
    release(root);
  }
  return { applied: wanted, refused };
}

/** The copy's own mark; where it is lost, every difference is a conflict. */
function startOf(mount: Mount): number {
  const mark = join(upperFolder(mount), '../started');
  return lstatSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isConflict(root: HeldFolder, change: CopyChange, since: number): boolean {
  const { parents, name } = split(change.path);
  try {
    return within(root, parents, (folder) => {
      const found = stat(folder, name);
      // A folder that stays one is only written into; its own time says nothing.
      if (found === undefined || (found.isDirectory() && change.change !== 'removed')) return false;
      return newest(folder, name, found) > since;
    });
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function newest(folder: HeldFolder, name: string, found: Stats): number {
  if (!found.isDirectory()) return found.ctimeMs;
  return within(folder, [name], (inner) =>
    names(inner).reduce((latest, child) => {
      const one = stat(inner, child);
      return one === undefined ? latest : Math.max(latest, newest(inner, child, one));
    }, found.ctimeMs),
  );
}

function applyOne(mount: Mount, root: HeldFolder, change: CopyChange, owner: Stats): void {
  const { parents, name } = split(change.path);
  within(root, parents, (folder) => {
    if (change.change === 'removed') {
      remove(folder, name);
      return;
    }
    const source = join(upperFolder(mount), change.path);
    const existing = stat(folder, name);
    if (change.kind === 'folder') putFolder(folder, name, source, existing, owner);
    else if (change.kind === 'link') putLink(folder, name, source, existing, owner);
    else putFile(folder, name, source, existing, owner);
  });
}

function putFolder(
  folder: HeldFolder,
  name: string,
  source: string,
  existing: Stats | undefined,
  owner: Stats,
): void {
  if (existing?.isDirectory() === true) return;
  if (existing !== undefined) unlinkSync(at(folder, name));
  mkdirSync(at(folder, name), { mode: 0o700 });
  within(folder, [name], (made) => {
    own(made.fd, owner);
    fchmodSync(made.fd, lstatSync(source).mode & 0o777);
  });
}

function putLink(
  folder: HeldFolder,
  name: string,
  source: string,
  existing: Stats | undefined,
  owner: Stats,
): void {
  const fresh = freshName();
  symlinkSync(readlinkSync(source), at(folder, fresh));
  if (process.getuid?.() === 0) lchownSync(at(folder, fresh), owner.uid, owner.gid);
  putInPlace(folder, fresh, name, existing);
}

/** The file is whole before it has its name; what was there is replaced in one step. */
function putFile(
  folder: HeldFolder,
  name: string,
  source: string,
  existing: Stats | undefined,
  owner: Stats,
): void {
  const fresh = freshName();
  const from = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const to = openSync(at(folder, fresh), flags, 0o600);
    try {
      copyFileSync(`/proc/self/fd/${from}`, `/proc/self/fd/${to}`);
      own(to, owner);
      fchmodSync(to, lstatSync(source).mode & 0o777);
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
  putInPlace(folder, fresh, name, existing);
}

function putInPlace(
  folder: HeldFolder,
  fresh: string,
  name: string,
  existing: Stats | undefined,
): void {
  if (existing?.isDirectory() === true) remove(folder, name);
  renameSync(at(folder, fresh), at(folder, name));
}

function own(fd: number, owner: Stats): void {
  if (process.getuid?.() === 0) fchownSync(fd, owner.uid, owner.gid);
}

function freshName(): string {
  return `.powerbox-${randomBytes(8).toString('hex')}`;
}

function split(path: string): { parents: string[]; name: string } {
  const parts = path.split('/');
  return { parents: parts.slice(0, -1), name: parts.at(-1) ?? '' };
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}
