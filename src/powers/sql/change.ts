import { quote } from '../../policy/quote.ts';
import type { TableAccess } from './access.ts';
import { type Dialect, foldName, quoteName, refused } from './dialect.ts';
import { expression } from './expression.ts';
import { shadowSql, sourceSql, type TableName, tableName, tableSqlName } from './from.ts';
import { columnsOf, type Predicate, predicateSql, samePredicate } from './predicate.ts';
import { firstScope, inner, nameSql, type Scope, type Writing } from './scope.ts';
import { withSql } from './select.ts';
import { type Fields, fieldsOf, listOf, onlyFields, tagged, textOf, wordsOf } from './syntax.ts';

/** Names that no caller's name is, as a caller's CTE gets another and its tables have a schema. */
export const TARGET = 'pbx_t';
const SOURCE = 'pbx_src';

/**
 * A constraint of SQLite may say that a conflict replaces the row that is there, which can be
 * another tenant's; what the statement says goes before it.
 */
export const ABORTING: Readonly<Record<Dialect, string>> = { sqlite: 'OR ABORT ', postgres: '' };

const ROW_ID = 'pbx_id';
const ROW_TABLE = 'pbx_table';

/**
 * Rows are changed in two steps in one statement. A query over what the caller may read says
 * which rows and gives the new values, so a caller's condition never sees a hidden row or column;
 * as a WITH it cannot refer to the table that is changed. Then those rows are changed, each only
 * when it is itself within the grant.
 */
export function updateSql(fields: Fields, writing: Writing): string {
  onlyFields('an UPDATE', fields, [
    'relation',
    'targetList',
    'whereClause',
    'fromClause',
    'returningList',
    'withClause',
  ]);
  const change = beginChange(fields, 'update', writing);
  const { scope, table, access } = change;
  const further = listOf(fields.fromClause).map((item) => sourceSql(item, scope));
  const values: string[] = [];
  const sets = listOf(fields.targetList).map((item) => {
    const { name, value } = assignment(item, scope);
    requireWritable(name, access, table);
    if (!readsColumns(value)) return `${nameSql(scope, name)} = ${expression(value, scope)}`;
    const made = `pbx_v${values.length + 1}`;
    values.push(`${expression(value, scope)} AS ${nameSql(scope, made)}`);
    return `${nameSql(scope, name)} = ${nameSql(scope, SOURCE)}.${nameSql(scope, made)}`;
  });
  const source = change.sourceSql(values, further, fields.whereClause);
  const target = nameSql(scope, TARGET);
  return [
    `${change.clause}${source}UPDATE ${ABORTING[writing.dialect]}${tableSqlName(table, scope)} AS ${target}`,
    ` SET ${sets.join(', ')} FROM ${nameSql(scope, SOURCE)}`,
    ` WHERE ${change.sameRow} AND ${change.within}`,
    returningSql(fields.returningList, table, scope),
  ].join('');
}

export function deleteSql(fields: Fields, writing: Writing): string {
  onlyFields('a DELETE', fields, [
    'relation',
    'usingClause',
    'whereClause',
    'returningList',
    'withClause',
  ]);
  const change = beginChange(fields, 'delete', writing);
  const { scope, table } = change;
  const further = listOf(fields.usingClause).map((item) => sourceSql(item, scope));
  if (further.length > 0 && writing.dialect === 'sqlite') throw refused('SQLite has no USING here');
  const source = change.sourceSql([], further, fields.whereClause);
  const target = nameSql(scope, TARGET);
  const name = nameSql(scope, SOURCE);
  const chosen =
    writing.dialect === 'sqlite'
      ? ` WHERE ${target}.rowid IN (SELECT ${name}.${nameSql(scope, ROW_ID)} FROM ${name})`
      : ` USING ${name} WHERE ${change.sameRow}`;
  return [
    `${change.clause}${source}DELETE FROM ${tableSqlName(table, scope)} AS ${target}`,
    `${chosen} AND ${change.within}`,
    returningSql(fields.returningList, table, scope),
  ].join('');
}

interface Change {
  readonly table: TableName;
  readonly access: TableAccess;
  /** The caller's own WITH, open for one more. */
  readonly clause: string;
  readonly scope: Scope;
  /** Conditions of the change itself. */
  readonly sameRow: string;
  readonly within: string;
  sourceSql(values: readonly string[], further: readonly string[], where: unknown): string;
}

