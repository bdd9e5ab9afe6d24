import { quote } from '../../policy/quote.ts';
import type { TableAccess } from './access.ts';
import {
  ABORTING,
  assignment,
  bothOf,
  readsColumns,
  requireWritable,
  returningSql,
  TARGET,
} from './change.ts';
import { foldName, quoteScalar, refused, type Scalar } from './dialect.ts';
import { expression } from './expression.ts';
import { type TableName, tableName, tableSqlName } from './from.ts';
import { columnsOf, pinsOf, predicateSql, proves } from './predicate.ts';
import { firstScope, inner, makeName, nameSql, type Scope, type Writing } from './scope.ts';
import { rowItems, selectSql, withSql } from './select.ts';
import {
  type Fields,
  fieldsOf,
  isSet,
  listOf,
  onlyFields,
  tagged,
  textOf,
  wordsOf,
} from './syntax.ts';

/**
 * A new row must be within the grant. What the grant leaves one value for is put in, and when the
 * caller says it too it must say the same; anything else must be sure from the constants of the
 * statement, or it is refused.
 */
export function insertSql(fields: Fields, writing: Writing): string {
  onlyFields('an INSERT', fields, [
    'relation',
    'cols',
    'selectStmt',
    'onConflictClause',
    'returningList',
    'withClause',
    'override',
  ]);
  if (fields.override !== 'OVERRIDING_NOT_SET') throw refused('it has an OVERRIDING');
  const { clause, scope } = withSql(fields.withClause, inner(firstScope(writing)));
  const relation = fieldsOf(fields.relation);
  if (relation.alias !== undefined) throw refused('it gives the table of an INSERT another name');
  const table = tableName(relation, scope);
  const access = writing.access.table(table.schema, table.name, 'insert');
  writing.writes.add(table.key);
  const columns = listOf(fields.cols).map((item) => insertColumn(item, scope));
  if (columns.length === 0) throw refused('it does not name the columns that it inserts');
  if (new Set(columns).size !== columns.length) throw refused('it names a column twice');
  if (fields.selectStmt === undefined) throw refused('it inserts no values');
  requireColumns(columns, access, table);
  const rows = rowsSql(fieldsOf(fields.selectStmt), columns, access, table, scope);
  return [
    `${clause}INSERT ${ABORTING[writing.dialect]}INTO ${tableSqlName(table, scope)} AS ${nameSql(scope, TARGET)}`,
    ` (${rows.columns.map((column) => nameSql(scope, column)).join(', ')}) ${rows.text}`,
    conflictSql(fields.onConflictClause, table, columns, scope),
    returningSql(fields.returningList, table, scope),
  ].join('');
}

function insertColumn(node: unknown, scope: Scope): string {
  const { tag, fields } = tagged(node);
  if (tag !== 'ResTarget') throw refused('it names a column in no known form');
  onlyFields('a column', fields, ['name']);
  return foldName(scope.writing.dialect, textOf(fields.name));
}

/** A column that the grant decides about may be named, as its value is judged. */
function requireColumns(columns: readonly string[], access: TableAccess, table: TableName): void {
  const decided = new Set(access.where.flatMap((predicate) => [...columnsOf(predicate)]));
  for (const column of columns) {
    if (access.columns === null || access.columns.has(column) || decided.has(column)) continue;
    throw refused(`the column ${quote(column)} of ${quote(table.key)} was not given for inserting`);
  }
}

interface Rows {
  readonly columns: readonly string[];
  readonly text: string;
}

function rowsSql(
  source: Fields,
  columns: readonly string[],
  access: TableAccess,
  table: TableName,
  scope: Scope,
): Rows {
  const select = tagged(source);
  if (select.tag !== 'SelectStmt') throw refused('it inserts what is no SELECT');
  const pins = pinsOf(access.where);
  if (pins === null) throw refused(`no row of ${quote(table.key)} can be within the grant`);
  const added = [...pins].filter(([column]) => !columns.includes(column));
  const all = [...columns, ...added.map(([column]) => column)];
  const { dialect } = scope.writing;
  const constants = added.map(([, value]) => quoteScalar(dialect, value));
  const isPlain = ['withClause', 'sortClause', 'limitCount', 'limitOffset'].every(
    (key) => select.fields[key] === undefined,
  );
  if (select.fields.valuesLists !== undefined && isPlain) {
    const rows = listOf(select.fields.valuesLists).map((row) => {
      const items = rowItems(row);
      if (items.length !== columns.length) throw refused('it has a row of another length');
      const known = new Map<string, Scalar>(added);
      const texts = items.map((item, at) => {
        const value = constantOf(item, scope);
        if (value !== undefined) known.set(columns[at] ?? '', value);
        return valueSql(item, scope);
      });
      requireWithin(access, known, table);
      return `(${[...texts, ...constants].join(', ')})`;
    });
    return { columns: all, text: `VALUES ${rows.join(', ')}` };
  }
  requireWithin(access, new Map<string, Scalar>(added), table);
  const text = selectSql(select.fields, scope);
  // SQLite takes ON after a query for that of a JOIN, unless a WHERE stands before it.
  if (constants.length === 0 && dialect === 'postgres') return { columns: all, text };
  const name = nameSql(scope, makeName(scope.writing));
  const results = [`${name}.*`, ...constants].join(', ');
  return { columns: all, text: `SELECT ${results} FROM (${text}) AS ${name} WHERE TRUE` };
}

