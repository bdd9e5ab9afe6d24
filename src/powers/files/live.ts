import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { type FilesCall, type FilesPlace, filesCall, TOP } from './call.ts';
import type { FilesConfig } from './config.ts';
import { faultOf, sentence } from './fault.ts';
import { release } from './held.ts';
import { CALLS_AT_ONCE_MAX } from './limits.ts';
import type { WatchCallback } from './methods.ts';
import { makeQuota, noQuota, type Quota } from './quota.ts';
import { list, readFile, readText, stat } from './reading.ts';
import { openTree, type Tree } from './tree.ts';
import { makeWatches, type Watches } from './watching.ts';
import { makeDirectory, remove, rename, writeFile } from './writing.ts';

export interface FilesOptions {
  /** Folders that may neither hold the directory nor lie in it: those that govern Powerbox. */
  readonly excluded: readonly string[];
  /** Milliseconds of any clock that goes on. */
  readonly now?: () => number;
}

/** What all objects of one power share. */
interface Opened {
  readonly config: FilesConfig;
  readonly tree: Tree;
  readonly quota: Quota;
  readonly watches: Watches;
  /** Calls that are under way. */
  calls: number;
}

type Method = (
  opened: Opened,
  place: FilesPlace,
  call: FilesCall,
  context: UseContext,
  args: readonly unknown[],
) => unknown;

const METHODS: Readonly<Record<string, Method>> = {
  read: ({ tree }, _place, call, context) => readFile(tree, call, context),
  readText: ({ tree }, _place, call, context) => readText(tree, call, context),
  list: ({ tree }, _place, call, context) => list(tree, call, context),
  stat: ({ tree }, _place, call, context) => stat(tree, call, context),
  watch: ({ watches }, place, call, context, args) =>
    watches.begin(call, place, args[1] as WatchCallback, context),
  subdirectory: (opened, place, call) => {
    const path = call.targets[0]?.path ?? '/';
    release(opened.tree.hold(path));
    return makeObject(opened, 'directory', { path, readOnly: place.readOnly });
  },
  readOnly: (opened, place) => makeObject(opened, 'directory', { ...place, readOnly: true }),
  write: ({ tree, quota }, _place, call, context) => writeFile(tree, quota, call, context),
  makeDirectory: ({ tree, quota }, _place, call, context) =>
    makeDirectory(tree, quota, call, context),
  rename: ({ tree, quota }, _place, call, context) => rename(tree, quota, call, context),
  remove: ({ tree, quota }, _place, call, context) => remove(tree, quota, call, context),
};

/**
 * The object of a files power. Throws `power-invalid` when its directory cannot be opened,
 * `mount-exposes-state` when it overlaps an excluded folder.
 */
export function openFiles(config: FilesConfig, options: FilesOptions): Live {
  const tree = openTree(config, options.excluded);
  const now = options.now ?? (() => performance.now());
  const quota = config.quotaBytes === null ? noQuota() : makeQuota(tree, config.quotaBytes, now);
  const opened: Opened = { config, tree, quota, watches: makeWatches(tree), calls: 0 };
  return makeObject(opened, 'root', TOP);
}

function makeObject(opened: Opened, facet: 'root' | 'directory', place: FilesPlace): Live {
  return live({
    facet,
    at: place,
    call: (method, args, context) => use(opened, place, method, args, context),
    close() {
      // A subdirectory holds nothing of its own.
      if (facet !== 'root') return;
      opened.watches.close();
      opened.tree.close();
    },
  });
}

async function use(
  opened: Opened,
  place: FilesPlace,
  method: string,
  args: readonly unknown[],
  context: UseContext,
): Promise<unknown> {
  const call = filesCall(place, method, args);
  if (call.effect !== 'read' && !opened.tree.writable) {
    throw new PowerboxError('narrowing-refused', sentence(call, 'the power is for reading only'));
  }
  if (opened.calls >= CALLS_AT_ONCE_MAX) {
    const why = `${opened.calls} calls are under way, and that is the most`;
    throw new PowerboxError('limit-exceeded', sentence(call, why));
  }
  opened.calls += 1;
  try {
    return await METHODS[method]?.(opened, place, call, context, args);
  } catch (error) {
    throw faultOf(error, call);
  } finally {
    opened.calls -= 1;
  }
}
