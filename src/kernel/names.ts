import type { KernelStore, NameEntry } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { atomically } from './atomically.ts';
import { newId } from './ids.ts';
import { NAME_CHARS_MAX, NAME_DEPTH_MAX } from './limits.ts';
import { nameLike, readDirectoryPath, readNamePath, shown } from './name-path.ts';
import { makeNameTree, type NameTree, type Place } from './name-tree.ts';

/** Petnames: each holder's own names for what it holds, in directories that nest. */
export interface Names {
  /** Entries of a directory, in order. Throws `name-unknown`. */
  list(holder: string, path: string): readonly NamedEntry[];
  /** The grant at a path. Throws `name-unknown`, also when a directory is there. */
  lookup(holder: string, path: string): string;
  /** Throws `name-taken`, `name-invalid`, `name-unknown` (of the directory). */
  write(holder: string, path: string, grant: string): void;
  makeDirectory(holder: string, path: string): void;
  move(holder: string, from: string, to: string): void;
  copy(holder: string, from: string, to: string): void;
  /** A directory must be empty unless `recursive`. */
  remove(holder: string, path: string, recursive?: boolean): void;
  /** Paths at which the holder has this grant. */
  pathsOf(holder: string, grant: string): readonly string[];
  /** A path that is free, like the wanted one. */
  freeName(holder: string, wanted: string): string;
}

export interface NamedEntry {
  readonly name: string;
  readonly type: 'grant' | 'directory';
  readonly id: string;
}

/** Each change is one transaction, or part of the one that runs already. */
export function makeNames(store: KernelStore): Names {
  const tree = makeNameTree(store);
  const changed = (work: () => void): void => atomically(store, work);
  return {
    list: (holder, path) =>
      store.names
        .list(tree.directory(holder, readDirectoryPath(path)))
        .map(({ name, target }) => ({ name, ...target })),
    lookup(holder, path) {
      const { target } = tree.entry(holder, path);
      if (target.type === 'grant') return target.id;
      throw new PowerboxError('name-unknown', `Cannot use "${shown(path)}": it is a directory.`);
    },
    write: (holder, path, grant) =>
      changed(() => {
        const place = tree.free(holder, path);
        if (store.grants.get(grant)?.to !== holder) {
          throw new PowerboxError(
            'grant-unknown',
            `Cannot name the grant ${shown(grant)}: it is not held.`,
          );
        }
        tree.makeRoom(holder, 1);
        store.names.put({ holder, ...place, target: { type: 'grant', id: grant } });
      }),
    makeDirectory: (holder, path) =>
      changed(() => {
        const place = tree.free(holder, path);
        tree.makeRoom(holder, 1);
        store.names.put({ holder, ...place, target: { type: 'directory', id: newId('dr') } });
      }),
    move: (holder, from, to) => changed(() => move(store, tree, holder, from, to)),
    copy: (holder, from, to) => changed(() => copy(store, tree, holder, from, to)),
    remove: (holder, path, recursive = false) =>
      changed(() => remove(store, tree, tree.entry(holder, path), recursive)),
    pathsOf: (holder, grant) =>
      store.names
        .of(grant)
        .filter((entry) => entry.holder === holder)
        .map(tree.pathOf),
    freeName: (holder, wanted) => freeName(store, tree, holder, wanted),
  };
}

function move(store: KernelStore, tree: NameTree, holder: string, from: string, to: string): void {
  const { entry, place } = shift(tree, holder, from, to);
  store.names.remove(entry.directory, entry.name);
  store.names.put({ ...entry, ...place });
}

function copy(store: KernelStore, tree: NameTree, holder: string, from: string, to: string): void {
  const { entry, place, inside } = shift(tree, holder, from, to);
  tree.makeRoom(holder, 1 + inside.length);
  const copies = new Map<string, string>();
  const put = ({ target }: NameEntry, { directory, name }: Place): void => {
    if (target.type === 'directory') copies.set(target.id, newId('dr'));
    const id = copies.get(target.id) ?? target.id;
    store.names.put({ holder, directory, name, target: { type: target.type, id } });
  };
  put(entry, place);
  for (const each of inside) {
    put(each, { name: each.name, directory: copies.get(each.directory) ?? '' });
  }
}

/** What is moved or copied, the free place for it, and what lies in it, directories first. */
function shift(
  tree: NameTree,
  holder: string,
  from: string,
  to: string,
): { readonly entry: NameEntry; readonly place: Place; readonly inside: readonly NameEntry[] } {
  const entry = tree.entry(holder, from);
  const place = tree.free(holder, to);
  const { entries: inside, height } = tree.inside(entry);
  const isInItself = inside.some(({ target }) => target.id === place.directory);
  if (entry.target.type === 'directory' && (isInItself || entry.target.id === place.directory)) {
    throw new PowerboxError('name-invalid', `Cannot put "${shown(from)}" into itself.`);
  }
  if (readDirectoryPath(to).length + height > NAME_DEPTH_MAX) {
    throw new PowerboxError(
      'name-invalid',
      `Cannot put "${shown(from)}" at "${shown(to)}": what is in it would have more than ${NAME_DEPTH_MAX} parts.`,
    );
  }
  return { entry, place, inside };
}

function remove(store: KernelStore, tree: NameTree, entry: NameEntry, recursive: boolean): void {
  const { entries } = tree.inside(entry);
  if (entries.length > 0 && !recursive) {
    throw new PowerboxError(
      'name-invalid',
      `Cannot remove the directory "${entry.name}": it is not empty.`,
      { hint: 'Remove what is in it first, or all of it at once with --recursive.' },
    );
  }
  for (const each of [entry, ...entries].toReversed()) {
    store.names.remove(each.directory, each.name);
  }
}

function freeName(store: KernelStore, tree: NameTree, holder: string, wanted: string): string {
  const { prefix, directory, name } = wantedPlace(tree, holder, wanted);
  const numbered = (number: number): string => {
    const tail = number === 1 ? '' : `-${number}`;
    return `${name.slice(0, NAME_CHARS_MAX - tail.length)}${tail}`;
  };
  const isFree = (number: number): boolean =>
    store.names.get(directory, numbered(number)) === undefined;
  // No holder has so many names that doubling does not come to a free one.
  let free = 1;
  while (!isFree(free)) free *= 2;
  let taken = Math.floor(free / 2);
  while (free - taken > 1) {
    const middle = Math.floor((free + taken) / 2);
    if (isFree(middle)) free = middle;
    else taken = middle;
  }
  return `${prefix}${numbered(free)}`;
}

/** Where a wanted path lies when it can; else a name like it in the root directory. */
function wantedPlace(
  tree: NameTree,
  holder: string,
  wanted: string,
): Place & { readonly prefix: string } {
  try {
    const { directories, name } = readNamePath(wanted);
    const prefix = directories.map((each) => `${each}/`).join('');
    return { prefix, directory: tree.directory(holder, directories), name };
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    return { prefix: '', directory: holder, name: nameLike(wanted) };
  }
}
