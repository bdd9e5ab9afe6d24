import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { PowerboxError } from '../../wire/errors.ts';
import { PROTECT_DEPTH_MAX, PROTECT_FOLDERS_MAX } from './limits.ts';
import {
  GIT_NAMES,
  type ProtectedName,
  type StandIn,
  WORKSPACE_NAMES,
  WORKTREE_NAMES,
} from './protected-names.ts';

/** How one folder that a box may write is guarded. Paths are relative to it. */
export interface Guards {
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
 * Throws `mount-unreadable` where a guarded name is a symbolic link, which no mount can hold, and
 * `mask-too-large` where there are more folders than can be searched for repositories.
 */
export function findGuards(root: string, options: GuardOptions = {}): Guards {
  const { extra = [], links = 'refuse', standIns = new Set<string>() } = options;
  const statOf = (base: string, path: string): Stats | undefined =>
    standIns.has(path) ? undefined : lookUp(base, path, links === 'refuse');
  const pinned: string[] = [];
  const readOnly = new Set<string>();
  const missing = new Map<string, StandIn>();
  const guard = (folder: string, names: readonly ProtectedName[]): void => {
    for (const { path, standIn } of names) {
      const found = folder === '' ? path : `${folder}/${path}`;
      if (statOf(root, found) !== undefined) readOnly.add(found);
      else if (standIn !== undefined) missing.set(found, standIn);
    }
  };
  guard('', WORKSPACE_NAMES);
  guard(
    '',
    extra.map((path) => ({ path, standIn: { content: '' } })),
  );
  // A bare repository has git's names at its root.
  if (['HEAD', 'objects', 'refs'].every((name) => statOf(root, name) !== undefined)) {
    guard('', GIT_NAMES);
  }
  for (const git of findRepositories(root).filter((path) => !standIns.has(path))) {
    if (statOf(root, git)?.isDirectory() !== true) {
      readOnly.add(git);
      continue;
    }
    pinned.push(git);
    guard(git, GIT_NAMES);
    for (const name of submodules(root, `${git}/modules`)) guard(name, GIT_NAMES);
    for (const name of folders(join(root, git, 'worktrees'))) {
      guard(`${git}/worktrees/${name}`, WORKTREE_NAMES);
    }
  }
  if (statOf(root, '.git') === undefined) missing.set('.git', { folder: true });
  return {
    pinned,
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

/** Every `.git` below a folder, nearest first. */
function findRepositories(root: string): string[] {
  const repositories: string[] = [];
  let level = [''];
  let seen = 0;
  for (let depth = 0; depth <= PROTECT_DEPTH_MAX; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (++seen > PROTECT_FOLDERS_MAX) throw tooLarge(root);
      for (const entry of entries(join(root, folder))) {
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

/** Folders below `.git/modules` that are repositories; a submodule's name may have slashes. */
function submodules(root: string, folder: string): string[] {
  return folders(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return lookUp(root, `${path}/HEAD`, false) === undefined
      ? submodules(root, path)
      : [path, ...submodules(root, `${path}/modules`)];
  });
}

function folders(path: string): string[] {
  return entries(path)
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function entries(path: string): import('node:fs').Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** The repository's own list of ignored names, with the stand-ins added: the box's view of it. */
export function excludeWith(root: string, guards: Guards): string | undefined {
  if (!guards.pinned.includes('.git')) return undefined;
  const names = guards.missing.filter(({ path }) => !path.startsWith('.git/'));
  let own = '';
  try {
    own = readFileSync(join(root, '.git/info/exclude'), 'utf8');
  } catch {
    return undefined;
  }
  return `${own.replace(/\n?$/, '\n')}${names.map(({ path }) => `/${path}\n`).join('')}`;
}
