import { type FSWatcher, lstatSync, unlinkSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EnterTarget } from '../boxes/process/built.ts';
import { type Cover, coverAgain } from '../boxes/process/cover.ts';

/** A path of the host that the box sees covered. */
export interface Covered extends Cover {
  /** The same path on the host. */
  readonly source: string;
}

export interface KeepEvents {
  /** A file was replaced, and covered again. */
  covered(line: string): void;
  /** One could not be covered: the box must end. */
  failed(line: string): void;
}

/**
 * Watches the covered files of a running box. When a program of the host replaces one, the cover
 * goes with the old file; here it is put over the new one, within milliseconds. A guarded file that
 * was taken away gets a stand-in, so that the box cannot put its own there.
 */
export function keepCovered(
  box: EnterTarget,
  files: readonly Covered[],
  events: KeepEvents,
): { close(): void } {
  const known = new Map(files.map((file) => [file, identityOf(file.source)]));
  const standIns = new Map<string, string>();
  let busy = Promise.resolve();
  let closed = false;

  async function check(folder: string): Promise<void> {
    if (closed) return;
    const lost = files.filter((file) => dirname(file.source) === folder && isLost(file));
    if (lost.length === 0) return;
    try {
      await coverAgain(box, lost);
      for (const { source } of lost) {
        events.covered(`${source} was replaced while the box runs, and is covered again`);
      }
    } catch {
      if (!closed)
        events.failed('a file that was replaced could not be covered, so the box is stopped');
    }
  }

  /** Does another file lie there than the one that was covered? */
  function isLost(file: Covered): boolean {
    let now = identityOf(file.source);
    if (now === known.get(file)) return false;
    if (now === null && file.as === 'read-only') {
      writeFileSync(file.source, '', { flag: 'wx', mode: 0o644 });
      now = identityOf(file.source);
      if (now !== null) standIns.set(file.source, now);
    }
    known.set(file, now);
    // What is not there hides nothing; a box that makes such a file makes its own.
    return now !== null;
  }

  const waiting = new Set<string>();
  const watchers = watchFolders(new Set(files.map(({ source }) => dirname(source))), (folder) => {
    // Many changes of a folder are looked at together.
    if (waiting.has(folder)) return;
    waiting.add(folder);
    busy = busy
      .then(() => {
        waiting.delete(folder);
        return check(folder);
      })
      .catch(() => events.failed('a guarded file could not be kept, so the box is stopped'));
  });
  return {
    close() {
      closed = true;
      for (const watcher of watchers) watcher.close();
      for (const [path, identity] of standIns) removeStandIn(path, identity);
    },
  };
}

function watchFolders(
  folders: ReadonlySet<string>,
  changed: (folder: string) => void,
): FSWatcher[] {
  return [...folders].map((folder) => {
    const watcher = watch(folder, { persistent: false }, () => changed(folder));
    watcher.on('error', () => changed(folder));
    return watcher;
  });
}

/** `device:inode`; null where nothing is. A link is itself, and never what it leads to. */
function identityOf(path: string): string | null {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (stat.isSymbolicLink()) throw new Error(`${path} became a link`);
  return `${stat.dev}:${stat.ino}`;
}

function removeStandIn(path: string, identity: string): void {
  try {
    const stat = lstatSync(path, { bigint: true });
    if (`${stat.dev}:${stat.ino}` === identity && stat.size === 0n) unlinkSync(path);
  } catch {
    // Somebody else has taken it away.
  }
}

/** Those of `targets` (in the box) that lie in a folder of the host which programs there change. */
export function coveredBy(
  targets: readonly string[],
  as: Cover['as'],
  mounts: Parameters<typeof hostPath>[1],
): Covered[] {
  return targets.flatMap((target) => {
    const source = hostPath(target, mounts);
    return source === null ? [] : [{ target, as, source }];
  });
}

/** The host's path of a path in the box, by the writable mount that it lies in; null without one. */
function hostPath(
  target: string,
  mounts: readonly { readonly source: string; readonly target: string; readonly access: string }[],
): string | null {
  const mount = mounts
    .filter(({ target: at }) => target === at || target.startsWith(`${at}/`))
    .sort((a, b) => b.target.length - a.target.length)[0];
  if (mount === undefined || mount.access === 'copy') return null;
  return join(mount.source, target.slice(mount.target.length));
}
