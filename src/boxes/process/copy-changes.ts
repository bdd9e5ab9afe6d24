import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { PowerboxError } from '../../wire/errors.ts';
import type { Mount } from '../contract.ts';
import { DIFF_BYTES_MAX } from './limits.ts';
import { isProtectedPath } from './protected-names.ts';

/** One difference between a box's copy and the host's folder. */
export interface CopyChange {
  /** Relative to the mount. */
  readonly path: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** What it is in the copy; what it was on the host when it is removed there. */
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** True where `apply` will refuse it: git's configuration, start-up files, sockets, devices. */
  readonly refused: boolean;
}

/** The folder in which a copy keeps what the box wrote. */
export function upperFolder(mount: Mount): string {
  if (mount.access !== 'copy' || mount.copyDir === undefined) {
    throw new PowerboxError('box-no-copy', `Cannot find a copy of ${mount.source}: it has none.`);
  }
  return join(mount.copyDir, 'upper');
}

/** Every difference of a copy, by path. The box must have ended. */
export function listChanges(mount: Mount): CopyChange[] {
  const upper = upperFolder(mount);
  if (!existsSync(upper)) return [];
  const opaque = opaqueFolders(upper);
  const changes: CopyChange[] = [];
  const add = (path: string, change: CopyChange['change'], stat: Stats): void => {
    const kind = kindOf(stat);
    changes.push({ path, change, kind, refused: isProtectedPath(path) || kind === 'other' });
  };
  const walk = (folder: string, hidden: boolean): void => {
    const seen = new Set<string>();
    for (const name of readdirSync(join(upper, folder))) {
      seen.add(name);
      const path = folder === '' ? name : `${folder}/${name}`;
      const copy = lstatSync(join(upper, path));
      const host = lookUp(mount.source, path);
      if (isWhiteout(copy)) {
        if (host !== undefined) add(path, 'removed', host);
        continue;
      }
      if (!copy.isDirectory()) {
        if (host === undefined) add(path, 'added', copy);
        else if (!same(join(upper, path), copy, join(mount.source, path), host)) {
          add(path, 'changed', copy);
        }
        continue;
      }
      if (host === undefined) add(path, 'added', copy);
      else if (!host.isDirectory()) add(path, 'changed', copy);
      walk(path, host?.isDirectory() === true && opaque.has(path));
    }
    if (!hidden) return;
    for (const name of readdirSync(join(mount.source, folder))) {
      const path = `${folder}/${name}`;
      const host = seen.has(name) ? undefined : lookUp(mount.source, path);
      if (host !== undefined) add(path, 'removed', host);
    }
  };
  walk('', false);
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What stands at a path of the host; nothing, where the way to it leads over a link. */
function lookUp(root: string, path: string): Stats | undefined {
  let folder = root;
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    folder = join(folder, part);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (index === parts.length - 1) return stat;
    if (stat === undefined || !stat.isDirectory()) return undefined;
  }
  return undefined;
}

/** How an overlay says "removed": a character device 0:0. */
function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

function kindOf(stat: Stats): CopyChange['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'folder';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

function same(copyPath: string, copy: Stats, hostPath: string, host: Stats): boolean {
  if (kindOf(copy) !== kindOf(host)) return false;
  if (copy.isSymbolicLink()) return readlinkSync(copyPath) === readlinkSync(hostPath);
  if (!copy.isFile() || copy.size !== host.size) return false;
  if ((copy.mode & 0o777) !== (host.mode & 0o777)) return false;
  if (copy.size > DIFF_BYTES_MAX) return copy.mtimeMs === host.mtimeMs;
  return readFileSync(copyPath).equals(readFileSync(hostPath));
}

/** Folders that hide all that the host has below them; Node cannot read the attribute. */
function opaqueFolders(upper: string): Set<string> {
  const paths = folders(upper, '');
  if (paths.length === 0) return new Set();
  const number = process.arch === 'arm64' ? 9 : 192; // lgetxattr(2)
  const script = `
    $/ = "\\0";
    while (my $path = <STDIN>) {
      chomp $path;
      my ($at, $name, $value) = ("$ARGV[0]/$path\\0", "user.overlay.opaque\\0", "\\0" x 8);
      my $size = syscall(${number}, $at, $name, $value, 8);
      print "$path\\0" if $size > 0 && $value =~ /^[yx]/;
    }`;
  const { stdout, status } = spawnSync('/usr/bin/perl', ['-e', script, upper], {
    input: Buffer.from(paths.map((path) => `${path}\0`).join('')),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { LC_ALL: 'C' },
  });
  if (status !== 0) {
    throw new PowerboxError('box-failed', `Cannot read the copy in ${upper}: perl failed.`);
  }
  return new Set(stdout.split('\0').filter(Boolean));
}

function folders(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return [path, ...folders(root, path)];
    });
}