function beginChange(fields: Fields, verb: 'update' | 'delete', writing: Writing): Change {
  const { dialect, access: all } = writing;
  const { clause, scope } = withSql(fields.withClause, inner(firstScope(writing)));
  const table = tableName(fieldsOf(fields.relation), scope);
  const access = all.table(table.schema, table.name, verb);
  writing.writes.add(table.key);
  const mayRead = all.has(table.schema, table.name, 'select');
  const read = mayRead ? all.table(table.schema, table.name, 'select') : null;
  // Without a rule for reading a caller's condition can see that a row is there, and no more.
  const visible: TableAccess = {
    columns: read === null ? new Set() : read.columns,
    where: bothOf(access.where, read?.where ?? []),
  };
  if (mayRead) writing.reads.add(table.key);
  scope.sources.set(table.alias, visible.columns);
  const name = nameSql(scope, SOURCE);
  const alias = nameSql(scope, table.alias);
  const target = nameSql(scope, TARGET);
  const ids = rowIds(dialect === 'postgres', scope);
  const conditions = visible.where.map((one) => predicateSql(dialect, one, target));
  return {
    table,
    access,
    clause: clause === '' ? 'WITH ' : `${clause.trimEnd()}, `,
    scope,
    sameRow: ids.map(({ column, as }) => `${target}.${column} = ${name}.${as}`).join(' AND '),
    within: conditions.length > 0 ? `(${conditions.join(' AND ')})` : 'TRUE',
    sourceSql(values, further, where) {
      const hidden = ids
        .map(({ column, as }) => `${quoteName(dialect, 't')}.${column} AS ${as}`)
        .join(', ');
      const shadow = shadowSql(table, visible, hidden, scope);
      const results = [...ids.map(({ as }) => `${alias}.${as} AS ${as}`), ...values];
      const condition = where === undefined ? '' : ` WHERE ${expression(where, scope)}`;
      const from = [`${shadow} AS ${alias}`, ...further].join(', ');
      return `${name} AS (SELECT ${results.join(', ')} FROM ${from}${condition}) `;
    },
  };
}

/** Each predicate once. */
export function bothOf(
  one: readonly Predicate[],
  other: readonly Predicate[],
): readonly Predicate[] {
  return [...one, ...other.filter((item) => !one.some((same) => samePredicate(same, item)))];
}

/** What tells one row from another; in PostgreSQL also between the parts of a table. */
function rowIds(
  isPostgres: boolean,
  scope: Scope,
): readonly { readonly column: string; readonly as: string }[] {
  const id = nameSql(scope, ROW_ID);
  if (!isPostgres) return [{ column: 'rowid', as: id }];
  return [
    { column: 'ctid', as: id },
    { column: 'tableoid', as: nameSql(scope, ROW_TABLE) },
  ];
}

/** `name = value` of a SET. */
export function assignment(
  node: unknown,
  scope: Scope,
): { readonly name: string; readonly value: unknown } {
  const { tag, fields } = tagged(node);
  if (tag !== 'ResTarget') throw refused('it sets something of no known form');
  onlyFields('a SET', fields, ['name', 'val']);
  return { name: foldName(scope.writing.dialect, textOf(fields.name)), value: fields.val };
}

/** A column that a predicate speaks of keeps its value, so a row stays within the grant. */
export function requireWritable(name: string, access: TableAccess, table: TableName): void {
  if (access.columns !== null && !access.columns.has(name)) {
    throw refused(`the column ${quote(name)} of ${quote(table.key)} was not given for writing`);
  }
  if (access.where.some((predicate) => columnsOf(predicate).has(name))) {
    throw refused(`the column ${quote(name)} of ${quote(table.key)} decides which rows were given`);
  }
}

/** Does an expression use anything but constants and parameters? */
export function readsColumns(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(readsColumns);
  if (typeof node !== 'object' || node === null) return false;
  return Object.entries(node).some(
    ([key, value]) => key === 'ColumnRef' || key === 'SubLink' || readsColumns(value),
  );
}

/** Plain columns of the changed rows, each of which the caller may read. */
export function returningSql(node: unknown, table: TableName, scope: Scope): string {
  const items = listOf(node);
  if (items.length === 0) return '';
  const { dialect, access } = scope.writing;
  const { columns } = access.table(table.schema, table.name, 'select');
  const column = (name: string, as: string): string =>
    dialect === 'sqlite'
      ? `${nameSql(scope, name)} AS ${nameSql(scope, as)}`
      : `${nameSql(scope, TARGET)}.${nameSql(scope, name)} AS ${nameSql(scope, as)}`;
  const results = items.map((item) => {
    const target = tagged(item).fields;
    onlyFields('RETURNING', target, ['name', 'val']);
    const value = tagged(target.val);
    if (value.tag !== 'ColumnRef') throw refused('RETURNING has more than plain columns');
    const parts = listOf(value.fields.fields);
    const isStar = tagged(parts.at(-1)).tag === 'A_Star';
    const words = wordsOf(isStar ? parts.slice(0, -1) : parts);
    const word = (at: number): string => foldName(dialect, words.at(at) ?? '');
    const qualifier = isStar ? word(0) : words.length > 1 ? word(0) : '';
    if (words.length > 2 || (qualifier !== '' && qualifier !== table.alias)) {
      throw refused('RETURNING has a column of another table');
    }
    if (isStar && columns === null)
      return dialect === 'sqlite' ? '*' : `${nameSql(scope, TARGET)}.*`;
    if (isStar && columns !== null) return [...columns].map((one) => column(one, one)).join(', ');
    const name = word(-1);
    const isSystem = /^(ctid|tableoid|xmin|xmax|cmin|cmax|rowid|oid|_rowid_)$/.test(name);
    if (columns === null ? isSystem : !columns.has(name)) {
      throw refused(`the column ${quote(name)} was not given for reading`);
    }
    return column(name, target.name === undefined ? name : foldName(dialect, textOf(target.name)));
  });
  return ` RETURNING ${results.join(', ')}`;
}
