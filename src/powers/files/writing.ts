import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { UseContext } from '../../ocap/live.ts';
import type { FilesCall } from './call.ts';
import { mustGoOn, refusedFile } from './fault.ts';
import { at, type Held, pathIn, release, statIn } from './held.ts';
import { AT_ONCE_BYTES_MAX, CHUNK_BYTES } from './limits.ts';
import { type FilesNarrowing, mayUseTree } from './narrowing.ts';
import { splitPath, WRITING_PREFIX } from './path.ts';
import type { Change, Quota } from './quota.ts';
import { mustBeFile, openIn } from './reading.ts';
import type { Tree } from './tree.ts';

const writeAsync = promisify(write);

/** A name in a directory that is held while something is done with it. */
interface Spot {
  readonly held: Held;
  readonly name: string;
}

type Act<T> = (spot: Spot) => T;

async function atSpot(
  tree: Tree,
  call: FilesCall,
  path: string,
  act: Act<void | Promise<void>>,
): Promise<void> {
  if (path === '/') throw refusedFile(call, 'it is the directory itself');
  const { directory, name } = splitPath(path);
  const held = tree.hold(directory);
  try {
    await act({ held, name });
  } finally {
    release(held);
  }
}

const pathOf = (call: FilesCall, index = 0): string => call.targets[index]?.path ?? '/';

export function writeFile(
  tree: Tree,
  quota: Quota,
  call: FilesCall,
  context: UseContext,
): Promise<void> {
  return atSpot(tree, call, pathOf(call), (spot) => {
    const change = call.options.append
      ? appending(spot, call, context)
      : replacing(spot, call, context);
    return quota.spend(call, context, change);
  });
}

/**
 * A whole file is written beside the old one and then put in its place, so that nobody ever sees
 * half of it, whenever this process dies. It is not forced to the disk.
 */
function replacing(spot: Spot, call: FilesCall, context: UseContext): Change {
  const { held, name } = spot;
  const content = contentOf(call);
  return {
    grows() {
      const old = oldFile(spot, call);
      return { bytes: content.length - (old?.size ?? 0), entries: old === undefined ? 1 : 0 };
    },
    async act(grew) {
      const old = oldFile(spot, call);
      // Spent before a byte is on the disk.
      context.spend({ bytes: content.length });
      const beside = pathIn(held, `${WRITING_PREFIX}${randomBytes(12).toString('hex')}`);
      const flags =
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const fd = openSync(beside, flags, 0o666);
      try {
        try {
          if (old !== undefined) fchmodSync(fd, old.mode & 0o777);
          await writeAll(fd, content, context);
        } finally {
          closeSync(fd);
        }
        // What is there now may be another file than when its turn came.
        const replaced = oldFile(spot, call);
        if (call.options.exclusive) linkSync(beside, at(held, name));
        else renameSync(beside, at(held, name));
        const bytes = content.length - (replaced?.size ?? 0);
        grew({ bytes, entries: replaced === undefined ? 1 : 0 });
      } finally {
        removeBeside(beside);
      }
    },
  };
}

