import { type Dirent, lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { PowerboxError } from '../../wire/errors.ts';
import { PROTECT_DEPTH_MAX, PROTECT_FOLDERS_MAX } from './limits.ts';
import {
  GIT_NAMES,
  type ProtectedName,
  type StandIn,
  WORKSPACE_NAMES,
  WORKTREE_NAMES,
} from './protected-names.ts';
import { readFolder } from './read-folder.ts';

const BARE_FOLDERS: readonly string[] = ['objects', 'refs'];
const REPOSITORY_NAMES: ReadonlySet<string> = new Set(['HEAD', 'config', 'hooks']);

/** How one folder that a box may write is guarded. Paths are relative to it. */
export interface Guards {
  /** Every `.git` that is there. */
  readonly repositories: readonly string[];
  /** Bound onto themselves, so that the box cannot put another in their place. */
  readonly pinned: readonly string[];
  /** Bound read-only. */
  readonly readOnly: readonly string[];
  /** Missing, and to be held by a stand-in that is then bound read-only. */
  readonly missing: readonly { readonly path: string; readonly standIn: StandIn }[];
}

export interface GuardOptions {
  /** Further paths that stay read-only, relative to the root. */
  readonly extra?: readonly string[];
  /** `ignore` where the box writes to a copy, from which no guarded path is ever taken. */
  readonly links?: 'refuse' | 'ignore';
  /** Paths at which another box has a stand-in; to this one they are missing. */
  readonly standIns?: ReadonlySet<string>;
}

/**
 * Finds what is to be guarded below `root`.
 * Throws `mount-unreadable` where a guarded name is a symbolic link, which no mount can hold, or a
 * folder cannot be searched, and
 * `mask-too-large` where there are more folders than can be searched for repositories.
 */
export function findGuards(root: string, options: GuardOptions = {}): Guards {
  const { extra = [], links = 'refuse', standIns = new Set<string>() } = options;
  const statOf = (base: string, path: string): Stats | undefined =>
    standIns.has(path) ? undefined : lookUp(base, path, links === 'refuse');
  const entries = (path: string): Dirent[] =>
    statOf(root, path) === undefined ? [] : readFolder(join(root, path));
  const pinned = new Set<string>();
  const readOnly = new Set<string>();
  const missing = new Map<string, StandIn>();
  // In a copy a moved folder gains nothing: no guarded path is taken from it.
  const pinWayTo = (path: string): void => {
    if (links === 'ignore') return;
    for (let way = dirname(path); way !== '.'; way = dirname(way)) pinned.add(way);
  };
  const guard = (folder: string, names: readonly ProtectedName[]): void => {
    for (const { path, standIn } of names) {
      const found = folder === '' ? path : `${folder}/${path}`;
      if (statOf(root, found) !== undefined || folder !== '') pinWayTo(found);
      if (statOf(root, found) !== undefined) readOnly.add(found);
      else if (standIn !== undefined) missing.set(found, standIn);
    }
  };
  guard('', WORKSPACE_NAMES);
  for (const path of extra) {
    if (statOf(root, path) !== undefined) readOnly.add(path);
    else missing.set(path, { content: '' });
  }
  // A bare repository has git's names at its root; without these two it would not be known again.
  if (BARE_FOLDERS.every((name) => statOf(root, name) !== undefined)) {
    for (const name of BARE_FOLDERS) pinned.add(name);
    guard('', GIT_NAMES);
  }
  const repositories = findRepositories(root).filter((path) => !standIns.has(path));
  for (const git of repositories) {
    pinWayTo(git);
    if (statOf(root, git)?.isDirectory() !== true) {
      readOnly.add(git);
      continue;
    }
    pinned.add(git);
    guard(git, GIT_NAMES);
    for (const name of submodules(`${git}/modules`, entries)) guard(name, GIT_NAMES);
    for (const { name } of entries(`${git}/worktrees`).filter((entry) => entry.isDirectory())) {
      guard(`${git}/worktrees/${name}`, WORKTREE_NAMES);
    }
  }
  if (statOf(root, '.git') === undefined) missing.set('.git', { folder: true });
  return {
    repositories,
    // A folder before what lies in it: a later mount of the folder would hide the earlier one.
    pinned: [...pinned].sort(),
    readOnly: [...readOnly].sort(),
    missing: [...missing].map(([path, standIn]) => ({ path, standIn })),
  };
}

/** What stands at a path; a link anywhere on it could be turned to something else by the box. */
function lookUp(root: string, path: string, refuseLinks: boolean): Stats | undefined {
  let at = root;
  let stat: Stats | undefined;
  for (const part of path.split('/')) {
    at = join(at, part);
    stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (stat.isSymbolicLink()) {
      if (!refuseLinks) return undefined;
      throw new PowerboxError(
        'mount-unreadable',
        `Cannot guard ${at}: it is a symbolic link, which a box could replace.`,
        { hint: 'Put a real file there, or mount the workspace as `ro` or `copy`.' },
      );
    }
  }
  return stat;
}

/** Every `.git` below a folder, nearest first; none below `node_modules`. Throws as `findGuards`. */
export function findRepositories(root: string): string[] {
  const repositories: string[] = [];
  let level = [''];
  let seen = 0;
  for (let depth = 0; depth <= PROTECT_DEPTH_MAX; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (++seen > PROTECT_FOLDERS_MAX) throw tooLarge(root);
      for (const entry of readFolder(join(root, folder))) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.name === '.git') repositories.push(path);
        else if (entry.isDirectory() && entry.name !== 'node_modules') next.push(path);
      }
    }
    level = next;
  }
  if (level.length > 0) throw tooLarge(root);
  return repositories;
}

function tooLarge(root: string): PowerboxError {
  return new PowerboxError(
    'mask-too-large',
    `Cannot guard the git repositories below ${root}: there are too many folders.`,
  );
}

/**
 * Folders below `.git/modules` that are repositories; a submodule's name may have slashes. One
 * guarded name is enough to be taken for one: what is guarded, a box cannot take away.
 */
function submodules(folder: string, entries: (path: string) => Dirent[]): string[] {
  const found: string[] = [];
  const waiting = [folder];
  for (let seen = 0; waiting.length > 0; seen++) {
    if (seen > PROTECT_FOLDERS_MAX) throw tooLarge(folder);
    const at = waiting.pop() as string;
    const inside = entries(at);
    if (at !== folder && inside.some(({ name }) => REPOSITORY_NAMES.has(name))) {
      found.push(at);
      waiting.push(`${at}/modules`);
    } else {
      const steps = inside.filter((entry) => entry.isDirectory());
      waiting.push(...steps.map(({ name }) => `${at}/${name}`));
    }
  }
  return found;
}