function valueSql(node: unknown, scope: Scope): string {
  const { tag, fields } = tagged(node);
  if (tag !== 'SetToDefault') return expression(node, scope);
  onlyFields('DEFAULT', fields, ['typeId', 'typeMod', 'collation']);
  if (scope.writing.dialect === 'sqlite') throw refused('SQLite has no DEFAULT as a value');
  return 'DEFAULT';
}

function requireWithin(
  access: TableAccess,
  row: ReadonlyMap<string, Scalar>,
  table: TableName,
): void {
  for (const predicate of access.where) {
    if (proves(predicate, row)) continue;
    const columns = [...columnsOf(predicate)].map((column) => quote(column)).join(' and ');
    throw refused(
      `it is not sure from its constants that a new row of ${quote(table.key)} is within the grant, which decides by ${columns}`,
    );
  }
}

/** The value of a constant or a parameter; undefined for anything that is not sure. */
function constantOf(node: unknown, scope: Scope): Scalar | undefined {
  const { tag, fields } = tagged(node);
  if (tag === 'ParamRef') return scope.writing.values[Number(fields.number ?? 0) - 1];
  if (tag !== 'A_Const') return undefined;
  if (fields.isnull === true) return null;
  if (fields.sval !== undefined) return textOf(fieldsOf(fields.sval).sval ?? '');
  if (fields.boolval !== undefined) return isSet(fieldsOf(fields.boolval).boolval);
  if (fields.ival !== undefined) return Number(fieldsOf(fields.ival).ival ?? 0);
  if (fields.fval === undefined) return undefined;
  const text = textOf(fieldsOf(fields.fval).fval);
  // A number of more digits than a double holds would be taken for its neighbour.
  return String(Number(text)) === text ? Number(text) : undefined;
}

function conflictSql(
  node: unknown,
  table: TableName,
  inserted: readonly string[],
  scope: Scope,
): string {
  if (node === undefined) return '';
  const fields = fieldsOf(node);
  onlyFields('ON CONFLICT', fields, ['action', 'infer', 'targetList']);
  const keys = fields.infer === undefined ? [] : inferred(fieldsOf(fields.infer), scope);
  const on = keys.length > 0 ? ` (${keys.join(', ')})` : '';
  if (fields.action === 'ONCONFLICT_NOTHING') return ` ON CONFLICT${on} DO NOTHING`;
  if (fields.action !== 'ONCONFLICT_UPDATE' || on === '') {
    throw refused('it has an ON CONFLICT that this power does not allow');
  }
  const { dialect, access: all } = scope.writing;
  const access = all.table(table.schema, table.name, 'update');
  // What is returned of the row must be readable as it was, so both rules hold.
  const read = all.has(table.schema, table.name, 'select')
    ? all.table(table.schema, table.name, 'select').where
    : [];
  const sets = listOf(fields.targetList).map((item) => {
    const { name, value } = assignment(item, scope);
    requireWritable(name, access, table);
    return `${nameSql(scope, name)} = ${conflictValue(value, inserted, scope)}`;
  });
  const where = bothOf(access.where, read).map((predicate) =>
    predicateSql(dialect, predicate, nameSql(scope, TARGET)),
  );
  const within = where.length > 0 ? ` WHERE ${where.join(' AND ')}` : '';
  return ` ON CONFLICT${on} DO UPDATE SET ${sets.join(', ')}${within}`;
}

function inferred(fields: Fields, scope: Scope): readonly string[] {
  onlyFields('ON CONFLICT', fields, ['indexElems']);
  return listOf(fields.indexElems).map((item) => {
    const element = tagged(item);
    onlyFields('ON CONFLICT', element.fields, ['name', 'ordering', 'nulls_ordering']);
    return nameSql(scope, foldName(scope.writing.dialect, textOf(element.fields.name)));
  });
}

/** A new value of a row that is there: what was to be inserted, or a constant. Nothing is read. */
function conflictValue(node: unknown, inserted: readonly string[], scope: Scope): string {
  const { tag, fields } = tagged(node);
  if (tag === 'ColumnRef') {
    const words = wordsOf(fields.fields).map((word) => foldName(scope.writing.dialect, word));
    const [first, second] = words;
    if (first === 'excluded' && second !== undefined && inserted.includes(second)) {
      return `${nameSql(scope, 'excluded')}.${nameSql(scope, second)}`;
    }
  }
  if (readsColumns(node)) {
    throw refused('its ON CONFLICT sets more than constants, parameters and excluded.column');
  }
  return expression(node, scope);
}
