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
