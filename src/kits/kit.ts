/** A ready bundle for a known program: what it needs of a box, as data. */
export interface Kit {
  readonly name: string;
  readonly summary: string;
  /** Folders of the host's home whose settings the box gets as a copy of its own. */
  readonly folders: readonly KitFolder[];
  /**
   * Rules for the program's own service. One takes effect only where a secret of the box is bound
   * to its origin (see `kitRules`), because elsewhere a stranger's key would pass.
   */
  readonly rules: readonly string[];
  /** Secrets it can use; the first that is in the vault is taken unless one is named. */
  readonly secrets: readonly string[];
  /** Other variables that show the same placeholder, by the secret's name. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
  /** Plain variables of the program, for example to keep it from updating itself. */
  readonly env: Readonly<Record<string, string>>;
}

export interface KitFolder {
  /** Below the home folder, on the host and in the box. */
  readonly path: string;
  /** Files taken along, relative to `path`; the program's login is never among them. */
  readonly files: readonly string[];
  /** Files that only the box has, for programs that look for their key in one. */
  readonly made?: readonly MadeFile[];
}

export interface MadeFile {
  /** Relative to the folder's `path`; never one of its `files`. */
  readonly path: string;
  /** Secrets for which it is made: the first of them that the box holds, else none. */
  readonly secrets: readonly string[];
  /** Text in which `{placeholder}` and `{placeholder:N}` (its last N characters) are filled in. */
  readonly content: string;
}
