import { chmodSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BoxSpec, FileOverride, Mount } from '../contract.ts';
import { call, keep, kept, type Step, step, text } from './plan.ts';
import type { Binding } from './view.ts';

const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE = 1 | 0o2000000 | AT_RECURSIVE; // OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_IDMAP = 0x0010_0000;
/** Where root's start collects what the box will be given; private to that start. */
const STAGE = '/run';

/** How the sources of a box reach bubblewrap. */
export interface Staging {
  /** To be done with the caller's own authority, before it is dropped. */
  readonly asCaller: readonly Step[];
  /** To be done in the box's outer user namespace. */
  readonly inNamespace: readonly Step[];
  readonly mounts: readonly Binding[];
  readonly files: readonly Binding[];
}

/** Writes the box's own files below its state folder; gives the folder. */
export function writeFiles(stateDir: string, files: readonly FileOverride[]): string {
  const folder = join(stateDir, 'files');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  files.forEach(({ content, executable }, index) => {
    const path = join(folder, String(index));
    writeFileSync(path, content);
    chmodSync(path, executable === true ? 0o755 : 0o644);
  });
  return folder;
}

/**
 * The staging of an ordinary user: the box is the same user, so every source is used where it is.
 */
export function stageAsUser(spec: BoxSpec, files: readonly FileOverride[]): Staging {
  const folder = writeFiles(spec.stateDir, files);
  const sourceOf = (mount: Mount): string =>
    mount.access === 'copy' ? join(copyFolder(mount), 'merged') : mount.source;
  const overlays = spec.mounts.filter(isCopy).map((mount) => {
    makeCopyFolders(mount);
    const copy = copyFolder(mount);
    return overlay(mount.source, join(copy, 'upper'), join(copy, 'work'), join(copy, 'merged'));
  });
  return {
    asCaller: [],
    inNamespace: overlays,
    mounts: mountBindings(spec, sourceOf),
    files: fileBindings(files, folder),
  };
}

/**
 * The staging of root: the box is a host uid of its own, which can neither pass through root's
 * folders nor own a file in them. So each source is taken as a detached mount, on which the owner
 * of the source and the box's uid are one, and put where the box's uid can reach it.
 */
export function stageAsRoot(
  spec: BoxSpec,
  files: readonly FileOverride[],
  hostUid: number,
): Staging {
  const folder = writeFiles(spec.stateDir, files);
  const place = (kind: string, index: number): string => `${STAGE}/${kind}${index}`;
  const sourceOf = (mount: Mount): string =>
    place(mount.access === 'copy' ? 'merged' : 'mount', spec.mounts.indexOf(mount));
  const taken: Step[] = [];
  const placed: Step[] = [
    call(
      'make a staging area',
      'mount',
      text('none'),
      text(STAGE),
      text('tmpfs'),
      0,
      text('mode=755'),
    ),
  ];
  const inNamespace: Step[] = [];
  const take = (name: string, source: string, idMapped: boolean): void => {
    taken.push(...takeMount(name, source, idMapped ? hostUid : undefined));
    placed.push(...placeMount(name, `${STAGE}/${name}`, isFolder(source)));
  };
  take('files', folder, false);
  spec.mounts.forEach((mount, index) => {
    take(`mount${index}`, mount.source, !isForAll(mount));
    if (mount.access !== 'copy') return;
    makeCopyFolders(mount);
    take(`copy${index}`, copyFolder(mount), true);
    placed.push(step('mkdir', place('merged', index), 0o755));
    const copy = place('copy', index);
    inNamespace.push(
      overlay(place('mount', index), `${copy}/upper`, `${copy}/work`, place('merged', index)),
    );
  });
  return {
    asCaller: [...privateMounts(), ...taken, ...placed],
    inNamespace,
    mounts: mountBindings(spec, sourceOf),
    files: fileBindings(files, `${STAGE}/files`),
  };
}

/** A mount namespace of its own, from which nothing reaches the host's. */
export function privateMounts(): Step[] {
  const MS_REC = 0x4000;
  const MS_PRIVATE = 0x4_0000;
  return [
    call('make a mount namespace', 'unshare', 0x0002_0000),
    call(
      'part from the mounts',
      'mount',
      text('none'),
      text('/'),
      text('none'),
      MS_REC | MS_PRIVATE,
      0,
    ),
  ];
}

export function takeMount(name: string, source: string, hostUid: number | undefined): Step[] {
  const what = `take ${source}`;
  const steps = [keep(name, what, 'open_tree', AT_FDCWD, text(source), OPEN_TREE)];
  if (hostUid === undefined) return steps;
  const { uid, gid } = lstatSync(source);
  const ids = `${name}-ids`;
  const attributes = Buffer.alloc(32); // struct mount_attr: set, clear, propagation, userns
  attributes.writeBigUInt64LE(BigInt(MOUNT_ATTR_IDMAP), 0);
  return [
    ...steps,
    step('idmap', ids, `${uid} ${hostUid} 1\n`, `${gid} ${hostUid} 1\n`),
    step('mapMount', `map the owner of ${source}`, kept(name), attributes, kept(ids)),
    call(what, 'close', kept(ids)),
  ];
}

function placeMount(name: string, target: string, folder: boolean): Step[] {
  return [
    folder ? step('mkdir', target, 0o755) : step('touch', target),
    call(
      `stage ${name}`,
      'move_mount',
      kept(name),
      text(''),
      AT_FDCWD,
      text(target),
      MOVE_MOUNT_F_EMPTY_PATH,
    ),
    call(`stage ${name}`, 'close', kept(name)),
  ];
}

export function overlay(lower: string, upper: string, work: string, merged: string): Step {
  const escaped = (path: string): string => path.replaceAll(/[\\:,]/g, (found) => `\\${found}`);
  const options = `userxattr,lowerdir=${escaped(lower)},upperdir=${escaped(upper)},workdir=${escaped(work)}`;
  return call(
    'make a copy',
    'mount',
    text('overlay'),
    text(merged),
    text('overlay'),
    0,
    text(options),
  );
}

function mountBindings(spec: BoxSpec, sourceOf: (mount: Mount) => string): Binding[] {
  return [...spec.mounts]
    .sort((a, b) => depth(a.target) - depth(b.target))
    .map((mount) => ({
      source: sourceOf(mount),
      target: mount.target,
      writable: mount.access !== 'ro',
    }));
}

function fileBindings(files: readonly FileOverride[], folder: string): Binding[] {
  return files.map(({ target }, index) => ({
    source: `${folder}/${index}`,
    target,
    writable: false,
  }));
}

function makeCopyFolders(mount: Mount): void {
  const folder = copyFolder(mount);
  const { mode } = lstatSync(mount.source);
  for (const name of ['upper', 'work', 'merged']) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  }
  chmodSync(join(folder, 'upper'), mode & 0o777);
  // Its time is the start of the copy: what the host changes later is a conflict.
  if (!existsSync(join(folder, 'started'))) writeFileSync(join(folder, 'started'), '');
}

function copyFolder(mount: Mount): string {
  if (mount.copyDir === undefined) throw new TypeError(`The copy of ${mount.source} has no folder`);
  return mount.copyDir;
}

function isCopy(mount: Mount): boolean {
  return mount.access === 'copy';
}

/** A file that everybody may read needs no map of its owner to be read, only to be reached. */
function isForAll({ access, source }: Mount): boolean {
  const stat = lstatSync(source);
  return access === 'ro' && stat.isFile() && (stat.mode & 0o004) !== 0;
}

function isFolder(path: string): boolean {
  return lstatSync(path).isDirectory();
}

function depth(path: string): number {
  return path.split('/').length;
}
