import type { Access } from './access.ts';
import { type Dialect, quoteName, refused, type Scalar } from './dialect.ts';
import { STATEMENT_DEPTH_MAX } from './limits.ts';
import type { Fields } from './syntax.ts';

/** What is gathered while one statement is written anew. */
export interface Writing {
  readonly dialect: Dialect;
  readonly access: Access;
  /** The caller's values, `$1` first. */
  readonly values: readonly Scalar[];
  /** For each parameter of the new text, which of the caller's it is (from 0). */
  readonly used: number[];
  /** Keys of the tables that it reads and writes. */
  readonly reads: Set<string>;
  readonly writes: Set<string>;
  /** Names of the functions in FROM. */
  readonly tableFunctions: Set<string>;
  /** How many names have been made. */
  names: number;
  /** Writes a SELECT; here, so that expressions and queries can hold each other. */
  readonly query: (fields: Fields, scope: Scope) => string;
}

/** What names mean at one place of the statement. */
export interface Scope {
  readonly writing: Writing;
  /** The name that a CTE has in the new text, by the name that the caller gave it. */
  readonly ctes: ReadonlyMap<string, string>;
  /**
   * The columns of what stands in FROM by its alias; null when they are not known here. Only to
   * refuse early and well: a hidden column is not in the text that is sent.
   */
  readonly sources: Map<string, ReadonlySet<string> | null>;
  /** Names that results have; ORDER BY and GROUP BY may use them. */
  readonly results: ReadonlySet<string>;
  readonly outer: Scope | null;
  readonly depth: number;
}

export function firstScope(writing: Writing): Scope {
  return {
    writing,
    ctes: new Map(),
    sources: new Map(),
    results: new Set(),
    outer: null,
    depth: 0,
  };
}

export function deeper(scope: Scope): Scope {
  if (scope.depth >= STATEMENT_DEPTH_MAX) {
    throw refused(`it nests deeper than ${STATEMENT_DEPTH_MAX} levels`);
  }
  return { ...scope, depth: scope.depth + 1 };
}

/** The scope of a query within this one. */
export function inner(scope: Scope): Scope {
  return { ...deeper(scope), sources: new Map(), results: new Set(), outer: scope };
}

/** A name that the caller cannot have meant: one of its own that is the same is a table's. */
export function makeName(writing: Writing): string {
  writing.names += 1;
  return `pbx_${writing.names}`;
}

/** Quotes a name of the caller's, as its database tells names apart. */
export function nameSql(scope: Scope, name: string): string {
  return quoteName(scope.writing.dialect, name);
}