/** After a rename there is nothing left to remove. */
function removeBeside(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function appending(spot: Spot, call: FilesCall, context: UseContext): Change {
  const content = contentOf(call);
  return {
    grows() {
      const entries = oldFile(spot, call) === undefined ? 1 : 0;
      return { bytes: content.length, entries };
    },
    async act(grew) {
      const isNew = oldFile(spot, call) === undefined;
      context.spend({ bytes: content.length });
      const { create, exclusive } = call.options;
      const flags =
        constants.O_WRONLY |
        constants.O_APPEND |
        (create ? constants.O_CREAT : 0) |
        (exclusive ? constants.O_EXCL : 0);
      const fd = openIn(spot.held, spot.name, call, flags);
      const before = fstatSync(fd);
      try {
        // Its other names may lie outside, where nothing may be changed.
        if (before.nlink > 1) throw refusedFile(call, 'it has several names (hard links)');
        await writeAll(fd, content, context);
      } finally {
        const bytes = fstatSync(fd).size - before.size;
        closeSync(fd);
        grew({ bytes, entries: isNew ? 1 : 0 });
      }
    },
  };
}

/** The plain file that is there now; throws when that, or that there is none, is not allowed. */
function oldFile({ held, name }: Spot, call: FilesCall): Stats | undefined {
  const old = statIn(held, name);
  if (old !== undefined) mustBeFile(old, call);
  const { create, exclusive } = call.options;
  if (old !== undefined && exclusive) throw refusedFile(call, 'it is there already');
  if (old === undefined && !create) {
    throw Object.assign(new Error('it is not there'), { code: 'ENOENT' });
  }
  return old;
}

async function writeAll(fd: number, content: Uint8Array, context: UseContext): Promise<void> {
  const atOnce = content.length <= AT_ONCE_BYTES_MAX;
  let done = 0;
  while (done < content.length) {
    const part = Math.min(CHUNK_BYTES, content.length - done);
    if (atOnce) {
      done += writeSync(fd, content, done, part);
    } else {
      done += (await writeAsync(fd, content, done, part, null)).bytesWritten;
      mustGoOn(context.signal);
    }
  }
}

const contentOf = (call: FilesCall): Uint8Array => call.content ?? new Uint8Array();

export function makeDirectory(
  tree: Tree,
  quota: Quota,
  call: FilesCall,
  context: UseContext,
): Promise<void> {
  return atSpot(tree, call, pathOf(call), ({ held, name }) =>
    quota.spend(call, context, {
      grows: () => ({ bytes: 0, entries: 1 }),
      act(grew) {
        mkdirSync(at(held, name));
        grew({ bytes: 0, entries: 1 });
      },
    }),
  );
}

/** A file, or a directory that has nothing in it. A link itself is removed, not what it leads to. */
export function remove(
  tree: Tree,
  quota: Quota,
  call: FilesCall,
  context: UseContext,
): Promise<void> {
  return atSpot(tree, call, pathOf(call), ({ held, name }) =>
    quota.spend(call, context, {
      grows: () => ({ bytes: 0, entries: 0 }),
      act(grew) {
        const old = statIn(held, name);
        if (old?.isDirectory() === true) rmdirSync(at(held, name));
        else unlinkSync(at(held, name));
        grew({ bytes: old?.isFile() === true ? -old.size : 0, entries: -1 });
      },
    }),
  );
}

/**
 * Moves within the tree. Whoever may move a directory moves all that is in it, so the narrowings
 * must cover all of it in both places; of a file, its own path is enough and has been judged.
 */
export function rename(
  tree: Tree,
  quota: Quota,
  call: FilesCall,
  context: UseContext,
): Promise<void> {
  const [from, to] = [pathOf(call, 0), pathOf(call, 1)];
  return atSpot(tree, call, from, (source) =>
    atSpot(tree, call, to, (target) =>
      quota.spend(call, context, {
        grows: () => ({ bytes: 0, entries: 0 }),
        act(grew) {
          const moved = statIn(source.held, source.name);
          if (moved?.isDirectory() === true) mustCoverTrees(call, context);
          else if (moved !== undefined) mustBeFile(moved, call);
          const old = statIn(target.held, target.name);
          if (old !== undefined && !old.isDirectory()) mustBeFile(old, call);
          renameSync(at(source.held, source.name), at(target.held, target.name));
          // Two names of one file stay as they are.
          if (old === undefined || (old.ino === moved?.ino && old.dev === moved.dev)) return;
          grew({ bytes: old.isFile() ? -old.size : 0, entries: -1 });
        },
      }),
    ),
  );
}

function mustCoverTrees(call: FilesCall, { narrowings }: UseContext): void {
  for (const narrowing of narrowings as readonly FilesNarrowing[]) {
    for (const { access, path } of call.targets) {
      if (!mayUseTree(narrowing, access, path)) {
        throw refusedFile(call, 'it is a directory, of which the grant covers only a part');
      }
    }
  }
}
