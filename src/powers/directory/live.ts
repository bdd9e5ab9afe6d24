import { type Live, live } from '../../ocap/live.ts';
import { found } from './found.ts';
import { joinPaths } from './path.ts';
import {
  type DirectoryCall,
  type DirectoryConfig,
  type DirectoryNarrowing,
  directoryPower,
  permitsDirectory,
} from './power.ts';

interface Entry {
  readonly name: string;
  readonly type: 'grant' | 'directory';
}

/** As much of the names as a directory may know. */
export interface DirectoryNames {
  list(holder: string, path: string): readonly Entry[];
  lookup(holder: string, path: string): string;
  makeDirectory(holder: string, path: string): void;
  move(holder: string, from: string, to: string): void;
  copy(holder: string, from: string, to: string): void;
  remove(holder: string, path: string, recursive?: boolean): void;
}

export interface DirectoryDependencies {
  readonly names: DirectoryNames;
  /** The kind of a grant's power. */
  kindOf(grant: string): string;
}

/** What is found here is no object but its grant, which the kernel makes a reference of. */
export function openDirectory(config: DirectoryConfig, dependencies: DirectoryDependencies): Live {
  const { names, kindOf } = dependencies;
  const { holder } = config;
  return live({
    facet: 'root',
    at: null,
    call(method, args, { narrowings }) {
      const call = directoryPower.callOf(config, { facet: 'root', at: null, method, args });
      const path = joinPaths(config.path, call.path);
      switch (call.method) {
        case 'list':
          return names
            .list(holder, path)
            .filter((entry) => isShown(call, entry, narrowings as readonly DirectoryNarrowing[]))
            .map(({ name, type }) => ({ name, type }));
        case 'lookup': {
          const grant = names.lookup(holder, path);
          return found(grant, kindOf(grant));
        }
        case 'makeDirectory':
          return names.makeDirectory(holder, path);
        case 'remove':
          return names.remove(holder, path, call.recursive);
        default:
          return names[call.method](holder, path, joinPaths(config.path, call.to ?? ''));
      }
    },
    close() {},
  });
}

/** A name is shown that may be looked up, and a directory that has one in it. */
function isShown(
  call: DirectoryCall,
  { name, type }: Entry,
  narrowings: readonly DirectoryNarrowing[],
): boolean {
  const method = type === 'grant' ? 'lookup' : 'list';
  const path = joinPaths(call.path, name);
  return narrowings
    .filter((narrowing) => narrowing !== null)
    .every((narrowing) => permitsDirectory(narrowing, { ...call, method, path }).allow);
}
