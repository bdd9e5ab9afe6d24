import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Mount } from '../contract.ts';
import { type Applied, type ApplyOptions, applyChanges } from './copy-apply.ts';
import { type CopyChange, listChanges, upperFolder } from './copy-changes.ts';
import { DIFF_BYTES_MAX } from './limits.ts';

export type { CopyChange };

/** What a box changed in its copy. */
export interface CopyDifference {
  readonly changes: readonly CopyChange[];
  /** In the unified format; large and binary files are only named. */
  readonly text: string;
}

/** Every difference of a copy, by path. The box must have ended. */
export function diffCopy(mount: Mount): CopyDifference {
  const changes = listChanges(mount);
  return { changes, text: changes.map((change) => diffOne(mount, change)).join('') };
}

/**
 * Takes what a box wrote to its copy into the host's folder, as the folder's owner. Follows no
 * symbolic link, on either side; sets no set-id bit. Throws `copy-conflict`, with nothing taken,
 * when the host changed a path after the box started, unless forced.
 */
export function applyCopy(mount: Mount, options: ApplyOptions = {}): Applied {
  return applyChanges(mount, options);
}

function diffOne(mount: Mount, { path, change, kind }: CopyChange): string {
  const title = `${change}: ${printable(path)}${kind === 'file' ? '' : ` (${kind})`}\n`;
  if (kind === 'link' && change !== 'removed') {
    return `${title}+-> ${printable(readlinkSync(join(upperFolder(mount), path)))}\n`;
  }
  if (kind !== 'file') return title;
  const sides = [
    change === 'added' ? '/dev/null' : join(mount.source, path),
    change === 'removed' ? '/dev/null' : join(upperFolder(mount), path),
  ];
  const plain = sides.every((side) => side === '/dev/null' || isPlain(side));
  if (!plain) return `${title}(too large to show)\n`;
  const labels = ['--label', `a/${printable(path)}`, '--label', `b/${printable(path)}`];
  const { stdout } = spawnSync('/usr/bin/diff', ['-u', ...labels, '--', ...sides], {
    encoding: 'utf8',
    maxBuffer: 8 * DIFF_BYTES_MAX,
    env: { LC_ALL: 'C.UTF-8' },
  });
  return `${title}${stdout}`;
}

function isPlain(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size <= DIFF_BYTES_MAX;
}

/** A box chooses its file names; none of them may speak to the terminal. */
function printable(name: string): string {
  return name.replaceAll(/\p{C}/gu, '?');
}

/** Drops the copy: what the box wrote is gone. */
export function discardCopy(mount: Mount): void {
  const folder = join(upperFolder(mount), '..');
  // The kernel leaves a folder that not even its owner may enter, and a box may leave more.
  if (existsSync(folder)) execFileSync('/bin/chmod', ['-R', 'u+rwX', '--', folder]);
  for (const name of ['upper', 'work', 'merged', 'started']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
