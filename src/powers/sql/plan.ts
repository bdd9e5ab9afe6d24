import { type Access, accessOf } from './access.ts';
import { deleteSql, updateSql } from './change.ts';
import type { Dialect, Scalar, Verb } from './dialect.ts';
import { insertSql } from './insert.ts';
import type { SqlNarrowing } from './narrowing.ts';
import type { Statement } from './parse.ts';
import { firstScope, type Writing } from './scope.ts';
import { selectSql } from './select.ts';

/** A statement as it is sent: its text was written from what was judged, and from nothing else. */
export interface Plan {
  readonly verb: Verb;
  readonly text: string;
  /** For each parameter of the text, which of the caller's values it is. */
  readonly used: readonly number[];
  /** Keys of tables. */
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
  readonly tableFunctions: ReadonlySet<string>;
  readonly access: Access;
}

/**
 * Judges a statement by what a chain of narrowings leaves, and writes it anew within that. There
 * is no other judgement: what cannot be written is refused. Throws `statement-refused`.
 */
export function planStatement(
  statement: Statement,
  values: readonly Scalar[],
  dialect: Dialect,
  narrowings: readonly SqlNarrowing[],
): Plan {
  const access = accessOf(dialect, narrowings);
  const writing: Writing = {
    dialect,
    access,
    values,
    used: [],
    reads: new Set(),
    writes: new Set(),
    tableFunctions: new Set(),
    names: 0,
    query: selectSql,
  };
  return {
    verb: statement.verb,
    text: textOf(statement, writing),
    used: writing.used,
    reads: writing.reads,
    writes: writing.writes,
    tableFunctions: writing.tableFunctions,
    access,
  };
}

function textOf({ verb, fields }: Statement, writing: Writing): string {
  if (verb === 'insert') return insertSql(fields, writing);
  if (verb === 'update') return updateSql(fields, writing);
  if (verb === 'delete') return deleteSql(fields, writing);
  return selectSql(fields, firstScope(writing));
}
