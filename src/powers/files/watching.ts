import { type FSWatcher, fstatSync, watch } from 'node:fs';
import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { FilesCall, FilesPlace } from './call.ts';
import { mustGoOn, sentence } from './fault.ts';
import { type Held, release, statIn } from './held.ts';
import { EVENTS_WAITING_MAX, WATCHES_MAX } from './limits.ts';
import type { WatchCallback, WatchEvent } from './methods.ts';
import type { FilesNarrowing } from './narrowing.ts';
import { childPath, nameFault, segmentsOf, splitPath } from './path.ts';
import { maySee, mustBeFile } from './reading.ts';
import type { Tree } from './tree.ts';

/** The watches of one power; all end with it. */
export interface Watches {
  /** Looks at a file, or at what a directory holds, until the watcher is closed. */
  begin(call: FilesCall, place: FilesPlace, callback: WatchCallback, context: UseContext): Live;
  close(): void;
}

export function makeWatches(tree: Tree): Watches {
  const open = new Set<Live>();
  return {
    begin(call, place, callback, context) {
      if (open.size >= WATCHES_MAX) {
        const why = `${open.size} watches are open on this power, and that is the most`;
        throw new PowerboxError('limit-exceeded', sentence(call, why));
      }
      const watcher: Live = beginWatch(tree, call, place, callback, context, () =>
        open.delete(watcher),
      );
      open.add(watcher);
      return watcher;
    },
    close() {
      for (const watcher of [...open]) watcher.close();
    },
  };
}

/** The directory that is looked at, and the one name in it when a file is watched. */
interface Watched {
  readonly directory: string;
  readonly only: string | null;
}

function beginWatch(
  tree: Tree,
  call: FilesCall,
  place: FilesPlace,
  callback: WatchCallback,
  context: UseContext,
  ended: () => void,
): Live {
  const { signal } = context;
  mustGoOn(signal);
  const narrowings = context.narrowings as readonly FilesNarrowing[];
  const watched = whatToWatch(tree, call, narrowings);
  const held = tree.hold(watched.directory);
  let closed = false;
  let system: FSWatcher | undefined;
  const close = (): void => {
    if (closed) return;
    closed = true;
    queue.stop();
    signal.removeEventListener('abort', close);
    system?.close();
    release(held);
    ended();
  };
  const queue = makeQueue(callback, (path) => pathFrom(place, path), close);
  const see = (raw: Buffer | null, isRename: boolean): void => {
    if (closed) return;
    try {
      if (!isStillThere(tree, watched.directory, held)) {
        queue.end({ type: 'ended', path: watched.directory });
        return;
      }
      const event = eventOf(watched, held, raw, isRename, narrowings);
      if (event !== null) queue.add(event);
    } catch {
      // What cannot be looked at is not told of, and nobody is there to tell why.
      close();
    }
  };
  try {
    // The descriptor stands for the directory that was reached, whatever its path leads to later.
    system = watch(`/proc/self/fd/${held.fd}`, { encoding: 'buffer', persistent: false });
    system.on('change', (type, name) => see(name as Buffer | null, type === 'rename'));
    system.on('error', close);
  } catch (error) {
    close();
    throw error;
  }
  signal.addEventListener('abort', close, { once: true });
  return live({
    facet: 'watcher',
    at: place,
    call: close,
    close,
  });
}

function whatToWatch(tree: Tree, call: FilesCall, narrowings: readonly FilesNarrowing[]): Watched {
  const path = call.targets[0]?.path ?? '/';
  if (path === '/') return { directory: '/', only: null };
  const { directory, name } = splitPath(path);
  const held = tree.hold(directory);
  try {
    const found = statIn(held, name);
    if (found?.isDirectory() === true) return { directory: path, only: null };
    if (found === undefined || !maySee(narrowings, path, false)) {
      throw new PowerboxError('file-unknown', sentence(call, 'there is none'));
    }
    mustBeFile(found, call);
    return { directory, only: name };
  } finally {
    release(held);
  }
}

/** Somebody may have moved the watched directory out of the tree, or to where it is not granted. */
function isStillThere(tree: Tree, directory: string, held: Held): boolean {
  try {
    const now = tree.hold(directory);
    try {
      const [a, b] = [now, held].map(({ fd }) => fstatSync(fd, { bigint: true }));
      return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
    } finally {
      release(now);
    }
  } catch {
    return false;
  }
}

/** What became of the name, as it is now; null when the watcher is not to know of it. */
function eventOf(
  { directory, only }: Watched,
  held: Held,
  raw: Buffer | null,
  isRename: boolean,
  narrowings: readonly FilesNarrowing[],
): WatchEvent | null {
  if (raw === null) return { type: 'lost', path: directory };
  const name = raw.toString('utf8');
  if (!Buffer.from(name, 'utf8').equals(raw) || nameFault(name) !== null) return null;
  if (only !== null && name !== only) return null;
  const path = childPath(directory, name);
  const found = statIn(held, name);
  if (found === undefined && !isRename) return null;
  if (!maySee(narrowings, path, found?.isDirectory() === true)) return null;
  const type = isRename ? (found === undefined ? 'removed' : 'added') : 'changed';
  return { type, path };
}

/** A path as the holder of the object at `place` would write it. */
function pathFrom(place: FilesPlace, path: string): string {
  const names = segmentsOf(path).slice(segmentsOf(place.path).length);
  return `/${names.join('/')}`;
}

interface Queue {
  add(event: WatchEvent): void;
  /** Tells this last, and then closes. */
  end(event: WatchEvent): void;
  /** Tells nothing more. */
  stop(): void;
}

/**
 * One event at a time, in order; those of one path that wait become one, and beyond a bound they
 * become `lost`. A callback that fails, as it does when its grant has ended, ends the watch.
 */
function makeQueue(
  callback: WatchCallback,
  show: (path: string) => string,
  close: () => void,
): Queue {
  const waiting = new Map<string, WatchEvent>();
  let lost: WatchEvent | null = null;
  let last: WatchEvent | null = null;
  let telling = false;
  let over = false;
  let stopped = false;

  function next(): WatchEvent | null {
    const [first] = waiting.values();
    if (first !== undefined) {
      waiting.delete(first.path);
      return first;
    }
    const event = lost ?? last;
    if (lost !== null) lost = null;
    else last = null;
    return event;
  }

  async function tell(): Promise<void> {
    if (telling) return;
    telling = true;
    try {
      for (let event = next(); event !== null && !stopped; event = next()) {
        await callback({ type: event.type, path: show(event.path) });
      }
      if (over) close();
    } catch {
      close();
    } finally {
      telling = false;
    }
  }

  return {
    add(event) {
      if (over) return;
      if (
        event.type === 'lost' ||
        (waiting.size >= EVENTS_WAITING_MAX && !waiting.has(event.path))
      ) {
        lost = { type: 'lost', path: splitPath(event.path).directory };
      } else {
        waiting.set(event.path, merge(waiting.get(event.path), event));
      }
      void tell();
    },
    end(event) {
      if (over) return;
      over = true;
      last = event;
      void tell();
    },
    stop() {
      stopped = true;
    },
  };
}

/** Of two that wait for one path; a file that was added and then written is still an added one. */
function merge(first: WatchEvent | undefined, second: WatchEvent): WatchEvent {
  return first?.type === 'added' && second.type === 'changed' ? first : second;
}
