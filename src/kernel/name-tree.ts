import type { KernelStore, NameEntry } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { NAME_DEPTH_MAX, NAMES_HELD_MAX } from './limits.ts';
import { readNamePath, shown } from './name-path.ts';

/** A place for an entry. */
export type Place = Pick<NameEntry, 'directory' | 'name'>;

/** Walks the directories of a holder; what it gives is of that holder. */
export interface NameTree {
  /** Id of the directory. Throws `name-unknown`. */
  directory(holder: string, names: readonly string[]): string;
  /** What is at a path. Throws `name-invalid`, `name-unknown`. */
  entry(holder: string, path: string): NameEntry;
  /** The place that a path means, when nothing is there. Throws `name-taken` too. */
  free(holder: string, path: string): Place;
  /** Throws `limit-exceeded` when the holder may not have so many names more. */
  makeRoom(holder: string, names: number): void;
  /** All that lies in a directory, each after what it lies in, and how deep that goes. */
  inside(entry: NameEntry): { readonly entries: readonly NameEntry[]; readonly height: number };
  pathOf(entry: NameEntry): string;
}

export function makeNameTree({ names }: Pick<KernelStore, 'names'>): NameTree {
  const directory = (holder: string, way: readonly string[]): string => {
    let found = holder;
    for (const [index, name] of way.entries()) {
      const target = names.get(found, name)?.target;
      if (target?.type !== 'directory') {
        const path = shown(way.slice(0, index + 1).join('/'));
        throw new PowerboxError('name-unknown', `Cannot find the directory "${path}".`);
      }
      found = target.id;
    }
    return found;
  };
  return {
    directory,
    entry(holder, path) {
      const { directories, name } = readNamePath(path);
      const entry = names.get(directory(holder, directories), name);
      if (entry !== undefined) return entry;
      throw new PowerboxError('name-unknown', `Cannot find the name "${shown(path)}".`);
    },
    free(holder, path) {
      const { directories, name } = readNamePath(path);
      const place = { directory: directory(holder, directories), name };
      if (names.get(place.directory, name) === undefined) return place;
      throw new PowerboxError('name-taken', `Cannot use the name "${shown(path)}": it is taken.`);
    },
    makeRoom(holder, more) {
      if (names.count(holder) + more <= NAMES_HELD_MAX) return;
      throw new PowerboxError(
        'limit-exceeded',
        `Cannot keep another name: ${NAMES_HELD_MAX} are the most that one holder may have.`,
        { hint: 'Remove names that are not needed.' },
      );
    },
    inside({ target }) {
      const entries: NameEntry[] = [];
      let level = target.type === 'directory' ? [target.id] : [];
      let height = 0;
      while (level.length > 0) {
        const below = level.flatMap((id) => names.list(id));
        if (below.length > 0) height += 1;
        entries.push(...below);
        level = below.flatMap((each) => (each.target.type === 'directory' ? [each.target.id] : []));
      }
      return { entries, height };
    },
    pathOf(entry) {
      const path = [entry.name];
      let { directory: at } = entry;
      while (at !== entry.holder && path.length <= NAME_DEPTH_MAX) {
        const above = names.of(at)[0];
        if (above === undefined) break;
        path.unshift(above.name);
        at = above.directory;
      }
      return path.join('/');
    },
  };
}
