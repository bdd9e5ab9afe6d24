import { lstatSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PowerboxError } from '../../wire/errors.ts';
import type { BoxSpec, FileOverride, Mount } from '../contract.ts';
import { excludeWith } from './git-exclude.ts';
import { findGuards, findRepositories, type Guards } from './protect.ts';
import { WORKSPACE_NAMES } from './protected-names.ts';
import { announceStandIns, makeStandIns, standInsOfOthers } from './stand-in.ts';
import type { Binding } from './view.ts';

/** The guards of every folder that a box may write. */
export interface GuardedMounts {
  /** What belongs over this mount, before the next is mounted: that may lie in a pinned folder. */
  over(mount: Binding): Binding[];
  /** Generated files that belong over the box's view of the mounts. */
  readonly files: readonly FileOverride[];
  /** Git repositories of the host that are there now and were not before; throws as `findGuards`. */
  madeRepositories(): string[];
}

/** Looks for what is to be guarded, and makes the stand-ins for what is missing on the host. */
export function guardMounts(spec: BoxSpec): GuardedMounts {
  const guarded: { mount: Mount; guards: Guards }[] = [];
  const files: FileOverride[] = [];
  for (const mount of spec.mounts) {
    if (mount.access === 'ro' || !lstatSync(mount.source).isDirectory()) continue;
    const extra = below(mount.target, spec.readOnly);
    if (mount.access === 'copy') {
      const guards =
        mount.guarded === false
          ? onlyExtra(mount, extra)
          : findGuards(mount.source, { extra, links: 'ignore' });
      guarded.push({ mount, guards });
      continue;
    }
    refuseInsideGit(mount);
    const guards = guardShared(spec, mount, extra);
    guarded.push({ mount, guards });
    const exclude = excludeWith(mount.source, guards);
    if (exclude !== undefined) {
      files.push({ target: join(mount.target, '.git/info/exclude'), content: exclude });
    }
  }
  return {
    files,
    madeRepositories: () =>
      guarded
        .filter(({ mount }) => mount.access === 'rw' && mount.guarded !== false)
        .flatMap(({ mount, guards }) => newRepositories(mount, guards)),
    over: ({ source, target }) =>
      guarded
        .filter(({ mount }) => mount.target === target)
        .flatMap(({ mount, guards }) => bindingsOf(mount, guards, source)),
  };
}

/** A `.git` that was held by a stand-in could not be made by the box. */
function newRepositories({ source }: Mount, { repositories, missing }: Guards): string[] {
  const known = new Set([...repositories, ...missing.map(({ path }) => path)]);
  return findRepositories(source)
    .filter((path) => !known.has(path))
    .map((path) => join(source, path));
}

const TRIES_MAX = 5;

/**
 * The guards of a folder that other boxes may be using, starting in or leaving at this moment. A
 * box that is leaving may take a stand-in away that was just seen here; then it is looked for again.
 */
function guardShared(spec: BoxSpec, mount: Mount, extra: readonly string[]): Guards {
  announceStandIns(
    spec.stateDir,
    WORKSPACE_NAMES.map(({ path }) => join(mount.source, path)),
  );
  for (let tries = 1; ; tries++) {
    const standIns = standInsOfOthers(spec.stateDir, mount.source);
    const guards =
      mount.guarded === false
        ? onlyExtra(mount, extra)
        : findGuards(mount.source, { extra, links: 'refuse', standIns });
    makeStandIns(spec.stateDir, mount.source, guards);
    const there = [...guards.readOnly, ...guards.missing.map(({ path }) => path)].every(
      (path) => lstatSync(join(mount.source, path), { throwIfNoEntry: false }) !== undefined,
    );
    if (there || tries === TRIES_MAX) return guards;
  }
}

function bindingsOf(mount: Mount, guards: Guards, source: string): Binding[] {
  const bind = (path: string, writable: boolean): Binding => ({
    source: join(source, path),
    target: join(mount.target, path),
    writable,
  });
  // In a copy nothing stands in for what is missing: the host takes no guarded path from a copy.
  const missing = mount.access === 'copy' ? [] : guards.missing;
  return [
    ...guards.pinned.map((path) => bind(path, true)),
    ...guards.readOnly.map((path) => bind(path, false)),
    ...missing.map(({ path }) => bind(path, false)),
  ];
}

function onlyExtra(mount: Mount, extra: readonly string[]): Guards {
  const exists = (path: string): boolean =>
    lstatSync(join(mount.source, path), { throwIfNoEntry: false }) !== undefined;
  return {
    repositories: [],
    pinned: [],
    readOnly: extra.filter(exists),
    missing: extra.filter((p) => !exists(p)).map((path) => ({ path, standIn: { content: '' } })),
  };
}

/** Those of `paths` that lie below `folder`, relative to it. */
function below(folder: string, paths: readonly string[]): string[] {
  return paths
    .map((path) => relative(folder, path))
    .filter((path) => path !== '' && path !== '..' && !path.startsWith('../'));
}

function refuseInsideGit(mount: Mount): void {
  if (mount.guarded === false || !mount.source.split('/').includes('.git')) return;
  throw new PowerboxError(
    'mount-unreadable',
    `Cannot mount ${mount.source} writable: it is the inside of a git repository.`,
    { hint: 'Mount the folder that holds the repository, or mount it as `ro` or `copy`.' },
  );
}
